#include "core/registry/expr_check.h"

#include <cstring>

namespace ds::core {
namespace {

struct OpInfo {
  const char* name;
  int operands;
};

OpInfo op_info(uint8_t op) {
  switch (op) {
#define DS_CASE(name, number, operands) \
  case number:                          \
    return {#name, operands};
    DS_EXPR_OPS(DS_CASE)
#undef DS_CASE
    default:
      return {nullptr, 0};
  }
}

template <class... Parts>
Status bad(const Parts&... what) {
  return error(DS_BAD_PLUGIN, "expr: ", what...);
}

Status check_instruction(const ds_expr_instruction& i, uint32_t index, uint32_t own) {
  OpInfo info = op_info(i.op);
  if (!info.name) return bad("instruction ", index, ": unknown operation ", int(i.op));
  if (i.type > DS_EXPR_F64 || i.operand > DS_EXPR_F64)
    return bad("instruction ", index, " (", info.name, "): unknown type ",
               int(i.type > DS_EXPR_F64 ? i.type : i.operand));
  if (i.reserved || i.reserved2) return bad("instruction ", index, " (", info.name, "): reserved fields are set");
  const uint16_t operands[] = {i.a, i.b, i.c};
  for (int k = 0; k < 3; ++k) {
    if (k < info.operands && operands[k] >= own)
      return bad("instruction ", index, " (", info.name, "): operand ", operands[k], " is not below its own number ",
                 own);
    if (k >= info.operands && operands[k])
      return bad("instruction ", index, " (", info.name, "): takes ", info.operands, " operands, operand ", k,
                 " is set");
  }
  return {};
}

}  // namespace

Status check_expr(const void* bytes, uint64_t size, uint32_t* inputs, uint32_t* outputs) {
  ds_expr_header header;
  if (!bytes || size < sizeof header) return bad("the program has ", size, " bytes, its header alone ", sizeof header);
  if (reinterpret_cast<uintptr_t>(bytes) % 8) return bad("the program is not aligned to 8 bytes");
  std::memcpy(&header, bytes, sizeof header);
  if (header.magic != DS_EXPR_MAGIC) return bad("the magic number is wrong");
  uint32_t first = uint32_t(header.inputs) + header.constants, results = first + header.instructions;
  if (results > DS_EXPR_MAX_RESULTS) return bad(results, " results, at most ", DS_EXPR_MAX_RESULTS);
  if (!results || !header.outputs) return bad("the program has no result");
  if (header.outputs > DS_EXPR_MAX_RESULTS) return bad(header.outputs, " outputs, at most ", DS_EXPR_MAX_RESULTS);
  uint64_t instructions_at = sizeof header + 8ull * header.constants;
  uint64_t outputs_at = instructions_at + sizeof(ds_expr_instruction) * uint64_t(header.instructions);
  uint64_t end = outputs_at + 2ull * header.outputs;
  if (header.bytes != size) return bad("the program says ", header.bytes, " bytes, there are ", size);
  if (size < end || size > end + 14) return bad("the counts make ", end, " bytes, there are ", size);

  auto* base = static_cast<const unsigned char*>(bytes);
  for (uint32_t i = 0; i < header.instructions; ++i) {
    ds_expr_instruction instruction;
    std::memcpy(&instruction, base + instructions_at + i * sizeof instruction, sizeof instruction);
    DS_RETURN_IF_ERROR(check_instruction(instruction, i, first + i));
  }
  for (uint32_t i = 0; i < header.outputs; ++i) {
    uint16_t result;
    std::memcpy(&result, base + outputs_at + 2 * i, 2);
    if (result >= results) return bad("output ", i, " is result ", result, " of ", results);
  }
  *inputs = header.inputs;
  *outputs = header.outputs;
  return {};
}

}  // namespace ds::core
