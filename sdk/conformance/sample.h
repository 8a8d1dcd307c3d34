// sample.h: samples of operators ("f32[2,3], i64[4]<3; axis=1"; bytes as hexadecimal digits), and the cases the suite
// derives from them.
#pragma once
#include <cstdint>
#include <deque>

#include "deepseek/ds_types.h"
#include "deepseek/schema.hpp"
#include "sdk/conformance/session.h"

namespace ds::conformance {

enum class Layout { kDense, kSteps, kBackwards, kRepeated, kOverlapping };
std::string_view layout_name(Layout layout);

struct SampleInput {
  bool absent = false;
  ds_dtype dtype = 0;
  Shape shape;
  double low = 0, high = 0;  // drawn evenly from [low, high); both 0: normal for floats, -9 .. 9 for integers
  bool state = false;        // of a random operator: fixed, so that calls repeat
};

struct Sample {
  std::string text;
  std::vector<SampleInput> inputs;
  std::vector<ds_value> attributes;  // in schema order
  Layout layout = Layout::kDense;
  bool corners = false;  // a quarter of the numbers of float inputs are NaN, infinities, zeros or subnormal

  std::string describe() const;
  bool has_float() const;
};

// Owns what attributes point to.
class SampleReader {
 public:
  // Throws Error with the place that does not parse.
  Sample read(const Schema& schema, const std::string& line);

 private:
  ds_value attribute(std::string_view kind, std::string_view text);
  std::deque<std::string> strings_;
  std::deque<std::vector<int64_t>> ints_;
  std::deque<std::vector<double>> floats_;
};

// All f32 inputs (and dtype attributes that say f32) in another float dtype.
Sample with_float_dtype(Sample sample, ds_dtype dtype);

// Cases besides the sample itself: layouts, corners of the dtype, 0-d, empty. Not all of them are calls the operator accepts.
std::vector<Sample> derived(const Sample& sample);

// Inputs in a session; the same seed draws the same numbers.
std::vector<Handle> make_inputs(const Session& session, const Sample& sample, uint64_t seed);

}  // namespace ds::conformance
