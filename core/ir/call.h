// One call, worked out: promotion by the schema, attributes completed, outputs inferred. Nothing is recorded here.
#pragma once
#include "core/base/small.h"
#include "core/registry/operator.h"
#include "core/tensor/shape.h"

namespace ds::core {

struct CallInput {
  const ds_spec* spec = nullptr;  // null: absent optional
  Weak weak = Weak::kNone;        // a scalar without a width of its own; spec is then 0-d
};

struct Call {
  Small<ds_dtype, 8> input_dtypes;  // what each input must be cast to; 0 = absent
  Small<ds_value, 8> attributes;    // complete
  Small<ds_spec, 2> outputs;
};

// Fails with the operator's name in the text: counts, attributes, dtypes, shapes, devices.
Status plan_call(const Operator& op, std::span<const CallInput> inputs, std::span<const ds_value> attributes,
                 ds_dtype default_float, Call* call);

// Where the elements of a view operator's result lie. *materialize: not a view of this source, copy it first.
Status plan_view(const Operator& op, const ds_spec& input, const ds_view_spec& source,
                 std::span<const ds_value> attributes, ds_view_spec* result, bool* materialize);

// Attributes by name to schema order.
Status order_attributes(const Operator& op, std::span<const ds_attribute> named, Small<ds_value, 8>* ordered);

}  // namespace ds::core
