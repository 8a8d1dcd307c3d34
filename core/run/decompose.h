// A composite's own decomposition, inserted before it.
#pragma once
#include "core/run/edit.h"

namespace ds::core {

Status decompose_node(Edit& edit, NodeId node, std::vector<ValueId>* outputs);

}  // namespace ds::core
