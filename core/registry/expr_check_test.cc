#include "core/registry/expr_check.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace ds::core {
namespace {

struct Program {
  std::vector<ds_expr_instruction> instructions;
  std::vector<uint16_t> outputs;
  uint16_t inputs = 1, constants = 0;

  std::vector<uint64_t> bytes(uint32_t* size) const {
    uint32_t raw = uint32_t(16 + 8 * constants + 12 * instructions.size() + 2 * outputs.size());
    *size = (raw + 7) / 8 * 8;
    std::vector<uint64_t> words(*size / 8);
    auto* base = reinterpret_cast<char*>(words.data());
    ds_expr_header h{DS_EXPR_MAGIC, inputs, constants, uint16_t(instructions.size()), uint16_t(outputs.size()), *size};
    std::memcpy(base, &h, 16);
    char* at = base + 16 + 8 * constants;
    if (!instructions.empty()) std::memcpy(at, instructions.data(), 12 * instructions.size());
    if (!outputs.empty()) std::memcpy(at + 12 * instructions.size(), outputs.data(), 2 * outputs.size());
    return words;
  }
  Status check() const {
    uint32_t size, in, out;
    auto words = bytes(&size);
    return check_expr(words.data(), size, &in, &out);
  }
};

ds_expr_instruction instruction(int op, int a, int b = 0, int c = 0) {
  return {uint8_t(op), 0, 0, 0, uint16_t(a), uint16_t(b), uint16_t(c), 0};
}

Program silu() { return {{instruction(DS_EXPR_SIGMOID, 0), instruction(DS_EXPR_MUL, 0, 1)}, {2}}; }

TEST(ExprCheck, AcceptsAProgram) {
  uint32_t size, inputs = 0, outputs = 0;
  auto words = silu().bytes(&size);
  Status status = check_expr(words.data(), size, &inputs, &outputs);
  EXPECT_TRUE(status.ok()) << status.text();
  EXPECT_EQ(inputs, 1u);
  EXPECT_EQ(outputs, 1u);
}

TEST(ExprCheck, RefusesWhatDoesNotHold) {
  auto refused = [](Program p, std::string_view why) {
    Status status = p.check();
    EXPECT_EQ(status.code(), DS_BAD_PLUGIN);
    EXPECT_NE(status.text().find(why), std::string::npos) << status.text();
  };
  Program p = silu();
  p.instructions[0].a = 1;  // itself
  refused(p, "operand 1 is not below its own number 1");
  p = silu();
  p.instructions[1].op = 63;
  refused(p, "unknown operation 63");
  p = silu();
  p.instructions[1].type = 14;
  refused(p, "unknown type 14");
  p = silu();
  p.instructions[0].b = 1;
  refused(p, "takes 1 operands");
  p = silu();
  p.outputs = {3};
  refused(p, "output 0 is result 3 of 3");
  p = silu();
  p.outputs = {};
  refused(p, "no result");
  p = silu();
  p.inputs = 2000;
  refused(p, "at most 1024");
}

TEST(ExprCheck, RefusesWrongSizes) {
  uint32_t size, in, out;
  auto words = silu().bytes(&size);
  for (uint32_t n = 0; n < size; ++n) EXPECT_FALSE(check_expr(words.data(), n, &in, &out).ok()) << n;
  EXPECT_FALSE(check_expr(nullptr, 0, &in, &out).ok());
  EXPECT_FALSE(check_expr(reinterpret_cast<char*>(words.data()) + 4, size - 4, &in, &out).ok());
}

TEST(ExprCheck, SurvivesFlippedBytes) {
  std::mt19937 random(7);
  uint32_t size, in, out;
  auto words = silu().bytes(&size);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    auto mutated = words;
    reinterpret_cast<unsigned char*>(mutated.data())[random() % size] = static_cast<unsigned char>(random());
    accepted += check_expr(mutated.data(), size, &in, &out).ok();
  }
  EXPECT_LT(accepted, 10000);
}

}  // namespace
}  // namespace ds::core
