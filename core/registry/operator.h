// An operator as the core sees it: its descriptor, grown to full size, and its parsed schema.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "deepseek/draft/operator.h"

namespace ds::core {

enum class TypeClass : uint8_t { kAny, kNumber, kReal, kFloat, kInt, kBool, kComplex, kExact };

struct TypeVariable {
  TypeClass type_class;
  ds_dtype exact;  // kExact: the dtype
};

struct Parameter {
  std::string name;
  uint8_t variable;  // index into Schema::variables: inputs that share it are promoted together
  bool optional = false;
  bool variadic = false;
};

struct AttributeSpec {
  std::string name;
  uint32_t tag;  // DS_INT, DS_FLOAT, DS_FLAG, DS_STRING, DS_INTS, DS_FLOATS, DS_TYPE, DS_BYTES
  bool required = false;
  ds_value fallback{};  // borrows from storage
  std::shared_ptr<void> storage;
};

struct Schema {
  std::string name;
  std::vector<TypeVariable> variables;
  std::vector<Parameter> inputs;
  std::vector<AttributeSpec> attributes;
  std::vector<Parameter> outputs;
  int state_input = -1;  // of a random operator: the input `state`, which the host fills

  bool variadic_inputs() const { return !inputs.empty() && inputs.back().variadic; }
  bool variadic_outputs() const { return !outputs.empty() && outputs.back().variadic; }
};

// Fails: DS_BAD_PLUGIN, with the column.
Status parse_schema(std::string_view text, Schema* schema);

struct Operator {
  uint32_t id = 0;
  Schema schema;
  ds_operator table{};  // full size; absent slots are NULL, as the optional ones are
  std::string role, plugin;

  const std::string& name() const { return schema.name; }
  bool is(uint32_t op_class) const { return table.op_class == op_class; }
  bool has(uint64_t trait) const { return table.traits & trait; }
  bool reads_input(uint32_t i) const { return table.reads_inputs >> (i < 63 ? i : 63) & 1; }
  bool reads_output(uint32_t i) const { return table.reads_outputs >> (i < 63 ? i : 63) & 1; }
};

}  // namespace ds::core
