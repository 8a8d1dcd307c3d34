// Descriptors from plugins of any age, checked and grown to the size this core knows.
//
// What a younger plugin appended is left out; what an older one lacks becomes NULL where the header calls the slot
// optional and a stub answering DS_UNIMPLEMENTED everywhere else, so that no caller checks sizes.
#pragma once
#include "core/registry/operator.h"
#include "deepseek/draft/device.h"
#include "deepseek/draft/kernel.h"
#include "deepseek/draft/pass.h"
#include "deepseek/draft/service.h"

namespace ds::core {

// All fail with DS_BAD_PLUGIN (size, missing slot, bad text) or DS_UNSUPPORTED (must-understand bit).
Status grow(const void* descriptor, ds_plugin* table);
Status grow(const void* descriptor, ds_operator* table);
Status grow(const void* descriptor, ds_kernel* table);
Status grow(const void* descriptor, ds_pass* table);
Status grow(const void* descriptor, ds_device* table);
Status grow(const void* descriptor, ds_service* table);

// Everything the descriptor claims: schema, class, expr, slots its class needs. id and plugin are left alone.
Status make_operator(const void* descriptor, Operator* op);

// Plugins' and services' names: [a-z0-9_.-]+, at most 100 characters.
bool is_name(std::string_view name);
inline std::string_view view(ds_text t) { return {t.data, t.size}; }

}  // namespace ds::core
