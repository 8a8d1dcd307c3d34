// pass.hpp: passes in C++. A pass is a struct, registered by DS_PASS(Pass):
//
//   struct Dce {
//     static constexpr std::string_view name = "dce";
//     static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
//     static constexpr int32_t order = 900;
//     static void run(Edit& edit);  // fails by throwing Error (error.hpp)
//   };
//   DS_PASS(Dce);
//
// Edit is ds_edit with types: a call the graph refuses throws Error, except alias(), whose refusal is an answer.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deepseek/draft/pass.h"
#include "deepseek/dtype.hpp"
#include "deepseek/kernel.hpp"

namespace ds {

// ---- attributes to insert with -------------------------------------------------------------------------------------
inline ds_attribute attribute(std::string_view name, const ds_value& value) { return {text(name), value}; }
inline ds_value int_value(int64_t i) { return {DS_INT, 0, {.i = i}}; }
inline ds_value float_value(double f) { return {DS_FLOAT, 0, {.f = f}}; }
inline ds_value dtype_value(ds_dtype dtype) { return {DS_TYPE, 0, {.i = dtype}}; }
inline ds_value ints_value(std::span<const int64_t> is) { return {DS_INTS, uint32_t(is.size()), {.is = is.data()}}; }
inline ds_value bytes_value(std::span<const char> b) { return {DS_BYTES, uint32_t(b.size()), {.p = b.data()}}; }

inline bool same_type(const ds_spec& a, const ds_spec& b) {
  return a.dtype == b.dtype && a.rank == b.rank && a.kind == b.kind && a.device.type == b.device.type &&
         a.device.index == b.device.index && std::equal(a.shape, a.shape + a.rank, b.shape);
}
inline bool same_shape(const ds_spec& a, const ds_spec& b) {
  return a.rank == b.rank && std::equal(a.shape, a.shape + a.rank, b.shape);
}
inline uint64_t byte_count(const ds_spec& s) { return uint64_t(element_count(s)) * uint64_t(item_size(s.dtype)); }

// DS_EXPR_BOOL .. DS_EXPR_F64; 0: a dtype that programs do not know.
inline uint8_t expr_type_or_none(ds_dtype dtype) {
  for (uint8_t t = DS_EXPR_BOOL; t <= DS_EXPR_F64; ++t)
    if (expr_dtype(t) == dtype) return t;
  return 0;
}
// What DS_EXPR_T stands for in a node with these input dtypes: the largest type, to which bool gives way; without
// inputs that of the output. 0: a dtype that programs do not know.
inline uint8_t expr_node_type(std::span<const ds_dtype> inputs, ds_dtype output) {
  uint8_t t = 0;
  for (ds_dtype dtype : inputs) {
    uint8_t type = expr_type_or_none(dtype);
    if (!type) return 0;
    if (t <= DS_EXPR_BOOL || (type > DS_EXPR_BOOL && type > t)) t = type;
  }
  return t ? t : expr_type_or_none(output);
}

// ---- what a pass sees
// ------------------------------------------------------------------------------------------------

// op, role, attributes and expr borrow from the graph until it is next changed; the ids are the node's own.
struct PassNode {
  ds_node_id id = DS_NO_ID;
  std::string_view op, role;
  uint32_t version = 0, op_class = 0;
  uint64_t traits = 0;
  std::vector<ds_value_id> inputs, outputs;  // DS_NO_ID = absent optional
  std::span<const ds_value> attributes;
  std::span<const char> expr;
  ds_kernel_offer offer{};  // program stage

  bool effect() const { return traits & DS_TRAIT_EFFECT || op_class == DS_CLASS_EFFECT; }
  // The same inputs give the same outputs, known in size before it runs, and nothing else happens.
  bool pure() const { return !effect() && !(traits & DS_TRAIT_DATA_DEPENDENT); }
};

struct PassValue {
  ds_value_id id = DS_NO_ID;
  ds_edit_value v{};

  const ds_spec& spec() const { return v.spec; }
  bool is(uint32_t flag) const { return v.flags & flag; }
  bool unused() const { return v.uses == 0 && !is(DS_VALUE_OUTPUT); }
  // Content known now; null when it is not, or too big to be kept.
  const char* constant() const { return is(DS_VALUE_CONSTANT) ? static_cast<const char*>(v.constant_data) : nullptr; }
};

class Edit {
 public:
  explicit Edit(ds_edit* table) : t_(table) {}

  // for (ds_node_id id : edit.nodes()): in topological order; the node just given may be erased.
  struct Nodes {
    struct Iterator {
      const ds_edit* t;
      ds_node_id id, following;
      ds_node_id operator*() const { return id; }
      bool operator!=(const Iterator& other) const { return id != other.id; }
      Iterator& operator++() {
        id = following;
        following = after(t, id);
        return *this;
      }
    };
    const ds_edit* t;
    static ds_node_id after(const ds_edit* t, ds_node_id id) {
      ds_node_id found = DS_NO_ID;
      if (id != DS_NO_ID) t->next(t, id, &found);
      return found;
    }
    Iterator begin() const {
      ds_node_id first = DS_NO_ID;
      t->next(t, DS_NO_ID, &first);
      return {t, first, after(t, first)};
    }
    Iterator end() const { return {t, DS_NO_ID, DS_NO_ID}; }
  };
  Nodes nodes() const { return {t_}; }
  ds_node_id next(ds_node_id node) const {
    ds_node_id found = DS_NO_ID;
    check(t_->next(t_, node, &found), "next");
    return found;
  }
  ds_node_id previous(ds_node_id node) const {
    ds_node_id found = DS_NO_ID;
    check(t_->previous(t_, node, &found), "previous");
    return found;
  }

  PassNode node(ds_node_id id) const {
    ds_edit_node n{};
    n.size = sizeof n;
    check(t_->node(t_, id, &n), "node");
    PassNode out;
    out.id = id;
    out.op = view(n.node.op);
    out.role = view(n.role);
    out.version = n.node.version;
    out.op_class = n.node.op_class;
    out.traits = n.traits;
    out.inputs.assign(n.inputs, n.inputs + n.node.input_count);
    out.outputs.assign(n.outputs, n.outputs + n.node.output_count);
    out.attributes = {n.node.attributes, n.node.attribute_count};
    if (n.node.expr) out.expr = {static_cast<const char*>(n.node.expr), size_t(n.node.expr_size)};
    out.offer = n.offer;
    return out;
  }
  PassValue value(ds_value_id id) const {
    PassValue out;
    out.id = id;
    out.v.size = sizeof out.v;
    check(t_->value(t_, id, &out.v), "value");
    return out;
  }
  uint32_t value_count() const {
    uint32_t count = 0;
    check(t_->value_count(t_, &count), "value_count");
    return count;
  }
  std::vector<ds_node_id> users(ds_value_id id) const {
    uint32_t count = 0;
    check(t_->users(t_, id, nullptr, 0, &count), "users");
    std::vector<ds_node_id> out(count);
    if (count) check(t_->users(t_, id, out.data(), count, &count), "users");
    return out;
  }

  // ---- graph stage ----
  ds_node_id insert(ds_node_id before, std::string_view op, std::span<const ds_value_id> inputs,
                    std::initializer_list<ds_attribute> attributes = {}) {
    ds_node_id made = DS_NO_ID;
    check(t_->insert(t_, before, op.data(), op.size(), inputs.data(), uint32_t(inputs.size()), attributes.begin(),
                     uint32_t(attributes.size()), &made),
          "insert");
    return made;
  }
  void replace(ds_value_id old_value, ds_value_id new_value) {
    check(t_->replace(t_, old_value, new_value), "replace");
  }
  void erase(ds_node_id node) { check(t_->erase(t_, node), "erase"); }
  bool evaluate(ds_node_id node) { return t_->evaluate(t_, node) == DS_OK; }  // a refusal is an answer

  // ---- program stage ----
  bool alias(ds_node_id node, uint32_t input) { return t_->alias(t_, node, input) == DS_OK; }
  void place(ds_value_id buffer, uint64_t offset) { check(t_->place(t_, buffer, offset), "place"); }
  void arena(uint64_t nbytes) { check(t_->arena(t_, nbytes), "arena"); }

  void note(ds_node_id node, std::string_view text) { t_->note(t_, node, text.data(), text.size()); }
  int32_t fail(ds_status code, std::string_view text) { return t_->fail(t_, code, text.data(), text.size()); }

 private:
  static void check(int32_t status, const char* what) {
    if (status) throw Error(status, std::string(what) + " was refused");
  }
  ds_edit* t_;
};

namespace detail {
template <class Pass>
struct PassRow {
  static int32_t run(void*, ds_edit* table) {
    Edit edit(table);
    try {
      Pass::run(edit);
      return DS_OK;
    } catch (const Error& e) {
      return edit.fail(e.code, e.text), e.code;
    } catch (const std::bad_alloc&) {
      return edit.fail(DS_OUT_OF_MEMORY, "out of memory"), DS_OUT_OF_MEMORY;
    } catch (const std::exception& e) {
      return edit.fail(DS_INTERNAL, e.what()), DS_INTERNAL;
    }
  }
  static const void* describe() {
    static const ds_pass pass = {sizeof(ds_pass), 0, text(Pass::name), Pass::stage, Pass::numerics,
                                 Pass::order,     0, nullptr,          run};
    return &pass;
  }
};
}  // namespace detail
}  // namespace ds

#define DS_PASS(Pass) \
  static ::ds::detail::Registration ds_pass_##Pass { DS_PASS_INTERFACE, &::ds::detail::PassRow<Pass>::describe }
