// interpret.hpp: runs a ds.expr/1 program over strided tensors, one element after the other: the reference of every
// elementwise operator. Floating point is computed in double and rounded to f32 (f16 and bf16 too) or f64 at each step.
#pragma once
#include "deepseek/draft/operator.h"
#include "deepseek/expr.hpp"
#include "deepseek/tensor.hpp"

namespace ds::expr {

// One value: floating types in f, integers and bool in i (u64 as its bits).
struct Scalar {
  double f = 0;
  int64_t i = 0;
};

inline bool is_float_code(uint8_t type) { return type >= DS_EXPR_F16 && type != kWeak; }
inline bool is_unsigned_code(uint8_t type) { return type >= DS_EXPR_U8 && type <= DS_EXPR_U64; }

inline Scalar load(const char* at, uint8_t type) {
  auto as = [at]<class T>() {
    T value;
    std::memcpy(&value, at, sizeof value);
    Scalar s;
    if constexpr (is_float_v<T>)
      s.f = double(float(value));
    else
      s.i = int64_t(value);
    return s;
  };
  switch (type) {
    case DS_EXPR_BOOL:
      return {0, *at != 0};
    case DS_EXPR_I8:
      return as.template operator()<int8_t>();
    case DS_EXPR_I16:
      return as.template operator()<int16_t>();
    case DS_EXPR_I32:
      return as.template operator()<int32_t>();
    case DS_EXPR_I64:
      return as.template operator()<int64_t>();
    case DS_EXPR_U8:
      return as.template operator()<uint8_t>();
    case DS_EXPR_U16:
      return as.template operator()<uint16_t>();
    case DS_EXPR_U32:
      return as.template operator()<uint32_t>();
    case DS_EXPR_U64:
      return as.template operator()<uint64_t>();
    case DS_EXPR_F16:
      return as.template operator()<half>();
    case DS_EXPR_BF16:
      return as.template operator()<bfloat16>();
    case DS_EXPR_F32:
      return as.template operator()<float>();
    default: {
      Scalar s;
      std::memcpy(&s.f, at, 8);
      return s;
    }
  }
}

inline void store(char* at, uint8_t type, const Scalar& s) {
  auto put = [at](auto value) { std::memcpy(at, &value, sizeof value); };
  switch (type) {
    case DS_EXPR_BOOL:
      return put(uint8_t(s.i != 0));
    case DS_EXPR_I8:
    case DS_EXPR_U8:
      return put(uint8_t(s.i));
    case DS_EXPR_I16:
    case DS_EXPR_U16:
      return put(uint16_t(s.i));
    case DS_EXPR_I32:
    case DS_EXPR_U32:
      return put(uint32_t(s.i));
    case DS_EXPR_I64:
    case DS_EXPR_U64:
      return put(s.i);
    case DS_EXPR_F16:
      return put(half(narrowed(s.f)));
    case DS_EXPR_BF16:
      return put(bfloat16(narrowed(s.f)));
    case DS_EXPR_F32:
      return put(float(s.f));
    default:
      return put(s.f);
  }
}

inline uint32_t type_bits(uint8_t type) {
  constexpr uint8_t bits[] = {64, 1, 8, 16, 32, 64, 8, 16, 32, 64, 32, 32, 32, 64};
  return bits[type];
}

inline int64_t wrap(int64_t value, uint8_t type) {
  switch (type) {
    case DS_EXPR_BOOL:
      return value != 0;
    case DS_EXPR_I8:
      return int8_t(value);
    case DS_EXPR_I16:
      return int16_t(value);
    case DS_EXPR_I32:
      return int32_t(value);
    case DS_EXPR_U8:
      return uint8_t(value);
    case DS_EXPR_U16:
      return uint16_t(value);
    case DS_EXPR_U32:
      return uint32_t(value);
    default:
      return value;
  }
}

// Truncates; NaN and what does not fit the type give 0.
inline int64_t float_to_integer(double value, uint8_t type) {
  if (type == DS_EXPR_BOOL) return value != 0;
  double t = std::trunc(value), limit = std::ldexp(1.0, int(type_bits(type)) - !is_unsigned_code(type));
  if (!(t < limit) || t < (is_unsigned_code(type) ? 0.0 : -limit)) return 0;
  return is_unsigned_code(type) ? int64_t(uint64_t(t)) : int64_t(t);
}

inline Scalar convert(Scalar s, uint8_t from, uint8_t to) {
  if (from == to) return s;
  bool float_from = is_float_code(from) || from == kWeak;
  if (is_float_code(to)) {
    if (!float_from) s.f = from == DS_EXPR_U64 ? double(uint64_t(s.i)) : double(s.i);
    if (to != DS_EXPR_F64) s.f = double(float(s.f));
    return s;
  }
  if (float_from) return {0, float_to_integer(s.f, to)};
  return {0, wrap(s.i, to)};
}

// For storing: a double on its way to 16 bits is rounded there, once.
inline Scalar convert_to_store(Scalar s, uint8_t from, uint8_t to) {
  return from == DS_EXPR_F64 && (to == DS_EXPR_F16 || to == DS_EXPR_BF16) ? s : convert(s, from, to);
}

// A program ready to run: types resolved, operands checked.
class Interpreter {
 public:
  // t: what DS_EXPR_T stands for. types: of the inputs; kWeak for numbers (attributes).
  Interpreter(const void* bytes, uint64_t size, std::vector<uint8_t> types, uint8_t t)
      : p_(Program::decode(bytes, size, types)) {
    for (Result& r : p_.results) {
      if (r.type == DS_EXPR_T) r.type = t;
      if (r.operand == DS_EXPR_T) r.operand = t;
    }
    values_.resize(p_.results.size());
    for (size_t id = 0; id < p_.results.size(); ++id) values_[id].f = p_.results[id].value;
  }

  size_t inputs() const { return p_.inputs.size(); }
  size_t outputs() const { return p_.outputs.size(); }
  uint8_t input_type(size_t i) const { return p_.results[p_.inputs[i]].type; }
  void set_input(size_t i, const Scalar& s) { values_[p_.inputs[i]] = s; }
  Scalar output(size_t k, uint8_t type) const {
    uint16_t id = p_.outputs[k];
    return convert_to_store(values_[id], p_.results[id].type, type);
  }
  void run() {
    for (size_t id = 0; id < p_.results.size(); ++id)
      if (p_.results[id].op < kInput) values_[id] = compute(p_.results[id]);
  }

 private:
  Scalar operand(uint16_t id, uint8_t type) const { return convert(values_[id], p_.results[id].type, type); }

  Scalar compute(const Result& r) const {
    if (r.op == DS_EXPR_SELECT) return operand(operand(r.a, DS_EXPR_BOOL).i ? r.b : r.c, r.type);
    if (is_test(r.op)) {
      Scalar a = operand(r.a, r.operand), b = operand(r.b, r.operand);
      bool holds = is_float_code(r.operand)      ? float_test(r.op, a.f, b.f)
                   : is_unsigned_code(r.operand) ? integer_test(r.op, uint64_t(a.i), uint64_t(b.i))
                                                 : integer_test(r.op, a.i, b.i);
      return convert({0, holds}, DS_EXPR_BOOL, r.type);
    }
    if (r.op == DS_EXPR_CAST) {
      Scalar s = convert_to_store(operand(r.a, r.operand), r.operand, r.type);
      if (r.type == DS_EXPR_F16) s.f = half(narrowed(s.f));
      if (r.type == DS_EXPR_BF16) s.f = bfloat16(narrowed(s.f));
      return s;
    }
    Scalar a = operand(r.a, r.type), b = operand(r.b, r.type), c = operand(r.c, r.type);
    if (is_float_code(r.type)) {
      double value = float_op(r.op, a.f, b.f, c.f);
      return {r.type == DS_EXPR_F64 ? value : double(float(value)), 0};
    }
    if (r.type == DS_EXPR_BOOL && r.op == DS_EXPR_BIT_NOT) return {0, !a.i};
    if (r.op >= DS_EXPR_SQRT && r.op <= DS_EXPR_SIGMOID) {  // functions of reals, of integers too
      double x = convert(a, r.type, DS_EXPR_F64).f, y = convert(b, r.type, DS_EXPR_F64).f;
      return {0, float_to_integer(float_op(r.op, x, y, 0), r.type)};
    }
    int64_t value = is_unsigned_code(r.type)
                        ? int64_t(integer_op(r.op, uint64_t(a.i), uint64_t(b.i), uint64_t(c.i), type_bits(r.type)))
                        : integer_op(r.op, a.i, b.i, c.i, type_bits(r.type));
    return {0, wrap(value, r.type)};
  }

  Program p_;
  std::vector<Scalar> values_;
};

// Runs over args' tensors; numbers: what follows the tensors among the program's inputs.
inline void interpret(const void* bytes, uint64_t size, uint8_t t, const ds_run_args& args,
                      const std::vector<double>& numbers = {}) {
  std::vector<uint8_t> types;
  for (uint32_t i = 0; i < args.input_count; ++i) types.push_back(expr_type(dtype_of(*args.inputs[i])));
  types.resize(types.size() + numbers.size(), kWeak);
  Interpreter program(bytes, size, types, t);
  for (size_t i = 0; i < numbers.size(); ++i) program.set_input(args.input_count + i, {numbers[i], 0});
  if (!args.output_count) return;

  Shape shape = shape_of(*args.outputs[0]), index = Shape::filled(shape.rank(), 0);
  struct Operand {
    char* at;
    uint8_t type;
    int64_t size;
    Shape strides;
  };
  std::vector<Operand> operands;
  auto add = [&](const ds_tensor& t) {
    ds_dtype dtype = dtype_of(t);
    operands.push_back(
        {memory_of(t), expr_type(dtype), byte_size(dtype), broadcast_strides(shape_of(t), strides_of(t), shape)});
  };
  for (uint32_t i = 0; i < args.input_count; ++i) add(*args.inputs[i]);
  for (uint32_t k = 0; k < args.output_count; ++k) add(*args.outputs[k]);

  for (int64_t left = element_count(shape); left > 0; --left) {
    for (uint32_t i = 0; i < args.input_count; ++i) program.set_input(i, load(operands[i].at, operands[i].type));
    program.run();
    for (uint32_t k = 0; k < args.output_count; ++k) {
      Operand& out = operands[args.input_count + k];
      store(out.at, out.type, program.output(k, out.type));
    }
    for (int64_t axis = shape.rank() - 1; axis >= 0; --axis) {
      for (Operand& o : operands) o.at += o.strides[axis] * o.size;
      if (++index[axis] < shape[axis]) break;
      for (Operand& o : operands) o.at -= o.strides[axis] * o.size * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace ds::expr
