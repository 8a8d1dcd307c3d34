// Exceptions where none may be: in the door, in initialize, in a slot.
#include <stdexcept>

#include "deepseek/draft/operator.h"

namespace {

constexpr ds_text text(const char* t, uint64_t size) { return {t, size}; }

int32_t infer(void*, ds_infer_args*) { throw std::runtime_error("thrown by infer"); }
int32_t reference(void*, const ds_run_args*) { return DS_OK; }

const ds_operator descriptor = {sizeof(ds_operator),
                                0,
                                text("throws(x: float) -> float", 25),
                                text("Throws.", 7),
                                text("", 0),
                                1,
                                DS_CLASS_OPAQUE,
                                0,
                                0,
                                0,
                                nullptr,
                                0,
                                nullptr,
                                infer,
                                nullptr,
                                nullptr,
                                nullptr,
                                reference,
                                nullptr};

int32_t initialize(const ds_plugin*, const ds_host* host, const ds_error_sink*) {
#ifdef IN_INITIALIZE
  throw std::runtime_error("thrown by initialize");
#endif
  return host->provide(host, DS_OPERATOR_INTERFACE, sizeof DS_OPERATOR_INTERFACE - 1, &descriptor);
}

const ds_plugin plugin = {
    DS_PLUGIN_STAMP, text("test.throwing", 13), text("1", 1), text("", 0), text("", 0), text("", 0), nullptr,
    initialize};

}  // namespace

extern "C" DS_EXPORT const ds_plugin* ds_plugin_query_v1(const ds_host*, const ds_error_sink*) {
#ifdef IN_DOOR
  throw 42;
#endif
  return &plugin;
}
