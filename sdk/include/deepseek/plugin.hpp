// plugin.hpp: the door of a plugin written in C++. Included by operator.hpp, kernel.hpp, pass.hpp, device.hpp ...
//
// DS_OPERATOR and its siblings put descriptors on a list private to the shared library; the door registers the list.
// The door is defined here once per library (weak, merged by the linker), named by -DDS_PLUGIN_NAME="ops.math", which
// the build function passes. Tests that include a plugin's source define DS_NO_DOOR.
#pragma once
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "deepseek/ds_plugin.h"

#ifndef DS_PLUGIN_NAME
#define DS_PLUGIN_NAME ""
#endif
#ifndef DS_PLUGIN_VERSION
#define DS_PLUGIN_VERSION "1.0.0"
#endif
#ifndef DS_PLUGIN_DESCRIPTION
#define DS_PLUGIN_DESCRIPTION ""
#endif
#ifndef DS_PLUGIN_LICENSE
#define DS_PLUGIN_LICENSE "Apache-2.0"
#endif
#ifndef DS_PLUGIN_DEPENDENCIES
#define DS_PLUGIN_DEPENDENCIES ""
#endif

namespace ds {

inline constexpr ds_text text(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view view(ds_text t) { return {t.data, t.size}; }

// The host that loaded this library; set before anything registered runs. Never null inside a slot.
inline const ds_host* host = nullptr;

inline int32_t fail(const ds_error_sink* error, ds_status code, std::string_view what) {
  if (error && error->set) error->set(error->context, code, what.data(), what.size());
  return code;
}

// Exceptions never cross the line: every slot's body runs in here.
template <class F>
int32_t guarded(const ds_error_sink* error, F&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return fail(error, DS_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return fail(error, DS_INTERNAL, e.what());
  } catch (...) {
    return fail(error, DS_INTERNAL, "unknown exception");
  }
}

namespace detail {
// One static object per descriptor; `describe` may build it on first use, and answers nullptr to leave itself out.
struct Registration {
  std::string_view interface_id;
  const void* (*describe)();
  Registration* next;
  static inline Registration* first = nullptr;
  static inline Registration* last = nullptr;
  Registration(std::string_view id, const void* (*fn)()) : interface_id(id), describe(fn), next(nullptr) {
    (last ? last->next : first) = this;
    last = this;
  }
};

// Runs once per core that loads the library, after the host is known: device discovery, ISA choice. Optional.
struct OnLoad {
  int32_t (*fn)(const ds_host*, const ds_error_sink*);
  static inline OnLoad* only = nullptr;
  explicit OnLoad(int32_t (*f)(const ds_host*, const ds_error_sink*)) : fn(f) { only = this; }
};

inline int32_t initialize(const ds_plugin*, const ds_host* h, const ds_error_sink* error) {
  return guarded(error, [&]() -> int32_t {
    host = h;
    if (OnLoad::only)
      if (int32_t status = OnLoad::only->fn(h, error)) return status;
    for (auto* r = Registration::first; r; r = r->next)
      if (const void* descriptor = r->describe())
        if (int32_t status = h->provide(h, r->interface_id.data(), r->interface_id.size(), descriptor)) return status;
    return DS_OK;
  });
}

inline constexpr ds_plugin this_plugin = {DS_PLUGIN_STAMP,
                                          text(DS_PLUGIN_NAME),
                                          text(DS_PLUGIN_VERSION),
                                          text(DS_PLUGIN_DESCRIPTION),
                                          text(DS_PLUGIN_LICENSE),
                                          text(DS_PLUGIN_DEPENDENCIES),
                                          nullptr,
                                          &initialize};
}  // namespace detail
}  // namespace ds

#ifndef DS_NO_DOOR
extern "C" DS_EXPORT __attribute__((weak)) const ds_plugin* ds_plugin_query_v1(const ds_host* h,
                                                                               const ds_error_sink* error) {
  if (!h || h->abi_major != DS_ABI_MAJOR) {
    ds::fail(error, DS_BAD_PLUGIN, "built for ABI major 1");
    return nullptr;
  }
  return &ds::detail::this_plugin;
}
#endif
