// service.hpp: a service in C++, a named object of any kind whose methods speak packed values.
//
//   struct Echo {
//     static constexpr std::string_view kind = "example", name = "echo", properties = "";
//     void call(std::string_view method, const ServiceArgs& args, const ServiceRows& rows) {
//       if (method != "say") raise(DS_NOT_FOUND, "echo has no method ", method);
//       rows({args.string(0, "text")});
//     }
//   };
//   DS_SERVICE(Echo);
//
// call may run on several threads at once. What it throws by raise crosses the line as status and text.
#pragma once
#include <initializer_list>

#include "deepseek/draft/service.h"
#include "deepseek/error.hpp"
#include "deepseek/plugin.hpp"

namespace ds {

// A packed value made from what C++ has; strings and lists are borrowed.
struct ServiceValue : ds_value {
  ServiceValue(std::string_view s) : ds_value{DS_STRING, static_cast<uint32_t>(s.size()), {}} { u.s = s.data(); }
  ServiceValue(const char* s) : ServiceValue(std::string_view(s)) {}
  ServiceValue(const std::string& s) : ServiceValue(std::string_view(s)) {}
  ServiceValue(int64_t i) : ds_value{DS_INT, 0, {}} { u.i = i; }
  ServiceValue(double f) : ds_value{DS_FLOAT, 0, {}} { u.f = f; }
  ServiceValue(bool b) : ds_value{DS_FLAG, 0, {}} { u.i = b; }
  ServiceValue(const ds_tensor* t) : ds_value{DS_POINTER, 0, {}} { u.p = t; }
};

// Arguments of a method, checked when read; a missing trailing argument reads as DS_NONE.
class ServiceArgs {
 public:
  ServiceArgs(const ds_value* values, uint32_t count) : values_(values), count_(count) {}
  uint32_t size() const { return count_; }
  const ds_value& at(uint32_t i) const {
    static constexpr ds_value none{};
    return i < count_ ? values_[i] : none;
  }
  bool has(uint32_t i) const { return at(i).tag != DS_NONE; }
  std::string_view string(uint32_t i, std::string_view what) const {
    const ds_value& v = expect(i, DS_STRING, what, "a string");
    return {v.u.s, v.count};
  }
  int64_t integer(uint32_t i, std::string_view what) const { return expect(i, DS_INT, what, "an integer").u.i; }
  // A list; absent is empty.
  ServiceArgs values(uint32_t i, std::string_view what) const {
    if (!has(i)) return {nullptr, 0};
    const ds_value& v = expect(i, DS_VALUES, what, "a list");
    return {v.u.vs, v.count};
  }
  const ds_tensor& tensor(uint32_t i, std::string_view what) const {
    const ds_value& v = expect(i, DS_POINTER, what, "a tensor");
    if (!v.u.p) throw Error(DS_INVALID_ARGUMENT, std::string(what) + " is a null tensor");
    return *static_cast<const ds_tensor*>(v.u.p);
  }

 private:
  const ds_value& expect(uint32_t i, uint32_t tag, std::string_view what, std::string_view type) const {
    if (at(i).tag != tag)
      throw Error(DS_INVALID_ARGUMENT,
                  std::string(what) + " (argument " + std::to_string(i) + ") is not " + std::string(type));
    return values_[i];
  }
  const ds_value* values_;
  uint32_t count_;
};

// Where answers go, one row at a time.
class ServiceRows {
 public:
  struct Stopped {
    int32_t answer;
  };
  ServiceRows(ds_row_sink sink, void* user) : sink_(sink), user_(user) {}
  void operator()(std::initializer_list<ServiceValue> row) const {
    ds_value values[16];
    uint32_t count = 0;
    for (const auto& value : row)
      if (count < 16) values[count++] = value;
    if (int32_t answer = sink_ ? sink_(user_, values, count) : 0) throw Stopped{answer};
  }

 private:
  ds_row_sink sink_;
  void* user_;
};

namespace detail {

template <class Service>
int32_t service_call(void* self, const char* method, uint64_t method_length, const ds_value* args, uint32_t count,
                     ds_row_sink sink, void* user, const ds_error_sink* error) {
  return guarded(error, [&]() -> int32_t {
    try {
      static_cast<Service*>(self)->call({method, method_length}, ServiceArgs(args, count), ServiceRows(sink, user));
      return DS_OK;
    } catch (const Error& e) {
      return fail(error, e.code, e.text);
    } catch (const ServiceRows::Stopped& stopped) {
      return stopped.answer;
    }
  });
}

template <class Service>
const void* describe_service() {
  static Service* const service = new Service;
  static const ds_service descriptor{sizeof(ds_service),        0,       text(Service::kind),   text(Service::name),
                                     text(Service::properties), service, &service_call<Service>};
  return &descriptor;
}

}  // namespace detail
}  // namespace ds

#define DS_SERVICE(Service)                                                            \
  static const ::ds::detail::Registration Service##_registration(DS_SERVICE_INTERFACE, \
                                                                 &::ds::detail::describe_service<Service>)
