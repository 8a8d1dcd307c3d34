// fold: small nodes whose inputs are all known are computed now; operations that change no bit of their input go.
//
// Only what is exact: x * 1, x / 1, x - 0 (but not x + 0, which turns -0 into 0), a cast to the same dtype, a copy.
// Results that somebody outside wants keep memory of their own, so their nodes stay.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "deepseek/expr.hpp"
#include "deepseek/pass.hpp"

namespace ds::passes {

constexpr int64_t kMost = 4096;

struct Fold {
  static constexpr std::string_view name = "fold";
  static constexpr uint32_t stage = DS_STAGE_GRAPH, numerics = DS_EXACT;
  static constexpr int32_t order = 200;

  static bool small(const PassValue& v) {
    return v.spec().kind == DS_KIND_TENSOR && v.spec().device.type == DS_DEVICE_CPU && element_count(v.spec()) <= kMost;
  }

  // Classes whose operators always have a reference.
  static bool can_evaluate(Edit& edit, const PassNode& n) {
    if (!n.pure() || n.traits & DS_TRAIT_MAY_FAIL || n.outputs.empty()) return false;
    if (n.op_class != DS_CLASS_ELEMENTWISE && n.op_class != DS_CLASS_CREATE && n.role != "cast" && n.role != "copy" &&
        n.role != "read_view" && n.role != "sum_to")
      return false;
    for (ds_value_id id : n.inputs) {
      if (id == DS_NO_ID) continue;
      PassValue v = edit.value(id);
      if (!v.constant() || !small(v)) return false;
    }
    return std::all_of(n.outputs.begin(), n.outputs.end(), [&](ds_value_id id) {
      PassValue v = edit.value(id);
      return small(v) && !v.is(DS_VALUE_OUTPUT) && v.v.uses > 0;
    });
  }

  // The number every element of a constant is. Floats and integers only.
  static std::optional<double> uniform(const PassValue& v) {
    const char* data = v.constant();
    int64_t count = element_count(v.spec()), size = item_size(v.spec().dtype);
    if (!data || count == 0 || count > kMost) return {};
    for (int64_t i = 1; i < count; ++i)
      if (std::memcmp(data, data + i * size, size_t(size))) return {};
    auto as = [&]<class T>(T x) { return std::memcpy(&x, data, sizeof x), std::optional<double>(double(x)); };
    switch (v.spec().dtype) {
      case DS_F32:
        return as(float());
      case DS_F64:
        return as(double());
      case DS_I64:
        return as(int64_t());
      case DS_I32:
        return as(int32_t());
      case DS_I16:
        return as(int16_t());
      case DS_I8:
        return as(int8_t());
      case DS_U8:
        return as(uint8_t());
      case DS_F16: {
        uint16_t bits;
        std::memcpy(&bits, data, 2);
        return bits == 0x3c00 ? std::optional(1.0) : bits == 0 ? std::optional(0.0) : std::nullopt;
      }
      case DS_BF16: {
        uint16_t bits;
        std::memcpy(&bits, data, 2);
        return bits == 0x3f80 ? std::optional(1.0) : bits == 0 ? std::optional(0.0) : std::nullopt;
      }
      default:
        return {};
    }
  }

  // The operand of `n` that its output equals bit for bit; nothing when it computes something.
  static std::optional<uint32_t> identity_operand(Edit& edit, const PassNode& n) {
    if (n.outputs.size() != 1) return {};
    if (n.role == "cast" || n.role == "copy") return 0;
    if (n.expr.empty() || n.inputs.size() != 2 || n.inputs[0] == DS_NO_ID || n.inputs[1] == DS_NO_ID) return {};
    ds_expr_header header;
    std::memcpy(&header, n.expr.data(), sizeof header);
    if (header.inputs != 2 || header.constants || header.instructions != 1) return {};
    expr::Program p = expr::Program::decode(n.expr.data(), n.expr.size(), {DS_EXPR_T, DS_EXPR_T});
    const expr::Result& i = p.results.back();
    if (p.outputs[0] != 2 || i.a > 1 || i.b > 1 || i.a == i.b) return {};
    ds_dtype dtype = edit.value(n.outputs[0]).spec().dtype;
    uint8_t type = expr_type_or_none(dtype);
    if (!type || (i.type != DS_EXPR_T && i.type != type)) return {};
    auto neutral = [&](uint16_t operand, double number) {
      PassValue v = edit.value(n.inputs[operand]);
      auto x = uniform(v);
      return v.spec().dtype == dtype && x && *x == number && !(number == 0 && std::signbit(*x));
    };
    bool floating = type >= DS_EXPR_F16;
    if (i.op == DS_EXPR_MUL && neutral(i.b, 1)) return i.a;
    if (i.op == DS_EXPR_MUL && neutral(i.a, 1)) return i.b;
    if (i.op == DS_EXPR_DIV && floating && neutral(i.b, 1)) return i.a;
    if (i.op == DS_EXPR_SUB && neutral(i.b, 0)) return i.a;
    return {};
  }

  static bool remove_identity(Edit& edit, const PassNode& n) {
    auto operand = identity_operand(edit, n);
    if (!operand || n.inputs[*operand] == DS_NO_ID) return false;
    PassValue in = edit.value(n.inputs[*operand]), out = edit.value(n.outputs[0]);
    if (out.is(DS_VALUE_OUTPUT) || !same_type(in.spec(), out.spec())) return false;
    edit.note(n.id, "removed   " + std::string(n.op) + ", it changes nothing");
    edit.replace(out.id, in.id);
    edit.erase(n.id);
    return true;
  }

  static void run(Edit& edit) {
    uint32_t folded = 0;
    for (ds_node_id id : edit.nodes()) {
      PassNode n = edit.node(id);
      if (!n.pure() || remove_identity(edit, n) || !can_evaluate(edit, n)) continue;
      folded += edit.evaluate(id);
    }
    if (folded) edit.note(DS_NO_ID, "folded    " + std::to_string(folded) + " constant nodes were computed");
  }
};
DS_PASS(Fold);

}  // namespace ds::passes
