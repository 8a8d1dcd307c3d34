// ds_edit over an Edit: checks what a pass gives before it touches the graph.
#include <algorithm>
#include <cstring>

#include "core/run/edit.h"

namespace ds::core {

struct EditTable {
  static Edit& of(const ds_edit* table) { return *static_cast<Edit*>(table->context); }

  static int32_t keep(Edit& edit, Status status) {
    int32_t code = status.code();
    if (status && !edit.failure) edit.failure = std::move(status);
    return code;
  }

  static int32_t next(const ds_edit* t, ds_node_id node, ds_node_id* found) {
    Edit& e = of(t);
    if (node != kNone && node >= e.next_.size()) return DS_INVALID_ARGUMENT;
    return *found = e.next(node), DS_OK;
  }
  static int32_t previous(const ds_edit* t, ds_node_id node, ds_node_id* found) {
    Edit& e = of(t);
    if (node != kNone && node >= e.next_.size()) return DS_INVALID_ARGUMENT;
    return *found = e.previous(node), DS_OK;
  }
  static bool exists(Edit& e, ds_node_id node) { return node < e.alive_.size() && e.alive_[node]; }

  static int32_t node(const ds_edit* t, ds_node_id id, ds_edit_node* out) {
    Edit& e = of(t);
    if (!exists(e, id)) return DS_INVALID_ARGUMENT;
    ds_edit_node full;
    e.describe(id, &full);
    uint64_t size = std::min<uint64_t>(out->size ? out->size : sizeof full, sizeof full);
    std::memcpy(out, &full, size);
    out->size = size;
    return DS_OK;
  }

  static int32_t value(const ds_edit* t, ds_value_id id, ds_edit_value* out) {
    Edit& e = of(t);
    if (id >= e.graph_.values().size()) return DS_INVALID_ARGUMENT;
    const ValueInfo& v = e.graph_.value(id);
    ds_edit_value full{};
    full.size = sizeof full;
    full.spec = v.spec;
    full.uses = uint32_t(e.users_[id].size());
    full.producer = v.producer;
    full.output_index = v.producer == kNone ? 0 : v.index;
    if (v.kind == ValueKind::kLeaf) full.flags |= DS_VALUE_LEAF | (e.donated(id) ? DS_VALUE_DONATED : 0);
    if (v.kind == ValueKind::kScalar) full.flags |= DS_VALUE_LEAF | DS_VALUE_SCALAR;
    if (e.is_output(id)) full.flags |= DS_VALUE_OUTPUT;
    if (v.kind == ValueKind::kConstant) {
      full.flags |= DS_VALUE_CONSTANT;
      full.constant_data = e.graph_.constants()[v.index]->memory;
    }
    full.buffer = kNone;
    if (e.program_stage_) {
      ValueId home = e.root(id);
      if (e.memory(home) == Memory::kArena) full.buffer = home;
      full.first = e.begin_[home];
      full.last = e.end_[home];
      full.nbytes = byte_count(e.graph_.value(home).spec);
    }
    uint64_t size = std::min<uint64_t>(out->size ? out->size : sizeof full, sizeof full);
    std::memcpy(out, &full, size);
    out->size = size;
    return DS_OK;
  }

  static int32_t value_count(const ds_edit* t, uint32_t* count) {
    return *count = uint32_t(of(t).graph_.values().size()), DS_OK;
  }

  static int32_t users(const ds_edit* t, ds_value_id value, ds_node_id* out, uint32_t capacity, uint32_t* count) {
    Edit& e = of(t);
    if (value >= e.users_.size()) return DS_INVALID_ARGUMENT;
    std::vector<NodeId> distinct(e.users_[value]);
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    std::copy_n(distinct.begin(), std::min<size_t>(capacity, distinct.size()), out);
    return *count = uint32_t(distinct.size()), DS_OK;
  }

  static int32_t insert(ds_edit* t, ds_node_id before, const char* name, uint64_t length, const ds_value_id* inputs,
                        uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                        ds_node_id* made) {
    Edit& e = of(t);
    if (e.program_stage_ || (before != kNone && !exists(e, before)))
      return keep(e, error(DS_INVALID_ARGUMENT, "insert: no such place"));
    Status status;
    const Operator* op = e.find({name, length}, &status);
    if (!op) return keep(e, std::move(status));
    Small<ds_value, 8> ordered;
    if (auto wrong = order_attributes(*op, {attributes, attribute_count}, &ordered)) return keep(e, std::move(wrong));
    uint64_t location = before == kNone ? 0 : e.graph_.node(before).location;
    std::vector<ValueId> outputs;
    if (auto wrong = e.insert(before, *op, {inputs, input_count}, ordered, location, &outputs))
      return keep(e, std::move(wrong));
    *made = e.graph_.value(outputs[0]).producer;
    return DS_OK;
  }

  static int32_t replace(ds_edit* t, ds_value_id a, ds_value_id b) {
    Edit& e = of(t);
    if (e.program_stage_) return keep(e, error(DS_INVALID_ARGUMENT, "replace: not in the program stage"));
    return keep(e, e.replace(a, b));
  }
  static int32_t erase(ds_edit* t, ds_node_id node) {
    Edit& e = of(t);
    if (e.program_stage_) return keep(e, error(DS_INVALID_ARGUMENT, "erase: not in the program stage"));
    return keep(e, e.erase(node));
  }
  static int32_t evaluate(ds_edit* t, ds_node_id node) {
    Edit& e = of(t);
    if (e.program_stage_ || !exists(e, node)) return keep(e, error(DS_INVALID_ARGUMENT, "evaluate: no such node"));
    const Operator& op = *e.graph_.node(node).op;
    if (op.has(DS_TRAIT_EFFECT) || op.has(DS_TRAIT_DATA_DEPENDENT)) return DS_INVALID_ARGUMENT;
    return e.evaluate(node).code();  // not every reference takes its constants: a refusal is an answer
  }
  // Whether a kernel's offer can be taken is for the pass to find out: a refusal is an answer, not a failure.
  static int32_t alias(ds_edit* t, ds_node_id node, uint32_t input) {
    Edit& e = of(t);
    return exists(e, node) ? e.alias_in_place(node, input).code() : DS_INVALID_ARGUMENT;
  }
  static int32_t place(ds_edit* t, ds_value_id buffer, uint64_t offset) {
    Edit& e = of(t);
    if (!e.program_stage_ || buffer >= e.placed_.size() || e.root(buffer) != buffer ||
        e.memory(buffer) != Memory::kArena || offset % 64 || offset > kLargestArena)
      return keep(e, error(DS_INVALID_ARGUMENT, "place: not a buffer of the arena, or misaligned"));
    e.placed_[buffer] = true;
    e.offset_[buffer] = offset;
    e.arena_bytes_ = std::max(e.arena_bytes_, offset + byte_count(e.graph_.value(buffer).spec));
    return DS_OK;
  }
  static int32_t arena(ds_edit* t, uint64_t nbytes) {
    Edit& e = of(t);
    if (nbytes > kLargestArena) return keep(e, error(DS_INVALID_ARGUMENT, "arena: ", nbytes, " bytes"));
    e.arena_bytes_ = std::max(e.arena_bytes_, nbytes);
    return DS_OK;
  }
  static int32_t note(ds_edit* t, ds_node_id node, const char* text, uint64_t length) {
    Edit& e = of(t);
    e.notes.push_back({std::string(text, length), exists(e, node) ? e.graph_.node(node).location : 0});
    return DS_OK;
  }
  static int32_t fail(ds_edit* t, ds_status code, const char* text, uint64_t length) {
    return keep(of(t), Status(code, std::string(text, length)));
  }
};

ds_edit make_edit_table(Edit* edit) {
  using T = EditTable;
  return {sizeof(ds_edit), edit,     T::next,     T::previous, T::node,  T::value, T::value_count, T::users, T::insert,
          T::replace,      T::erase, T::evaluate, T::alias,    T::place, T::arena, T::note,        T::fail};
}

}  // namespace ds::core
