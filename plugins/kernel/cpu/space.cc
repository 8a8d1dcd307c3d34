// space.cc: joins dimensions and classifies inputs.
#include "space.h"

#include <algorithm>

namespace ds::cpu {
namespace {

constexpr int64_t kLongRow = 1024;  // rows from here on are cut into tiles of their own
constexpr int64_t kGoodRow = 256;   // so are shorter ones that need no tail
constexpr int64_t kMaxPeriod = 4096;

void join(Space& s) {
  auto& e = s.extents;
  for (size_t d = 0; d < e.size();) {
    bool joins = e[d] == 1;
    if (!joins && d + 1 < e.size()) {
      joins = true;
      for (const Input& in : s.inputs) joins &= in.strides[d] == in.strides[d + 1] * e[d + 1];
      if (joins) e[d + 1] *= e[d];
    }
    if (!joins) {
      ++d;
      continue;
    }
    e.erase(e.begin() + d);
    for (Input& in : s.inputs) in.strides.erase(in.strides.begin() + d);
  }
}

bool dense_from(const Space& s, const Input& in, size_t first) {
  int64_t step = in.size;
  for (size_t d = s.extents.size(); d-- > first;) {
    if (in.strides[d] != step) return false;
    step *= s.extents[d];
  }
  return true;
}

void classify(const Space& s, Input& in) {
  size_t rank = s.extents.size();
  bool scalar = std::all_of(in.strides.begin(), in.strides.end(), [](int64_t v) { return v == 0; });
  if (scalar) {
    in.access = Access::kScalar;
  } else if (s.by_rows) {
    int64_t step = in.strides[rank - 1];
    in.access = step == 0 ? Access::kRowScalar : step == in.size ? Access::kDirect : Access::kStrided;
  } else if (dense_from(s, in, 0)) {
    in.access = Access::kDirect;
  } else {
    in.access = Access::kGather;
    size_t first = 0;
    while (first < rank && in.strides[first] == 0) ++first;
    int64_t period = 1;
    for (size_t d = first; d < rank; ++d) period *= s.extents[d];
    if (first > 0 && period <= kMaxPeriod && dense_from(s, in, first)) {
      in.access = Access::kPeriodic;
      in.period = period;
    }
  }
}

}  // namespace

Space make_space(const ds_node& node) {
  Space s;
  const ds_spec& out = *node.outputs[0];
  s.extents.assign(out.shape, out.shape + out.rank);
  for (uint32_t i = 0; i < node.input_count; ++i) {
    const ds_spec& spec = *node.inputs[i];
    std::vector<int64_t> strides = input_strides(node, i);
    Input in;
    in.size = int(item_size(spec.dtype));
    in.strides.assign(out.rank, 0);
    int32_t offset = out.rank - spec.rank;
    if (offset < 0) throw Unsupported("an input has more dimensions than the output");
    for (int32_t d = 0; d < spec.rank; ++d) {
      if (spec.shape[d] != out.shape[d + offset] && spec.shape[d] != 1)
        throw Unsupported("an input does not broadcast to the output");
      if (spec.shape[d] != 1) in.strides[d + offset] = strides[d] * in.size;
    }
    s.inputs.push_back(std::move(in));
  }
  for (int64_t e : s.extents) s.count *= e;
  join(s);
  if (!s.extents.empty()) s.inner = s.extents.back();
  s.by_rows = s.extents.size() < 2 || s.inner >= kLongRow || (s.inner >= kGoodRow && s.inner % 64 == 0);
  s.rows = s.by_rows && s.inner ? s.count / s.inner : 1;
  if (!s.by_rows) s.inner = s.count;
  for (Input& in : s.inputs) classify(s, in);
  return s;
}

}  // namespace ds::cpu
