// sample.h: samples of operators ("f32[2,3], i64[4]<3; axis=1"; bytes as hexadecimal digits), and the cases the suite
// derives from them.
#pragma once
#include <cstdint>
#include <deque>

#include "deepseek/ds_types.h"
#include "deepseek/schema.hpp"
#include "sdk/conformance/session.h"

namespace ds::conformance {

enum class Layout { kDense, kSteps, kBackwards, kRepeated, kOverlapping, kMixed };  // mixed: another for each input
std::string_view layout_name(Layout layout);

struct SampleInput {
  bool absent = false;
  ds_dtype dtype = 0;
  Shape shape;
  double low = 0, high = 0;  // drawn evenly from [low, high); both 0: normal for floats, -9 .. 9 for integers
  bool state = false;        // of a random operator: fixed, so that calls repeat
  bool corners = false;      // a quarter of the numbers are NaN, infinities, zeros or subnormal
};

struct Sample {
  std::string text;
  std::vector<SampleInput> inputs;
  std::vector<ds_value> attributes;  // in schema order
  Layout layout = Layout::kDense;

  std::string describe() const;
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

// All f32 inputs (and dtype attributes that say f32) in another dtype.
Sample with_dtype(Sample sample, ds_dtype dtype);

// What of a sample's neighbourhood is the operator's.
struct Family {
  bool broadcasts = false;  // elementwise: any shapes that broadcast
  bool pads = false;        // zeros around the input: kernels may skip or multiply them, an infinite weight tells
};
// Cases besides the sample itself: layouts, corners of the dtype, 0-d, empty, broadcast. Not all of them are calls the
// operator accepts.
std::vector<Sample> derived(const Sample& sample, const Family& family);

// Inputs in a session; the same seed draws the same numbers.
std::vector<Handle> make_inputs(const Session& session, const Sample& sample, uint64_t seed);

}  // namespace ds::conformance
