// fake_operators.hpp: operators of the graphs that tests of passes are written in (pass_test.hpp).
#pragma once
#include <map>
#include <string>
#include <vector>

#include "deepseek/draft/operator.h"
#include "deepseek/expr.hpp"

namespace ds::test {

struct FakeOperator {
  std::string name, role;
  uint32_t op_class = DS_CLASS_OPAQUE;
  uint64_t traits = 0;
  expr::Bytes program{};
  uint64_t in_place = 0;  // what its kernel offers
};

// One instruction over all inputs, of type T; comparisons yield bool.
inline FakeOperator elementwise(std::string name, uint8_t op) {
  expr::Program p;
  uint16_t in[3] = {};
  for (int k = 0; k < expr::operand_count(op); ++k) in[k] = p.input(DS_EXPR_T);
  bool test = op >= DS_EXPR_EQ && op <= DS_EXPR_NOT;
  p.outputs = {p.instruction(op, test ? DS_EXPR_BOOL : DS_EXPR_T, DS_EXPR_T, in[0], in[1], in[2])};
  return {std::move(name), "", DS_CLASS_ELEMENTWISE, 0, p.encode(), ~0ull};
}

inline std::map<std::string, FakeOperator> fake_operators() {
  std::map<std::string, FakeOperator> all;
  auto add = [&](FakeOperator op) { all[op.name] = std::move(op); };
  const std::pair<const char*, uint8_t> simple[] = {
      {"add", DS_EXPR_ADD}, {"sub", DS_EXPR_SUB},   {"mul", DS_EXPR_MUL},    {"div", DS_EXPR_DIV},
      {"neg", DS_EXPR_NEG}, {"tanh", DS_EXPR_TANH}, {"exp", DS_EXPR_EXP},    {"abs", DS_EXPR_ABS},
      {"pow", DS_EXPR_POW}, {"max", DS_EXPR_MAX},   {"greater", DS_EXPR_GT}, {"where", DS_EXPR_SELECT},
      {"not", DS_EXPR_NOT}, {"and", DS_EXPR_AND}};
  for (auto& [name, op] : simple) add(elementwise(name, op));
  expr::Program scale;  // scale(x, *, factor: float): an attribute is an input of the program
  uint16_t x = scale.input(DS_EXPR_T), factor = scale.input(expr::kWeak);
  scale.outputs = {scale.instruction(DS_EXPR_MUL, DS_EXPR_T, 0, x, factor)};
  add({"scale", "", DS_CLASS_ELEMENTWISE, 0, scale.encode(), 1});
  add({"cast", "cast"});
  add({"copy", "copy"});
  add({"fill", "fill", DS_CLASS_CREATE});
  add({"map", "map", DS_CLASS_ELEMENTWISE, 0, {}, ~0ull});
  add({"matmul", "", DS_CLASS_CONTRACTION});
  add({"sum", "", DS_CLASS_REDUCE});
  add({"normal", "", DS_CLASS_RANDOM});
  add({"print", "", DS_CLASS_EFFECT, DS_TRAIT_EFFECT});
  return all;
}

inline std::string spec_text(const ds_spec& s) {
  return cat(dtype_name(s.dtype), std::span<const int64_t>(s.shape, size_t(s.rank)));
}

// "{mul.f32(0,#2) tanh.f32(t0)}": operands are inputs, #constants and t-instructions.
inline std::string program_text(std::span<const char> bytes) {
  ds_expr_header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  expr::Program p = expr::Program::decode(bytes.data(), bytes.size(), std::vector<uint8_t>(header.inputs, DS_EXPR_T));
  auto lower = [](std::string s) {
    for (char& c : s) c = char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    return s;
  };
  auto name = [&](int op) -> std::string {
    switch (op) {
#define DS_NAME_CASE(name, number, operands) \
  case number:                               \
    return lower(#name);
      DS_EXPR_OPS(DS_NAME_CASE)
#undef DS_NAME_CASE
    }
    return "?";
  };
  std::string out = "{";
  std::vector<std::string> text;
  int instructions = 0;
  for (const expr::Result& r : p.results) {
    if (r.op == expr::kInput) {
      text.push_back(cat(r.a));
    } else if (r.op == expr::kConstant) {
      text.push_back(cat("#", r.value));
    } else {
      const uint16_t from[] = {r.a, r.b, r.c};
      out += cat(instructions ? " " : "", name(r.op), ".", r.type ? dtype_name(expr_dtype(r.type)) : "T", "(");
      for (int k = 0; k < expr::operand_count(r.op); ++k) out += (k ? "," : "") + text[from[k]];
      out += ")";
      text.push_back(cat("t", instructions++));
    }
  }
  return out + "}";
}

}  // namespace ds::test
