// fake_edit.hpp: ds_edit over a FakeGraph, as strict as the core's. Included by pass_test.hpp.
#pragma once
#include "deepseek/pass_test.hpp"

namespace ds::test {

struct FakeEdit {
  static FakeGraph& of(const ds_edit* t) { return *static_cast<FakeGraph*>(t->context); }
  static FakeNode* at(FakeGraph& g, ds_node_id id) {
    return id < g.nodes_.size() && g.nodes_[id]->alive ? g.nodes_[id].get() : nullptr;
  }
  static int32_t refuse(FakeGraph& g, std::string why) { return g.failure = std::move(why), DS_INVALID_ARGUMENT; }

  static int32_t next(const ds_edit* t, ds_node_id id, ds_node_id* found) {
    FakeNode* n = id == DS_NO_ID ? of(t).first_ : of(t).nodes_[id]->next;
    return *found = n ? n->id : DS_NO_ID, DS_OK;
  }
  static int32_t previous(const ds_edit* t, ds_node_id id, ds_node_id* found) {
    FakeNode* n = id == DS_NO_ID ? of(t).last_ : of(t).nodes_[id]->previous;
    return *found = n ? n->id : DS_NO_ID, DS_OK;
  }
  static int32_t node(const ds_edit* t, ds_node_id id, ds_edit_node* out) {
    FakeNode* n = at(of(t), id);
    if (!n) return DS_INVALID_ARGUMENT;
    auto expr = FakeGraph::expr_of(*n);
    *out = {};
    out->size = sizeof *out;
    out->node.op = text(n->op->name);
    out->node.version = 1;
    out->node.op_class = n->op->op_class;
    out->node.input_count = uint32_t(n->inputs.size());
    out->node.output_count = uint32_t(n->outputs.size());
    out->node.attribute_count = uint32_t(n->attributes.size());
    out->node.attributes = n->attributes.data();
    out->node.expr = expr.data();
    out->node.expr_size = expr.size();
    out->traits = n->op->traits;
    out->role = text(n->op->role);
    out->inputs = n->inputs.data();
    out->outputs = n->outputs.data();
    if (of(t).program_stage_) out->offer.in_place = n->op->in_place;
    return DS_OK;
  }
  static int32_t value(const ds_edit* t, ds_value_id id, ds_edit_value* out) {
    FakeGraph& g = of(t);
    if (id >= g.values_.size()) return DS_INVALID_ARGUMENT;
    const FakeValue& v = g.values_[id];
    *out = {sizeof *out,
            v.spec,
            v.flags,
            uint32_t(v.users.size()),
            v.producer,
            v.index,
            v.data.empty() ? nullptr : v.data.data(),
            DS_NO_ID,
            0,
            0,
            0};
    if (g.program_stage_) {
      ds_value_id home = g.home(id);
      const FakeValue& h = g.values_[home];
      if (h.producer != DS_NO_ID && h.last != DS_NO_ID) out->buffer = home;
      out->first = h.first;
      out->last = h.last;
      out->nbytes = byte_count(h.spec);
    }
    return DS_OK;
  }
  static int32_t value_count(const ds_edit* t, uint32_t* count) {
    return *count = uint32_t(of(t).values_.size()), DS_OK;
  }
  static int32_t users(const ds_edit* t, ds_value_id id, ds_node_id* out, uint32_t capacity, uint32_t* count) {
    std::set<ds_node_id> distinct(of(t).values_[id].users.begin(), of(t).values_[id].users.end());
    uint32_t k = 0;
    for (ds_node_id user : distinct)
      if (k < capacity) out[k++] = user;
    return *count = uint32_t(distinct.size()), DS_OK;
  }

  // Whether the value exists where `place` is (nullptr: the end).
  static bool defined_before(FakeGraph& g, ds_value_id id, FakeNode* place) {
    if (g.values_[id].producer == DS_NO_ID) return true;
    for (FakeNode* n = place ? place->previous : g.last_; n; n = n->previous)
      if (n->id == g.values_[id].producer) return true;
    return false;
  }

  static std::vector<ds_spec> infer(FakeGraph& g, const FakeOperator& op, const std::vector<ds_value_id>& inputs,
                                    std::span<const ds_attribute> attributes) {
    Shape shape;
    for (ds_value_id id : inputs) shape = broadcast_shapes(shape, Shape(g.values_[id].spec));
    ds_spec spec{};
    spec.device = {DS_DEVICE_CPU, 0};
    spec.rank = int32_t(shape.rank());
    std::copy(shape.begin(), shape.end(), spec.shape);
    spec.dtype = inputs.empty() ? DS_F32 : g.values_[inputs[0]].spec.dtype;
    if (op.role == "cast") spec.dtype = ds_dtype(attributes[0].value.u.i);
    if (op.role != "map") return {spec};
    std::vector<uint8_t> types;
    for (ds_value_id id : inputs) types.push_back(expr_type(g.values_[id].spec.dtype));
    auto p = expr::Program::decode(attributes[0].value.u.p, attributes[0].value.count, types);
    std::vector<ds_spec> out;
    for (uint16_t id : p.outputs) {
      spec.dtype = expr_dtype(p.results[id].type);
      out.push_back(spec);
    }
    return out;
  }

  static int32_t insert(ds_edit* t, ds_node_id before, const char* name, uint64_t length, const ds_value_id* inputs,
                        uint32_t input_count, const ds_attribute* attributes, uint32_t attribute_count,
                        ds_node_id* made) {
    FakeGraph& g = of(t);
    FakeNode* place = before == DS_NO_ID ? nullptr : at(g, before);
    if (g.program_stage_ || (before != DS_NO_ID && !place)) return refuse(g, "insert: no such place");
    std::string_view wanted(name, length);
    const FakeOperator* op = nullptr;
    for (auto& [own, candidate] : g.operators_)
      if (wanted == own || (wanted.starts_with('@') && wanted.substr(1) == candidate.role)) op = &candidate;
    if (!op) return refuse(g, "insert: no operator " + std::string(wanted));
    std::vector<ds_value_id> in(inputs, inputs + input_count);
    for (ds_value_id id : in)
      if (!defined_before(g, id, place)) return refuse(g, "insert: %" + g.values_[id].name + " comes later");
    std::span<const ds_attribute> given(attributes, attribute_count);
    FakeNode* n = g.add(place, *op, in, infer(g, *op, in, given));
    for (auto& a : given) {
      n->attributes.push_back(a.value);
      if (a.value.tag != DS_BYTES) continue;
      auto* bytes = static_cast<const char*>(a.value.u.p);
      n->bytes.assign(bytes, bytes + a.value.count);
      n->attributes.back().u.p = n->bytes.data();
    }
    *made = n->id;
    return DS_OK;
  }

  static int32_t replace(ds_edit* t, ds_value_id from, ds_value_id to) {
    FakeGraph& g = of(t);
    FakeValue &a = g.values_[from], &b = g.values_[to];
    if (g.program_stage_ || !same_type(a.spec, b.spec))
      return refuse(g, "replace: " + spec_text(a.spec) + " by " + spec_text(b.spec));
    for (ds_node_id user : a.users)
      if (!defined_before(g, to, g.nodes_[user].get())) return refuse(g, "replace: %" + b.name + " comes later");
    for (ds_node_id user : std::set<ds_node_id>(a.users.begin(), a.users.end()))
      std::replace(g.nodes_[user]->inputs.begin(), g.nodes_[user]->inputs.end(), from, to);
    b.users.insert(b.users.end(), a.users.begin(), a.users.end());
    a.users.clear();
    if (a.flags & DS_VALUE_OUTPUT) b.flags |= DS_VALUE_OUTPUT;
    a.flags &= ~DS_VALUE_OUTPUT;
    std::replace(g.outputs_.begin(), g.outputs_.end(), from, to);
    return DS_OK;
  }

  static void unlink(FakeGraph& g, FakeNode* n) {
    for (ds_value_id id : n->inputs) {
      if (id == DS_NO_ID) continue;
      auto& users = g.values_[id].users;
      users.erase(std::find(users.begin(), users.end(), n->id));
    }
    (n->previous ? n->previous->next : g.first_) = n->next;
    (n->next ? n->next->previous : g.last_) = n->previous;
    n->alive = false;
  }
  static int32_t erase(ds_edit* t, ds_node_id id) {
    FakeGraph& g = of(t);
    FakeNode* n = at(g, id);
    if (!n || g.program_stage_ || n->op->traits & DS_TRAIT_EFFECT)
      return refuse(g, "erase: no such node, or an effect");
    for (ds_value_id v : n->outputs)
      if (!g.values_[v].users.empty() || g.values_[v].flags & DS_VALUE_OUTPUT) return refuse(g, "erase: it is used");
    unlink(g, n);
    return DS_OK;
  }
  static int32_t evaluate(ds_edit* t, ds_node_id id) {
    FakeGraph& g = of(t);
    FakeNode* n = at(g, id);
    if (!n) return refuse(g, "evaluate: no such node");
    std::vector<std::vector<char>> data(g.values_.size());
    for (ds_value_id in : n->inputs) {
      if (!(g.values_[in].flags & DS_VALUE_CONSTANT)) return refuse(g, "evaluate: an input is not constant");
      data[in] = g.values_[in].data;
    }
    g.compute(*n, data);
    for (ds_value_id out : n->outputs) {
      FakeValue& v = g.values_[out];
      v.data = data[out];
      v.flags |= DS_VALUE_CONSTANT;
      v.producer = DS_NO_ID;
    }
    unlink(g, n);
    return DS_OK;
  }

  static int32_t alias(ds_edit* t, ds_node_id id, uint32_t input) {
    FakeGraph& g = of(t);
    FakeNode* n = at(g, id);
    if (!n || !g.program_stage_ || input >= n->inputs.size() || !(n->op->in_place >> input & 1))
      return DS_INVALID_ARGUMENT;
    ds_value_id in = n->inputs[input], out = n->outputs[0], home = g.home(in);
    FakeValue &owner = g.values_[home], &result = g.values_[out];
    bool gives = owner.producer != DS_NO_ID || owner.flags & DS_VALUE_DONATED;
    bool fits = byte_count(owner.spec) == byte_count(result.spec);
    if (!gives || !fits || owner.last != n->position || owner.flags & DS_VALUE_CONSTANT) return DS_INVALID_ARGUMENT;
    auto reads = [&](ds_value_id v) { return v != DS_NO_ID && g.home(v) == home; };
    if (std::count_if(n->inputs.begin(), n->inputs.end(), reads) != 1) return DS_INVALID_ARGUMENT;
    result.parent = home;
    owner.last = result.last;
    return DS_OK;
  }
  static int32_t place(ds_edit* t, ds_value_id buffer, uint64_t offset) {
    FakeGraph& g = of(t);
    if (!g.program_stage_ || g.home(buffer) != buffer || offset % 64)
      return refuse(g, "place: no buffer, or misaligned");
    g.placed[buffer] = offset;
    return DS_OK;
  }
  static int32_t arena(ds_edit* t, uint64_t nbytes) { return of(t).arena_bytes = nbytes, DS_OK; }
  static int32_t note(ds_edit* t, ds_node_id, const char* text, uint64_t length) {
    of(t).notes.emplace_back(text, length);
    return DS_OK;
  }
  static int32_t fail(ds_edit* t, ds_status, const char* text, uint64_t length) {
    FakeGraph& g = of(t);
    if (g.failure.empty()) g.failure.assign(text, length);
    return DS_OK;
  }
};

inline ds_edit FakeGraph::table() {
  using E = FakeEdit;
  return {sizeof(ds_edit), this,     E::next,     E::previous, E::node,  E::value, E::value_count, E::users, E::insert,
          E::replace,      E::erase, E::evaluate, E::alias,    E::place, E::arena, E::note,        E::fail};
}

}  // namespace ds::test
