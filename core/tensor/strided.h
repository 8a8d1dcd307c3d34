// Copying elements between strided and dense memory of the host.
#pragma once
#include "core/tensor/shape.h"

namespace ds::core {

// source points at the memory that view.offset is relative to; target receives dense C order.
void gather(const void* source, const ds_view_spec& view, void* target);
// The other way: dense C order into the elements of the view.
void scatter(const void* source, const ds_view_spec& view, void* target);

}  // namespace ds::core
