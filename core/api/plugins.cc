// Plugins and services.
#include <deque>

#include "core/api/context.h"

namespace ds::core {
namespace {

// Arguments on their way to a service: handles of tensors, in lists too, become evaluated tensors.
class Arguments {
 public:
  Arguments(Context& c, ThreadState& t) : context_(c), thread_(t) {}

  Status convert(const ds_value& in, ds_value* out) {
    *out = in;
    if (in.tag == DS_HANDLE) {
      Tensor* tensor;
      DS_RETURN_IF_ERROR(context_.tensor(in.u.h, &tensor));
      records_.emplace_back();
      buffers_.emplace_back();
      DS_RETURN_IF_ERROR(borrow(context_, thread_, *tensor, &records_.back(), &buffers_.back()));
      *out = {DS_POINTER, 0, {.p = &records_.back().tensor}};
    } else if (in.tag == DS_VALUES) {
      auto& list = lists_.emplace_back(in.count);
      for (uint32_t i = 0; i < in.count; ++i) DS_RETURN_IF_ERROR(convert(in.u.vs[i], &list[i]));
      out->u.vs = list.data();
    }
    return {};
  }

 private:
  Context& context_;
  ThreadState& thread_;
  std::deque<TensorRecord> records_;
  std::deque<Ref<Buffer>> buffers_;
  std::deque<std::vector<ds_value>> lists_;
};

struct Answers {
  Context* context;
  ds_answer_sink sink;
  void* user;
  Status failure;

  static int32_t row(void* self, const ds_value* values, uint32_t count) {
    auto& a = *static_cast<Answers*>(self);
    std::vector<ds_value> out(values, values + count);
    for (auto& v : out) {
      if (v.tag != DS_POINTER) continue;
      Value value;
      a.failure = dense_tensor(*a.context, static_cast<const ds_tensor*>(v.u.p), &value);
      if (a.failure) return a.failure.code();
      v = {DS_HANDLE, 0, {.h = a.context->add(std::move(value))}};
    }
    if (!a.sink) return DS_OK;
    Unlocked unlocked(*a.context);
    return a.sink(a.user, out.data(), count);
  }
};

}  // namespace
}  // namespace ds::core

using namespace ds::core;

int32_t ds_plugin_load(ds_handle context, const char* path, uint64_t length) {
  return enter(context, [&](Context& c, ThreadState&) { return c.executor.registry.load({path, length}); });
}

int32_t ds_plugin_folder(ds_handle context, const char* path, uint64_t length) {
  return enter(context, [&](Context& c, ThreadState&) { return c.executor.registry.add_folder({path, length}); });
}

int32_t ds_plugins(ds_handle context, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) {
    c.executor.registry.plugins([&](const std::string& json) { lines->push_back(json); });
    return Status();
  });
}

int32_t ds_services(ds_handle context, const char* kind, uint64_t length, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) {
    *lines = c.executor.registry.service_names({kind, length});
    return Status();
  });
}

int32_t ds_invoke(ds_handle context, const char* kind, uint64_t kind_length, const char* name, uint64_t name_length,
                  const char* method, uint64_t method_length, const ds_value* args, uint32_t count, ds_answer_sink sink,
                  void* user) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Status status;
    auto* service = c.executor.registry.find_service({kind, kind_length}, {name, name_length}, &status);
    if (!service) return status;
    Arguments arguments(c, t);
    std::vector<ds_value> given(count);
    for (uint32_t i = 0; i < count; ++i) DS_RETURN_IF_ERROR(arguments.convert(args[i], &given[i]));
    ErrorSink errors;
    Answers answers{&c, sink, user, {}};
    int32_t code = service->table.call(service->table.self, method, method_length, given.data(), count, &Answers::row,
                                       &answers, errors.get());
    if (answers.failure) return std::move(answers.failure);
    return errors.take(code, "");
  });
}
