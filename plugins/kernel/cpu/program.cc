// program.cc: compiles ds.expr/1: types, conversions, levels, contraction, register allocation by liveness.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "registers.h"

namespace ds::cpu {
namespace {

constexpr int kSizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 2, 4, 8};
constexpr int64_t kValueBytes = kTileGroup * 8;  // steps write whole groups, uniform values too

int widened(int type) { return type == DS_EXPR_F16 || type == DS_EXPR_BF16 ? DS_EXPR_F32 : type; }
bool is_float(int type) { return type >= DS_EXPR_F16; }

// A value while compiling. Tile values live in virtual registers until allocation.
struct Value {
  int type = 0;
  Level level = kTile;
  int slot = -1;  // of inputs, constants, call and row values
  int reg = -1;   // virtual register of tile values
  int input = -1;
  bool constant = false;
  double number = 0;
};

class Compiler {
 public:
  Compiler(const ds_node& node, const Space& space, const Simd& simd, bool stream, bool contract)
      : node_(node), space_(space), simd_(simd), stream_(stream), contract_(contract) {}

  Program run() {
    read();
    count_uses();
    for (int i = 0; i < header_.inputs; ++i) add_input(i);
    for (int i = 0; i < header_.constants; ++i) {
      double number;
      std::memcpy(&number, bytes_ + sizeof header_ + 8 * i, 8);
      results_.push_back(add_constant(number));
    }
    for (int i = 0; i < header_.instructions; ++i) results_.push_back(instruction(instruction_at(i)));
    store_outputs();
    p_.constants.resize(p_.constants.size() + kTileGroup);  // whole groups are read from each
    allocate(p_, tile_steps_, registers_);
    return std::move(p_);
  }

 private:
  void read() {
    const void* bytes;
    uint64_t size;
    if (!has_program(node_, &bytes, &size) || size < sizeof header_) throw Unsupported("no ds.expr/1 program");
    bytes_ = static_cast<const char*>(bytes);
    std::memcpy(&header_, bytes_, sizeof header_);
    uint64_t wanted = sizeof header_ + 8ull * header_.constants + sizeof(ds_expr_instruction) * header_.instructions +
                      2ull * header_.outputs;
    if (header_.magic != DS_EXPR_MAGIC || wanted > size || header_.outputs != node_.output_count)
      throw Unsupported("a malformed ds.expr/1 program");
    if (header_.inputs + header_.constants + header_.instructions > DS_EXPR_MAX_RESULTS)
      throw Unsupported("a ds.expr/1 program that is too long");
    // T: what the inputs have in common; bool gives way, since conditions are declared bool.
    for (uint32_t i = 0; i < node_.input_count && i < header_.inputs; ++i) {
      int type = expr_type(node_.inputs[i]->dtype);
      if (type < 0) throw Unsupported("a dtype ds.expr/1 does not know");
      if (t_ <= DS_EXPR_BOOL || (type > DS_EXPR_BOOL && type > t_)) t_ = type;
    }
    if (t_ == 0) t_ = expr_type(node_.outputs[0]->dtype);
    if (t_ < 0) throw Unsupported("a dtype ds.expr/1 does not know");
  }

  int resolve(int type) const {
    int r = type == DS_EXPR_T ? t_ : type;
    if (r < DS_EXPR_BOOL || r > DS_EXPR_F64) throw Unsupported("an unknown type in a ds.expr/1 program");
    return r;
  }

  int add_value(Value v) {
    values_.push_back(v);
    return int(values_.size()) - 1;
  }
  int add_slot(Slot::Kind kind, int64_t index) {
    p_.slots.push_back({kind, uint32_t(index)});
    return int(p_.slots.size()) - 1;
  }

  void add_input(int i) {
    if (uint32_t(i) >= node_.input_count) {  // the operator's numeric attributes follow its inputs
      results_.push_back(add_constant(attribute(i - int(node_.input_count))));
      return;
    }
    Value v;
    v.type = expr_type(node_.inputs[i]->dtype);
    v.input = i;
    Access access = space_.inputs[i].access;
    v.level = access == Access::kScalar ? kCall : access == Access::kRowScalar ? kRow : kTile;
    // Scalars are copied before use: steps read whole groups.
    if (v.level == kTile)
      v.slot = add_slot(Slot::kInput, i);
    else
      v.slot = uniform_slot(v.level);
    p_.input_slot.push_back(v.slot);
    p_.input_size.push_back(expr_size(v.type));
    p_.input_tile.push_back(v.level == kTile);
    results_.push_back(add_value(v));
  }

  double attribute(int index) const {
    for (uint32_t k = 0; k < node_.attribute_count; ++k) {
      const ds_value& a = node_.attributes[k];
      if (a.tag != DS_INT && a.tag != DS_FLOAT && a.tag != DS_FLAG) continue;
      if (index-- == 0) return a.tag == DS_FLOAT ? a.u.f : double(a.u.i);
    }
    throw Unsupported("a ds.expr/1 program with more inputs than its operator");
  }

  int add_constant(double number) {
    Value v;
    v.constant = true;
    v.number = number;
    v.level = kCall;
    return add_value(v);
  }

  int uniform_slot(Level level) {
    int64_t& bytes = level == kCall ? p_.call_bytes : p_.row_bytes;
    int slot = add_slot(level == kCall ? Slot::kCallValue : Slot::kRowValue, bytes);
    bytes += kValueBytes;
    return slot;
  }

  // A constant in a type, one slot each.
  int constant_of(double number, int type) {
    uint64_t payload = encode(number, type);
    auto key = std::make_pair(payload, expr_size(type));
    auto [at, fresh] = constant_slots_.try_emplace(key, 0);
    if (fresh) {
      at->second = add_slot(Slot::kConstant, p_.constants.size());
      p_.constants.push_back(payload);
    }
    Value v;
    v.type = type;
    v.level = kCall;
    v.slot = at->second;
    return add_value(v);
  }

  static uint64_t encode(double x, int type) {
    uint64_t payload = 0;
    if (type == DS_EXPR_F64) {
      std::memcpy(&payload, &x, 8);
    } else if (type == DS_EXPR_F32) {
      float f = float(x);
      std::memcpy(&payload, &f, 4);
    } else if (type == DS_EXPR_BOOL) {
      payload = x != 0;
    } else {  // what does not fit is 0, as in conversions
      bool is_unsigned = type >= DS_EXPR_U8;
      double limit = std::ldexp(1.0, 8 * kSizes[type] - !is_unsigned), whole = std::trunc(x);
      if (whole < limit && whole >= (is_unsigned ? 0 : -limit))
        payload = is_unsigned ? uint64_t(whole) : uint64_t(int64_t(whole));
    }
    return payload;
  }

  // The value in a computing type (never f16 or bf16); conversions are made once.
  int as_type(int value, int type) {
    if (values_[value].constant) {
      if (widened(type) == type) return constant_of(values_[value].number, type);
      value = constant_of(values_[value].number, DS_EXPR_F32);
    }
    if (values_[value].type == type) return value;
    auto key = std::make_pair(value, type);
    if (auto at = conversions_.find(key); at != conversions_.end()) return at->second;
    int from = values_[value].type, result;
    if (widened(from) != from && type != DS_EXPR_F32) {
      result = as_type(as_type(value, DS_EXPR_F32), type);
    } else if (widened(type) != type && from == DS_EXPR_F64) {
      result = emit(simd_.convert(DS_EXPR_F32, type), type, {emit(simd_.convert(from, kOddF32), DS_EXPR_F32, {value})});
    } else if (widened(type) != type && from != DS_EXPR_F32) {
      result = as_type(as_type(value, DS_EXPR_F32), type);
    } else {
      Tile fn = simd_.convert(from, type);
      if (!fn) throw Unsupported("no conversion between two types");
      p_.seconds_per_element += values_[value].level == kTile ? 6e-11 : 0;
      result = emit(fn, type, {value});
    }
    return conversions_[key] = result;
  }

  int compute_type(int type) const { return widened(resolve(type)); }

  int emit(Tile fn, int type, const std::vector<int>& operands, int op = 0, Level level = kCall) {
    for (int v : operands) level = std::max(level, values_[v].level);
    Value out;
    out.type = type;
    out.level = level;
    if (level != kTile) {
      out.slot = uniform_slot(level);
      Step s = {fn, uint16_t(out.slot), 0, 0, 0};
      uint16_t* at[] = {&s.a, &s.b, &s.c};
      for (size_t k = 0; k < operands.size(); ++k) *at[k] = uint16_t(values_[operands[k]].slot);
      p_.steps[level].push_back(s);
      return add_value(out);
    }
    out.reg = int(registers_.size());
    registers_.push_back({expr_size(type), int(tile_steps_.size())});
    TileStep s = {fn, out.reg, {kNoOperand, kNoOperand, kNoOperand}, {-1, -1, -1}, op, type};
    for (size_t k = 0; k < operands.size(); ++k) {
      const Value& v = values_[operands[k]];
      s.operand[k] = v.reg >= 0 ? v.reg : ~v.slot;
      s.value[k] = operands[k];
    }
    tile_steps_.push_back(s);
    return add_value(out);
  }

  // bit i: operand i is the same for every element of a tile
  int uniform_mask(const std::vector<int>& operands) const {
    int mask = 0;
    for (size_t k = 0; k < operands.size(); ++k) mask |= (values_[operands[k]].level != kTile) << k;
    return mask == (1 << operands.size()) - 1 ? 0 : mask;
  }

  int splat(int value) {
    int type = values_[value].type;
    return emit(simd_.move(expr_size(type), kMoveSplat), type, {value}, 0, kTile);
  }

  Tile find(int op, int type, int mask) const {
    Tile fn = is_float(type) ? simd_.floating(op, type, mask) : nullptr;
    return fn ? fn : simd_.integer(op, type, mask);
  }

  int operation(int op, int type, int result_type, std::vector<int> operands) {
    for (int& v : operands) v = as_type(v, type);
    int mask = uniform_mask(operands);
    Tile fn = find(op, type, mask);
    if (!fn && mask && find(op, type, 0)) {
      for (int& v : operands)
        if (values_[v].level != kTile) v = splat(v);
      fn = find(op, type, 0);
    }
    if (!fn && op == DS_EXPR_FMA)
      return operation(DS_EXPR_ADD, type, result_type,
                       {operation(DS_EXPR_MUL, type, type, {operands[0], operands[1]}), operands[2]});
    if (!fn && !is_float(type)) return as_type(operation(op, DS_EXPR_F64, DS_EXPR_F64, operands), result_type);
    if (!fn) throw Unsupported("an operation ds.expr/1 does not define for its type");
    bool cheap = op <= DS_EXPR_TRUNC || op >= DS_EXPR_RECIPROCAL;
    p_.seconds_per_element += (cheap && op != DS_EXPR_POW && op != DS_EXPR_MOD ? 2e-11 : 2e-10) * expr_size(type) / 4;
    return emit(fn, result_type, operands, op);
  }

  int instruction(const ds_expr_instruction& in) {
    int count = operand_count(in.op);
    const uint16_t from[] = {in.a, in.b, in.c};
    std::vector<int> operands;
    for (int k = 0; k < count; ++k) operands.push_back(results_[from[k]]);
    int type = resolve(in.type);
    switch (in.op) {
      case DS_EXPR_COPY:
        return values_[operands[0]].constant ? operands[0] : as_type(operands[0], widened(type));
      case DS_EXPR_CAST: {
        int operand = resolve(in.operand);
        if (values_[operands[0]].type != operand || values_[operands[0]].constant)
          operands[0] = as_type(operands[0], widened(operand));
        return as_type(operands[0], type);
      }
      case DS_EXPR_SELECT:
        return select(widened(type), operands);
      case DS_EXPR_POW:
        if (is_float(type) && values_[operands[1]].constant) {
          double e = values_[operands[1]].number;
          if (e == 2) return operation(DS_EXPR_MUL, widened(type), widened(type), {operands[0], operands[0]});
          if (e == 1) return as_type(operands[0], widened(type));
          if (e == -1) return operation(DS_EXPR_RECIPROCAL, widened(type), widened(type), {operands[0]});
        }
        break;
    }
    bool tests = (in.op >= DS_EXPR_EQ && in.op <= DS_EXPR_IS_FINITE);
    bool logical = in.op >= DS_EXPR_AND && in.op <= DS_EXPR_NOT;
    if (tests) {
      int result = operation(in.op, compute_type(in.operand), DS_EXPR_BOOL, operands);
      return type == DS_EXPR_BOOL ? result : as_type(result, widened(type));
    }
    if (logical) {
      for (int& v : operands) v = as_type(v, DS_EXPR_BOOL);
      int result = operation(in.op, DS_EXPR_BOOL, DS_EXPR_BOOL, operands);
      return type == DS_EXPR_BOOL ? result : as_type(result, widened(type));
    }
    if (in.op == DS_EXPR_ADD && is_float(type) && contract_)
      if (int fused = contract(widened(type), operands); fused >= 0) return fused;
    return operation(in.op, widened(type), widened(type), operands);
  }

  static int operand_count(int op) {
    switch (op) {
#define DS_COUNT_OPERANDS(name, number, operands) \
  case number:                                    \
    return operands;
      DS_EXPR_OPS(DS_COUNT_OPERANDS)
#undef DS_COUNT_OPERANDS
    }
    throw Unsupported("an unknown operation in a ds.expr/1 program");
  }

  int select(int type, std::vector<int> operands) {
    operands[0] = as_type(operands[0], DS_EXPR_BOOL);
    operands[1] = as_type(operands[1], type);
    operands[2] = as_type(operands[2], type);
    int mask = uniform_mask(operands);
    if (mask & 1) {
      operands[0] = splat(operands[0]);
      mask &= ~1;
    }
    p_.seconds_per_element += 5e-11;
    return emit(simd_.select(expr_size(type), mask), type, operands);
  }

  // (a * b) + c in one step when nobody else reads the product.
  int contract(int type, const std::vector<int>& operands) {
    for (int k = 0; k < 2; ++k) {
      const Value& product = values_[operands[k]];
      if (product.constant || product.reg < 0 || operands[0] == operands[1]) continue;
      int at = registers_[product.reg].step;
      const TileStep multiply = tile_steps_[at];
      if (multiply.op != DS_EXPR_MUL || multiply.type != type || uses_of(operands[k]) != 1) continue;
      tile_steps_[at].fn = nullptr;
      return operation(DS_EXPR_FMA, type, type, {multiply.value[0], multiply.value[1], operands[1 - k]});
    }
    return -1;
  }

  // How often instructions and outputs of the program read a value.
  int uses_of(int value) const {
    int uses = 0;
    for (size_t r = 0; r < results_.size(); ++r)
      if (results_[r] == value) uses += uses_[r];
    return uses;
  }

  ds_expr_instruction instruction_at(int i) const {
    ds_expr_instruction in;
    std::memcpy(&in, bytes_ + sizeof header_ + 8 * header_.constants + i * sizeof in, sizeof in);
    return in;
  }
  size_t output_number(int k) const {
    uint16_t number;
    std::memcpy(
        &number,
        bytes_ + sizeof header_ + 8 * header_.constants + header_.instructions * sizeof(ds_expr_instruction) + 2 * k,
        2);
    if (number >= size_t(header_.inputs) + header_.constants + header_.instructions)
      throw Unsupported("a ds.expr/1 program with an output it does not compute");
    return number;
  }

  void count_uses() {
    uses_.assign(size_t(header_.inputs) + header_.constants + header_.instructions, 0);
    for (int i = 0; i < header_.instructions; ++i) {
      ds_expr_instruction in = instruction_at(i);
      const uint16_t from[] = {in.a, in.b, in.c};
      for (int k = 0; k < operand_count(in.op); ++k) {
        if (from[k] >= size_t(header_.inputs) + header_.constants + i)
          throw Unsupported("a ds.expr/1 program that reads ahead");
        ++uses_[from[k]];
      }
    }
    for (int k = 0; k < header_.outputs; ++k) ++uses_[output_number(k)];
  }

  void store_outputs() {
    int count = header_.outputs;
    for (int k = 0; k < count; ++k) p_.output_slot.push_back(add_slot(Slot::kOutput, k));
    p_.output_size.resize(count);
    std::vector<int> stored(count);
    for (int k = 0; k < count; ++k) {
      int type = expr_type(node_.outputs[k]->dtype);
      if (type < 0) throw Unsupported("a dtype ds.expr/1 does not know");
      p_.output_size[k] = expr_size(type);
      stored[k] = as_type(results_[output_number(k)], type);
    }
    // Output 0 last: it may be the memory of an input, which nothing may read afterwards.
    for (int k = count; k-- > 0;) {
      int value = stored[k], type = values_[value].type;
      int reg = values_[value].reg;
      if (stream_ && streams_itself(k, value, stored)) {
        // nothing to emit
      } else if (stream_) {
        value = emit(simd_.move(expr_size(type), kMoveStream), type,
                     {reg < 0 && values_[value].level != kTile ? splat(value) : value});
      } else if (values_[value].level != kTile) {
        value = splat(value);
      } else if (reg < 0 || registers_[reg].output >= 0 || (k == 0 && reads_inputs_after(registers_[reg].step))) {
        value = emit(simd_.move(expr_size(type), kMoveCopy), type, {value});
      }
      registers_[values_[value].reg].output = k;
    }
  }

  // Simple arithmetic whose result nobody else reads writes past the caches itself.
  bool streams_itself(int k, int value, const std::vector<int>& stored) {
    const Value& v = values_[value];
    if (v.reg < 0 || std::count(stored.begin(), stored.end(), value) > 1) return false;
    int at = registers_[v.reg].step;
    TileStep& step = tile_steps_[at];
    if (!is_float(v.type) || step.type != v.type || (k == 0 && reads_inputs_after(at))) return false;
    for (const TileStep& other : tile_steps_)
      if (other.fn && std::count(other.operand, other.operand + 3, v.reg)) return false;
    std::vector<int> operands;
    for (int operand : step.value)
      if (operand >= 0) operands.push_back(operand);
    Tile fn = step.op ? simd_.floating(step.op, step.type, uniform_mask(operands) | kStreaming) : nullptr;
    if (fn) step.fn = fn;
    return fn;
  }

  bool reads_inputs_after(int step) const {
    for (size_t s = step + 1; s < tile_steps_.size(); ++s)
      for (int o : tile_steps_[s].operand)
        if (tile_steps_[s].fn && o < 0 && o != kNoOperand && p_.slots[~o].kind == Slot::kInput) return true;
    return false;
  }

  const ds_node& node_;
  const Space& space_;
  const Simd& simd_;
  const bool stream_, contract_;
  Program p_;
  ds_expr_header header_{};
  const char* bytes_ = nullptr;
  int t_ = 0;
  std::vector<Value> values_;
  std::vector<int> results_;  // value of each result of the program
  std::vector<int> uses_;     // of each result
  std::vector<TileStep> tile_steps_;
  std::vector<Register> registers_;
  std::map<std::pair<int, int>, int> conversions_;
  std::map<std::pair<uint64_t, int>, int> constant_slots_;
};

}  // namespace

int expr_type(ds_dtype dtype) {
  switch (dtype) {
    case DS_BOOL:
      return DS_EXPR_BOOL;
    case DS_I8:
      return DS_EXPR_I8;
    case DS_I16:
      return DS_EXPR_I16;
    case DS_I32:
      return DS_EXPR_I32;
    case DS_I64:
      return DS_EXPR_I64;
    case DS_U8:
      return DS_EXPR_U8;
    case DS_U16:
      return DS_EXPR_U16;
    case DS_U32:
      return DS_EXPR_U32;
    case DS_U64:
      return DS_EXPR_U64;
    case DS_F16:
      return DS_EXPR_F16;
    case DS_BF16:
      return DS_EXPR_BF16;
    case DS_F32:
      return DS_EXPR_F32;
    case DS_F64:
      return DS_EXPR_F64;
  }
  return -1;
}

int expr_size(int type) { return kSizes[type]; }

bool has_program(const ds_node& node, const void** bytes, uint64_t* size) {
  *bytes = node.expr;
  *size = node.expr_size;
  if (node.expr || node.op_class != DS_CLASS_ELEMENTWISE) return node.expr != nullptr;
  for (uint32_t i = 0; i < node.attribute_count; ++i)
    if (node.attributes[i].tag == DS_BYTES) {
      *bytes = node.attributes[i].u.p;
      *size = node.attributes[i].count;
      return true;
    }
  return false;
}

Program compile(const ds_node& node, const Space& space, const Simd& simd, bool stream, bool contract) {
  return Compiler(node, space, simd, stream, contract).run();
}

}  // namespace ds::cpu
