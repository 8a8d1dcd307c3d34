// Operators for the tests of graphs, without plugins: one for every shape a schema can have.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/mutator_test.h"
#include "core/ir/call.h"
#include "core/ir/graph.h"
#include "core/registry/table.h"

namespace ds::core::test {

// Outputs take the shape of the first input there is; the schema's dtype variable is their dtype already.
inline int32_t infer_same(void*, ds_infer_args* args) {
  for (uint32_t o = 0; o < args->output_count; ++o)
    for (uint32_t i = args->input_count; i-- > 0;)
      if (args->inputs[i]->kind == DS_KIND_TENSOR) {
        args->outputs[o]->rank = args->inputs[i]->rank;
        std::copy_n(args->inputs[i]->shape, DS_MAX_RANK, args->outputs[o]->shape);
      }
  return DS_OK;
}
inline int32_t infer_two(void* self, ds_infer_args* args) {
  args->output_count = 2;
  return infer_same(self, args);
}
inline int32_t infer_make(void*, ds_infer_args* args) {
  args->outputs[0]->dtype = ds_dtype(args->attributes[1].u.i);
  return DS_OK;
}
inline int32_t reference_nothing(void*, const ds_run_args*) { return DS_OK; }

class Operators {
 public:
  Operators() {
    add("one(x: any) -> any");
    add("other(x: any) -> any");
    add("plus(a: number, b: number) -> number");
    add("pair(x: any) -> a: any, b: any");
    add("maybe(x: float, weight: float?, bias: float?) -> float");
    add("parts(x: any*) -> any*", DS_CLASS_OPAQUE, 0, infer_two);
    add("make(*, n: int = 1, dtype: dtype = f32) -> any", DS_CLASS_CREATE, 0, infer_make);
    add("tuned(x: any, *, n: int = 1, f: float = 0.5, flag: flag = true, s: string = \"t\", is: ints = [1,2], "
        "fs: floats = [0.5], dtype: dtype = f32, bytes: bytes = none) -> any");
    add("effect(x: any, *, n: int = 0) -> any", DS_CLASS_EFFECT, DS_TRAIT_EFFECT);
  }
  const Operator& operator[](std::string_view name) const {
    for (auto& op : list_)
      if (op->name() == name) return *op;
    ADD_FAILURE() << "no operator " << name;
    return *list_[0];
  }
  static const Operator* find(void* self, std::string_view name, Status* status) {
    for (auto& op : static_cast<Operators*>(self)->list_)
      if (op->name() == name) return op.get();
    *status = error(DS_NOT_FOUND, "no operator is called ", name);
    return nullptr;
  }
  Status parse(std::string_view text, Graph* graph, std::vector<ValueId>* outputs) {
    return ds::core::parse(text, &find, this, graph, outputs);
  }

 private:
  void add(std::string_view schema, uint32_t op_class = DS_CLASS_OPAQUE, uint64_t traits = 0,
           int32_t (*infer)(void*, ds_infer_args*) = infer_same) {
    ds_operator table{};
    table.size = sizeof table;
    table.schema = {schema.data(), schema.size()};
    table.version = 1;
    table.op_class = op_class;
    table.traits = traits;
    table.infer = infer;
    table.reference = reference_nothing;
    auto op = std::make_unique<Operator>();
    Status status = make_operator(&table, op.get());
    EXPECT_TRUE(status.ok()) << status.text();
    op->id = uint32_t(list_.size() + 1);
    list_.push_back(std::move(op));
  }
  std::vector<std::unique_ptr<Operator>> list_;
};

inline ds_spec spec(std::initializer_list<int64_t> shape, ds_dtype dtype = DS_F32,
                    ds_device_id device = {DS_DEVICE_CPU, 0}) {
  return make_spec(dtype, {shape.begin(), shape.size()}, device);
}

inline Ref<Buffer> bytes(const std::string& content) {
  char* memory = new char[content.size() + 1];
  std::memcpy(memory, content.data(), content.size());
  return Ref<Buffer>(new Buffer(
      memory, content.size(), {DS_DEVICE_CPU, 0}, [](Buffer* b, void*) { delete[] static_cast<char*>(b->memory); },
      nullptr));
}

}  // namespace ds::core::test
