#include "core/registry/table.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/tensor/dtype.h"

namespace ds::core {
namespace {

constexpr uint64_t kLargest = 65536;  // no descriptor will ever be larger, no text of one longer

template <class Table>
Status copy(const void* descriptor, uint64_t minimum, std::string_view what, Table* table) {
  if (!descriptor) return error(DS_BAD_PLUGIN, what, ": the descriptor is NULL");
  uint64_t size;
  std::memcpy(&size, descriptor, sizeof size);
  if (size < minimum || size > kLargest || size % 8)  // a slot is there or not, never half
    return error(DS_BAD_PLUGIN, what, ": the descriptor says it has ", size, " bytes; multiples of 8 between ", minimum,
                 " and ", kLargest, " are possible");
  *table = Table{};
  std::memcpy(table, descriptor, std::min<uint64_t>(size, sizeof(Table)));
  table->size = sizeof(Table);
  if (uint64_t bits = table->must_understand)
    return error(DS_UNSUPPORTED, what, ": must-understand bits 0x", std::hex, bits, " are unknown to this core");
  return {};
}

Status check_text(ds_text text, std::string_view what) {
  if (text.size > kLargest || (text.size && !text.data))
    return error(DS_BAD_PLUGIN, what, " is no text: ", text.size, " bytes at ", static_cast<const void*>(text.data));
  return {};
}

Status check_name(ds_text text, std::string_view what) {
  DS_RETURN_IF_ERROR(check_text(text, cat(what, "'s name")));
  if (!is_name(view(text)))
    return error(DS_BAD_PLUGIN, what, ": the name '", view(text).substr(0, 100), "' is not made of [a-z0-9_.-]");
  return {};
}

template <class Slot>
Status need(Slot slot, std::string_view what, std::string_view name) {
  return slot ? Status() : error(DS_BAD_PLUGIN, what, ": the slot ", name, " is missing");
}

template <class Answer, class... Args>
void stub(Answer (*&slot)(Args...)) {
  if (!slot)
    slot = [](Args...) -> Answer {
      if constexpr (!std::is_void_v<Answer>) return DS_UNIMPLEMENTED;
    };
}

#define DS_UP_TO(table, field) (offsetof(table, field) + sizeof(table::field))

}  // namespace

bool is_name(std::string_view name) {
  auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), fits);
}

Status grow(const void* descriptor, ds_plugin* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_plugin, initialize), "plugin", table));
  if (table->magic != DS_PLUGIN_MAGIC)
    return error(DS_BAD_PLUGIN, "the door answers no ds_plugin: its magic number is wrong");
  if (table->abi_major != DS_ABI_MAJOR)
    return error(DS_BAD_PLUGIN, "built for ABI ", table->abi_major, ".", table->abi_minor, ", this core speaks ",
                 DS_ABI_MAJOR, ".", DS_ABI_MINOR);
  if (table->abi_minor_minimum > DS_ABI_MINOR)
    return error(DS_BAD_PLUGIN, "needs ABI ", table->abi_major, ".", table->abi_minor_minimum,
                 " or later, this core speaks ", DS_ABI_MAJOR, ".", DS_ABI_MINOR);
  if (table->layout_hash != DS_LAYOUT_HASH)
    return error(DS_BAD_PLUGIN, "built with other layouts than those frozen in ABI ", DS_ABI_MAJOR, " (hash 0x",
                 std::hex, table->layout_hash, ", here 0x", uint64_t(DS_LAYOUT_HASH), ")");
  DS_RETURN_IF_ERROR(check_name(table->name, "plugin"));
  for (ds_text text : {table->version, table->description, table->license, table->dependencies})
    DS_RETURN_IF_ERROR(check_text(text, "a field of the plugin"));
  return need(table->initialize, "plugin", "initialize");
}

Status grow(const void* descriptor, ds_operator* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_operator, self), "operator", table));
  for (ds_text text : {table->schema, table->summary, table->role})
    DS_RETURN_IF_ERROR(check_text(text, "a field of the operator"));
  return {};
}

Status grow(const void* descriptor, ds_kernel* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_kernel, run), "kernel", table));
  DS_RETURN_IF_ERROR(check_name(table->name, "kernel"));
  std::string what = cat("kernel ", view(table->name));
  for (ds_text text : {table->op, table->device, table->dtypes})
    DS_RETURN_IF_ERROR(check_text(text, cat("a field of ", what)));
  if (!table->op.size || !table->device.size) return error(DS_BAD_PLUGIN, what, ": names no operator or no device");
  for (std::string_view rest = view(table->dtypes); !rest.empty();) {
    std::string_view one = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    ds_dtype dtype;
    if (!one.empty() && !parse_dtype(one, &dtype)) return error(DS_BAD_PLUGIN, what, ": '", one, "' is no dtype");
  }
  DS_RETURN_IF_ERROR(need(table->create, what, "create"));
  DS_RETURN_IF_ERROR(need(table->run, what, "run"));
  stub(table->supports);
  stub(table->destroy);
  return {};
}

Status grow(const void* descriptor, ds_pass* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_pass, run), "pass", table));
  DS_RETURN_IF_ERROR(check_name(table->name, "pass"));
  std::string what = cat("pass ", view(table->name));
  if (table->stage != DS_STAGE_GRAPH && table->stage != DS_STAGE_PROGRAM)
    return error(DS_BAD_PLUGIN, what, ": stage ", table->stage, " is neither graph (1) nor program (2)");
  if (table->numerics < DS_EXACT || table->numerics > DS_APPROXIMATES)
    return error(DS_BAD_PLUGIN, what, ": numerics ", table->numerics, " is none of exact, reassociates, approximates");
  return need(table->run, what, "run");
}

Status grow(const void* descriptor, ds_device* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_device, copy), "device", table));
  DS_RETURN_IF_ERROR(check_name(table->name, "device"));
  std::string what = cat("device ", view(table->name));
  DS_RETURN_IF_ERROR(need(table->count, what, "count"));
  DS_RETURN_IF_ERROR(need(table->info, what, "info"));
  DS_RETURN_IF_ERROR(need(table->allocate, what, "allocate"));
  DS_RETURN_IF_ERROR(need(table->release, what, "release"));
  DS_RETURN_IF_ERROR(need(table->copy, what, "copy"));
  stub(table->stream_create);
  stub(table->stream_destroy);
  stub(table->synchronize);
  stub(table->event_create);
  stub(table->event_destroy);
  stub(table->event_record);
  stub(table->event_wait);
  stub(table->event_query);
  stub(table->event_time);
  stub(table->event_callback);
  if (const ds_threads* t = table->threads)
    if (t->size < DS_UP_TO(ds_threads, thread_count) || t->size > kLargest || !t->parallel_for || !t->thread_count)
      return error(DS_BAD_PLUGIN, what, ": its threads table is incomplete");
  return {};
}

Status grow(const void* descriptor, ds_service* table) {
  DS_RETURN_IF_ERROR(copy(descriptor, DS_UP_TO(ds_service, call), "service", table));
  DS_RETURN_IF_ERROR(check_name(table->kind, "service's kind"));
  DS_RETURN_IF_ERROR(check_name(table->name, "service"));
  DS_RETURN_IF_ERROR(check_text(table->properties, "a field of the service"));
  return need(table->call, cat("service ", view(table->name)), "call");
}

}  // namespace ds::core
