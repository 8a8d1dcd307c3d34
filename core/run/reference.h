// Running an operator's reference: for constants, and where no kernel takes a node.
#pragma once
#include "core/ir/graph.h"

namespace ds::core {

// Memory of the process, for constants.
Ref<Buffer> host_buffer(uint64_t nbytes);

// A ds_tensor with the shape and strides it points to.
struct TensorRecord {
  ds_tensor tensor;
  int64_t shape[DS_MAX_RANK];
  int64_t strides[DS_MAX_RANK];

  void set(const ds_view_spec& view, ds_device_id device, uint64_t nbytes);
};

// Dense inputs (empty = absent) and outputs, on the cpu.
Status run_reference(const Graph& graph, const Node& node, std::span<const Ref<Buffer>> inputs,
                     std::vector<Ref<Buffer>>* outputs);

}  // namespace ds::core
