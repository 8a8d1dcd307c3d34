// gradients.h: gradients in f64 against central differences, first and second order.
#pragma once
#include "sdk/conformance/conformance.h"
#include "sdk/conformance/sample.h"

namespace ds::conformance {

// sample: with f64 inputs, dense. Adds to the report; an operator without gradient is an exclusion.
void check_gradients(const Session& session, ds_operator_id op, const Sample& sample, Report* report);

}  // namespace ds::conformance
