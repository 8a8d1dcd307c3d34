// loss.h: what the losses share: their `reduction` and integer targets.
#pragma once
#include <deepseek/operator.hpp>

namespace ds::nn {

enum class Reduction { kNone, kSum, kMean };

inline Reduction reduction_of(const Attributes& a) {
  const auto text = a.attr<std::string_view>("reduction");
  DS_REQUIRE_AS(DS_INVALID_ARGUMENT, text == "none" || text == "sum" || text == "mean",
                "reduction is none, sum or mean, got ", text);
  return text == "none" ? Reduction::kNone : text == "sum" ? Reduction::kSum : Reduction::kMean;
}

inline void infer_loss(Infer& i, const Shape& elements) {
  i.output(0, reduction_of(i) == Reduction::kNone ? elements : Shape());
}

inline Node reduce_loss(const Attributes& a, const Node& losses) {
  const Reduction reduction = reduction_of(a);
  return reduction == Reduction::kNone ? losses : reduction == Reduction::kSum ? sum(losses, {}) : mean(losses, {});
}

// The axis of the classes: the only one, or the second.
inline int64_t class_axis(int64_t rank) { return rank == 1 ? 0 : 1; }

inline Shape without_classes(const Shape& x) {
  DS_REQUIRE(x.rank() >= 1, "scores have an axis of classes, got ", x);
  Shape rest = x;
  rest.erase(class_axis(x.rank()));
  return rest;
}

// Integer targets in C order, checked; ignored ones read as -1.
class Targets {
 public:
  Targets(const Attributes& a, const ds_tensor& t, int64_t classes)
      : ignored_(a.attr<int64_t>("ignore_index")), classes_(classes) {
    const auto type = expr_type(dtype_of(t));
    const Shape shape = shape_of(t);
    for (Walk at(shape, {strides_of(t)}); at; ++at) {
      const int64_t value = expr::load(memory_of(t) + at[0] * byte_size(dtype_of(t)), type).i;
      DS_REQUIRE_AS(DS_OUT_OF_RANGE, value == ignored_ || (value >= 0 && value < classes_), "target ", value,
                    " is not one of ", classes_, " classes");
      values_.push_back(value == ignored_ ? -1 : value);
      counted_ += value != ignored_;
    }
  }
  const std::vector<int64_t>& values() const { return values_; }
  // What a loss of these targets is divided by.
  double divisor(Reduction reduction) const { return reduction == Reduction::kMean ? double(counted_) : 1; }

 private:
  int64_t ignored_, classes_, counted_ = 0;
  std::vector<int64_t> values_;
};

}  // namespace ds::nn
