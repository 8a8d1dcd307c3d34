#include "cluster.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ds::passes {
namespace {

constexpr int64_t kSmallConstant = 4096;
constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

// A number that a double holds exactly and that every type of the dtype's family converts alike.
bool plain(double x, ds_dtype dtype) {
  if (DS_DTYPE_CODE(dtype) == DS_CODE_FLOAT || DS_DTYPE_CODE(dtype) == DS_CODE_BFLOAT) return !std::isnan(x);
  return std::abs(x) < kExactIntegers && x == std::trunc(x);
}

bool in_range(double x, ds_dtype dtype) {
  if (dtype == DS_BOOL) return x == 0 || x == 1;
  uint32_t code = DS_DTYPE_CODE(dtype), bits = DS_DTYPE_BITS(dtype);
  if (code == DS_CODE_INT) return x >= -std::ldexp(1.0, int(bits) - 1) && x < std::ldexp(1.0, int(bits) - 1);
  if (code == DS_CODE_UINT) return x >= 0 && x < std::ldexp(1.0, int(bits));
  return true;
}

}  // namespace

std::optional<double> uniform_constant(const PassValue& v) {
  const char* data = v.constant();
  int64_t count = element_count(v.spec()), size = item_size(v.spec().dtype);
  if (!data || count == 0 || count > kSmallConstant) return {};
  for (int64_t i = 1; i < count; ++i)
    if (std::memcmp(data, data + i * size, size_t(size))) return {};
  auto as = [&]<class T>(T x) {
    std::memcpy(&x, data, sizeof x);
    return plain(double(x), v.spec().dtype) ? std::optional<double>(double(x)) : std::nullopt;
  };
  switch (v.spec().dtype) {
    case DS_F32:
      return as(float());
    case DS_F64:
      return as(double());
    case DS_I64:
      return as(int64_t());
    case DS_I32:
      return as(int32_t());
    case DS_BOOL:
      return as(uint8_t());
    default:
      return {};
  }
}

std::optional<double> uniform_fill(const PassNode& n, ds_dtype dtype) {
  if (n.role != "fill") return {};
  for (const ds_value& a : n.attributes)
    if (a.tag == DS_FLOAT) return plain(a.u.f, dtype) && in_range(a.u.f, dtype) ? std::optional(a.u.f) : std::nullopt;
  return {};
}

namespace {

std::optional<Item> read_item(const PassNode& n, const std::vector<Operand>& values) {
  if (n.op_class != DS_CLASS_ELEMENTWISE && n.role != "cast") return {};
  if (!n.pure() || n.outputs.empty() || n.outputs.size() > kMostOutputs || n.inputs.size() > kMostInputs) return {};
  Item item{n.id, std::string(n.op), n.inputs, n.outputs, {}, {}};
  std::vector<ds_dtype> dtypes;
  std::vector<uint8_t> types;
  for (ds_value_id id : n.inputs) {
    if (id == DS_NO_ID) return {};
    dtypes.push_back(values[id].spec.dtype);
    types.push_back(expr_type_or_none(dtypes.back()));
    if (!types.back()) return {};
  }
  const ds_spec& shape = values[n.outputs[0]].spec;
  for (ds_value_id id : n.outputs) {
    const ds_spec& spec = values[id].spec;
    if (spec.kind != DS_KIND_TENSOR || !expr_type_or_none(spec.dtype) || !same_shape(spec, shape)) return {};
  }
  if (element_count(shape) == 0) return {};
  item.type = expr_node_type(dtypes, shape.dtype);
  for (const ds_value& a : n.attributes) {
    if (a.tag != DS_INT && a.tag != DS_FLOAT && a.tag != DS_FLAG) continue;
    if (a.tag == DS_INT && std::abs(double(a.u.i)) >= kExactIntegers) return {};
    item.attributes.push_back(a.tag == DS_FLOAT ? a.u.f : double(a.u.i));
  }
  if (n.expr.empty()) {  // a cast: its output's dtype says it all
    if (n.role != "cast" || n.inputs.size() != 1) return {};
    item.program.outputs = {item.program.input(types[0])};
    return item;
  }
  ds_expr_header header{};
  if (n.expr.size() >= sizeof header) std::memcpy(&header, n.expr.data(), sizeof header);
  if (header.inputs < types.size() || header.inputs > types.size() + item.attributes.size()) return {};
  if (header.instructions > kMostInstructions || header.outputs != n.outputs.size()) return {};
  types.resize(header.inputs, expr::kWeak);
  item.program = expr::Program::decode(n.expr.data(), n.expr.size(), types);
  return item;
}

bool is_half(uint8_t type) { return type == DS_EXPR_F16 || type == DS_EXPR_BF16; }

// A result of the cluster's program, as its nodes see it.
struct Known {
  uint16_t id = 0;
  uint8_t type = expr::kWeak;  // kWeak: a number that adapts to the other operand
  bool number = false;         // a number that stands for a tensor of `type`
};

class Builder {
 public:
  Builder(const std::vector<Operand>& values, Cluster* cluster, bool embed)
      : values_(values), cluster_(*cluster), embed_(embed) {}

  bool build() {
    find_edges();
    if (cluster_.outputs.empty() || cluster_.outputs.size() > kMostOutputs) return false;
    if (cluster_.inputs.size() > kMostInputs || !broadcasts()) return false;
    for (const Item* item : cluster_.items) add(*item);
    for (ds_value_id id : cluster_.outputs) p_.outputs.push_back(known_.at(id).id);
    if (p_.results.size() > kMostInputs + 2 * kMostInstructions) return false;
    cluster_.program = p_.encode();
    return true;
  }

 private:
  // Values that enter and leave the cluster; those embedded as numbers do not enter.
  void find_edges() {
    std::unordered_set<ds_node_id> inside;
    for (const Item* item : cluster_.items) inside.insert(item->id);
    for (const Item* item : cluster_.items) {
      for (ds_value_id id : item->inputs) {
        const Operand& v = values_[id];
        if (known_.count(id) || (v.producer != DS_NO_ID && inside.count(v.producer))) continue;
        uint8_t type = expr_type(v.spec.dtype);
        if (embed_ && v.uniform) {
          known_[id] = {p_.constant(*v.uniform), type, true};
        } else {
          known_[id] = {p_.input(type), type, false};
          cluster_.inputs.push_back(id);
        }
      }
      for (ds_value_id id : item->outputs) {
        bool outside = values_[id].flags & DS_VALUE_OUTPUT;
        for (ds_node_id user : values_[id].users) outside |= !inside.count(user);
        if (outside) cluster_.outputs.push_back(id);
      }
    }
  }

  // The inputs alone must give the shape of the outputs.
  bool broadcasts() const {
    const ds_spec& shape = values_[cluster_.outputs[0]].spec;
    std::vector<bool> covered(size_t(shape.rank), false);
    int32_t rank = 0;
    for (ds_value_id id : cluster_.inputs) {
      const ds_spec& s = values_[id].spec;
      if (s.rank > shape.rank) return false;
      rank = std::max(rank, s.rank);
      for (int32_t axis = 1; axis <= s.rank; ++axis) {
        int64_t extent = s.shape[s.rank - axis], whole = shape.shape[shape.rank - axis];
        if (extent != 1 && extent != whole) return false;
        if (extent == whole) covered[size_t(shape.rank - axis)] = true;
      }
    }
    return rank == shape.rank && !cluster_.inputs.empty() && std::count(covered.begin(), covered.end(), false) == 0;
  }

  uint16_t cast(uint16_t id, uint8_t operand, uint8_t type) { return p_.instruction(DS_EXPR_CAST, type, operand, id); }

  // Operand k of an instruction that computes in `type`. A number adapts by itself where it has that type anyway; an
  // exponent stays a value, because powers with a constant may be computed another way.
  uint16_t operand(const Known& v, uint8_t op, int k, uint8_t type) {
    if (!v.number) return v.id;
    bool condition = (op == DS_EXPR_SELECT && k == 0) || (op >= DS_EXPR_AND && op <= DS_EXPR_NOT);
    uint8_t wanted = condition ? uint8_t(DS_EXPR_BOOL) : type;
    bool exponent = op == DS_EXPR_POW && k == 1;
    return v.type == wanted && !exponent && !is_half(wanted) ? v.id : cast(v.id, v.type, v.type);
  }

  void add(const Item& item) {
    std::vector<Known> own;  // by result of the node's program
    auto resolve = [&](uint8_t type) { return type == DS_EXPR_T ? item.type : type; };
    for (const expr::Result& r : item.program.results) {
      if (r.op == expr::kInput && r.a < item.inputs.size()) {
        own.push_back(known_.at(item.inputs[r.a]));
      } else if (r.op >= expr::kInput) {
        own.push_back({p_.constant(r.op == expr::kInput ? item.attributes[r.a - item.inputs.size()] : r.value)});
      } else {
        uint8_t type = resolve(r.type), computes = resolve(r.operand);
        bool tests = (r.op >= DS_EXPR_EQ && r.op <= DS_EXPR_IS_FINITE) || r.op == DS_EXPR_CAST;
        const uint16_t from[] = {r.a, r.b, r.c};
        uint16_t operands[3] = {};
        for (int k = 0; k < expr::operand_count(r.op); ++k)
          operands[k] = operand(own[from[k]], r.op, k, tests ? computes : type);
        own.push_back({p_.instruction(r.op, type, computes, operands[0], operands[1], operands[2]), type});
      }
    }
    for (size_t i = 0; i < item.outputs.size(); ++i) {
      uint8_t stored = expr_type(values_[item.outputs[i]].spec.dtype);
      const Known& r = own[item.program.outputs[i]];
      uint8_t type = r.type == expr::kWeak ? stored : r.type;
      // What memory would hold: of the stored type, f16 and bf16 rounded. Inputs are that already.
      const expr::Result& made = p_.results[r.id];
      bool rounded = !is_half(stored) || made.op == expr::kInput || (made.op == DS_EXPR_CAST && made.type == stored);
      bool as_is = type == stored && rounded && made.op != expr::kConstant;
      known_[item.outputs[i]] = {as_is ? r.id : cast(r.id, type, stored), stored, false};
    }
  }

  const std::vector<Operand>& values_;
  Cluster& cluster_;
  const bool embed_;
  expr::Program p_;
  std::unordered_map<ds_value_id, Known> known_;
};

}  // namespace

std::optional<Item> make_item(const PassNode& node, const std::vector<Operand>& values) {
  try {
    return read_item(node, values);
  } catch (const Error&) {  // not a program this revision reads: the node stays as it is
    return {};
  }
}

bool build_cluster(const std::vector<Operand>& values, Cluster* cluster) {
  for (bool embed : {true, false}) {  // without its uniform inputs a cluster may lack the shape
    cluster->inputs.clear();
    cluster->outputs.clear();
    try {
      if (Builder(values, cluster, embed).build()) return true;
    } catch (const Error&) {  // more results than a program may have
    }
  }
  return false;
}

}  // namespace ds::passes
