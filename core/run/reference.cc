#include "core/run/reference.h"

#include <cstdlib>

namespace ds::core {

Ref<Buffer> host_buffer(uint64_t nbytes) {
  void* memory = std::aligned_alloc(64, (nbytes + 64) & ~63ull);
  if (!memory) throw std::bad_alloc();
  return Ref<Buffer>(new Buffer(
      memory, nbytes, {DS_DEVICE_CPU, 0}, [](Buffer* b, void*) { std::free(b->memory); }, nullptr));
}

void TensorRecord::set(const ds_view_spec& view, ds_device_id device, uint64_t nbytes) {
  tensor = ds_tensor{};
  std::copy(view.shape, view.shape + view.rank, shape);
  std::copy(view.strides, view.strides + view.rank, strides);
  tensor.dl = {nullptr, device, view.rank, to_dl(view.dtype), shape, strides, 0};
  tensor.size = sizeof(ds_tensor);
  tensor.nbytes = nbytes;
  tensor.flags = is_dense(view) ? DS_TENSOR_DENSE : 0;
}

Status run_reference(const Graph& graph, const Node& node, std::span<const Ref<Buffer>> inputs,
                     std::vector<Ref<Buffer>>* outputs) {
  if (!node.op->table.reference) return error(DS_UNIMPLEMENTED, node.op->name(), " has no reference");
  std::vector<TensorRecord> records(inputs.size() + node.output_count);
  std::vector<const ds_tensor*> in;
  std::vector<ds_tensor*> out;
  auto values = graph.inputs(node);
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) {
      in.push_back(nullptr);
      continue;
    }
    const ds_spec& spec = graph.value(values[i]).spec;
    records[i].set(dense_view(spec), spec.device, byte_count(spec));
    records[i].tensor.dl.data = inputs[i]->memory;
    in.push_back(&records[i].tensor);
  }
  for (uint32_t i = 0; i < node.output_count; ++i) {
    const ds_spec& spec = graph.value(node.first_output + i).spec;
    TensorRecord& record = records[inputs.size() + i];
    outputs->push_back(host_buffer(byte_count(spec)));
    record.set(dense_view(spec), spec.device, byte_count(spec));
    record.tensor.dl.data = outputs->back()->memory;
    out.push_back(&record.tensor);
  }
  ErrorSink sink;
  ds_run_args args{sink.get(),
                   in.data(),
                   out.data(),
                   graph.attributes(node).data(),
                   uint32_t(in.size()),
                   uint32_t(out.size()),
                   node.attribute_count,
                   0,
                   nullptr,
                   nullptr};
  return sink.take(node.op->table.reference(node.op->table.self, &args), node.op->name());
}

}  // namespace ds::core
