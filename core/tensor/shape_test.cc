#include "core/tensor/shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "core/tensor/strided.h"

namespace ds::core {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr ds_device_id kCpu{DS_DEVICE_CPU, 0};
constexpr ds_dtype kDtypes[] = {DS_BOOL, DS_I8,  DS_I16, DS_I32,  DS_I64, DS_U8,  DS_U16, DS_U32,
                                DS_U64,  DS_F16, DS_F32, DS_BF16, DS_F64, DS_C64, DS_C128};

// What check_spec promises, in arithmetic that does not overflow: the product stops growing once it is too large.
ds_status expected(const ds_spec& s, uint64_t* elements, uint64_t* nbytes) {
  if (s.rank < 0 || s.rank > DS_MAX_RANK) return DS_INVALID_ARGUMENT;
  if (!is_known(s.dtype)) return DS_DTYPE_MISMATCH;
  __int128 bytes = dtype_size(s.dtype);
  bool empty = false;
  for (int i = 0; i < s.rank; ++i) {
    if (s.shape[i] < 0) return DS_INVALID_ARGUMENT;
    if (s.shape[i] == 0)
      empty = true;
    else
      bytes = std::min(bytes * s.shape[i], __int128(1) << 63);
  }
  if (bytes > kMost) return DS_OVERFLOW;
  *nbytes = empty ? 0 : uint64_t(bytes);
  *elements = *nbytes / dtype_size(s.dtype);
  return DS_OK;
}

TEST(CheckSpec, AgreesWithWideArithmetic) {
  constexpr int64_t kExtents[] = {0,
                                  1,
                                  1,
                                  1,
                                  2,
                                  3,
                                  7,
                                  255,
                                  65536,
                                  int64_t(1) << 31,
                                  (int64_t(1) << 31) - 1,
                                  int64_t(1) << 32,
                                  int64_t(1) << 59,
                                  int64_t(1) << 60,
                                  int64_t(1) << 61,
                                  int64_t(1) << 62,
                                  kMost,
                                  kMost - 1};
  constexpr int64_t kNegative[] = {-1, -2, std::numeric_limits<int64_t>::min()};
  std::mt19937_64 random(1);
  int codes[32] = {};
  for (int n = 0; n < 1'000'000; ++n) {
    ds_spec spec{};
    spec.dtype = random() % 64 ? kDtypes[random() % std::size(kDtypes)] : ds_dtype(random());
    spec.rank = random() % 64 ? int32_t(random() % 6) : int32_t(random() % 40) - 8;
    for (int i = 0; i < std::clamp(spec.rank, 0, DS_MAX_RANK); ++i)
      spec.shape[i] = random() % 40 ? kExtents[random() % std::size(kExtents)] : kNegative[random() % 3];
    uint64_t elements = 77, nbytes = 77, want_elements = 77, want_nbytes = 77;
    Status status = check_spec(spec, &elements, &nbytes);
    ds_status want = expected(spec, &want_elements, &want_nbytes);
    ASSERT_EQ(status.code(), want) << n << " " << status.text();
    ASSERT_EQ(elements, want_elements) << n << ": untouched on failure, exact otherwise";
    ASSERT_EQ(nbytes, want_nbytes) << n;
    ++codes[want];
    if (want) continue;
    ASSERT_EQ(element_count(spec), elements) << n;
    ASSERT_EQ(byte_count(spec), nbytes) << n;
  }
  for (ds_status code : {DS_OK, DS_INVALID_ARGUMENT, DS_DTYPE_MISMATCH, DS_OVERFLOW})
    EXPECT_GT(codes[code], 1000) << "this case is hardly drawn: " << code;
}

TEST(CheckSpec, RanksOutsideAreNotRead) {
  for (int32_t rank : {-1, 17, 99, std::numeric_limits<int32_t>::max(), std::numeric_limits<int32_t>::min()}) {
    ds_spec spec{};
    spec.dtype = DS_F32;
    spec.rank = rank;
    uint64_t elements, nbytes;
    Status status = check_spec(spec, &elements, &nbytes);
    EXPECT_EQ(status.code(), DS_INVALID_ARGUMENT);
    EXPECT_NE(status.text().find("rank " + std::to_string(rank)), std::string::npos) << status.text();
  }
}

TEST(CheckSpec, AnEmptyShapeWhoseStridesOverflowIsRefused) {
  uint64_t elements, nbytes;
  int64_t shape[] = {0, int64_t(1) << 62, 4};
  EXPECT_EQ(check_spec(make_spec(DS_I8, shape, kCpu), &elements, &nbytes).code(), DS_OVERFLOW);
}

// Element numbers of a view in C order; extents are small.
std::vector<int64_t> enumerate(const ds_view_spec& v) {
  std::vector<int64_t> at{v.offset};
  for (int axis = 0; axis < v.rank; ++axis) {
    std::vector<int64_t> next;
    for (int64_t base : at)
      for (int64_t i = 0; i < v.shape[axis]; ++i) next.push_back(base + i * v.strides[axis]);
    at = std::move(next);
  }
  return at;
}

ds_view_spec random_view(std::mt19937_64& random, ds_dtype dtype = DS_F32) {
  ds_view_spec view{};
  view.dtype = dtype;
  view.rank = int32_t(random() % 5);
  view.offset = int64_t(random() % 20);
  for (int i = 0; i < view.rank; ++i) view.shape[i] = random() % 12 ? 1 + int64_t(random() % 4) : 0;
  // Half of them start as dense ones with a single stride changed, or none.
  dense_strides({view.shape, size_t(view.rank)}, view.strides);
  if (random() % 2)
    for (int i = 0; i < view.rank; ++i) view.strides[i] = int64_t(random() % 13) - 6;
  else if (view.rank && random() % 2)
    view.strides[random() % uint64_t(view.rank)] += int64_t(random() % 3) - 1;
  return view;
}

TEST(Views, DenseMeansOneAfterTheOther) {
  std::mt19937_64 random(2);
  int dense = 0;
  for (int n = 0; n < 20000; ++n) {
    ds_view_spec view = random_view(random);
    std::vector<int64_t> at = enumerate(view);
    if (at.empty()) continue;  // nobody reads anything: either answer is right
    bool gapless = true;
    for (size_t i = 0; i < at.size(); ++i) gapless &= at[i] == view.offset + int64_t(i);
    ASSERT_EQ(is_dense(view), gapless) << n << ": " << shape_text({view.shape, size_t(view.rank)}) << " strides "
                                       << shape_text({view.strides, size_t(view.rank)});
    dense += gapless;
  }
  EXPECT_GT(dense, 4000);
  EXPECT_LT(dense, 16000);
}

TEST(Views, DenseViewsAreDense) {
  std::mt19937_64 random(3);
  for (int n = 0; n < 5000; ++n) {
    ds_view_spec drawn = random_view(random);
    ds_spec spec = make_spec(DS_I16, {drawn.shape, size_t(drawn.rank)}, kCpu);
    ds_view_spec view = dense_view(spec);
    ASSERT_TRUE(is_dense(view)) << n;
    ASSERT_EQ(view.offset, 0);
    ASSERT_EQ(view.dtype, ds_dtype(DS_I16));
    ASSERT_EQ(view_elements(view), element_count(spec));
    std::vector<int64_t> at = enumerate(view);
    for (size_t i = 0; i < at.size(); ++i) ASSERT_EQ(at[i], int64_t(i)) << n;
  }
}

TEST(Views, BoundsAreTheLowestAndHighestElement) {
  std::mt19937_64 random(4);
  for (int n = 0; n < 20000; ++n) {
    ds_view_spec view = random_view(random);
    std::vector<int64_t> at = enumerate(view);
    int64_t low = 77, high = 77;
    ASSERT_TRUE(view_bounds(view, &low, &high)) << n;
    ASSERT_EQ(low, at.empty() ? 0 : *std::min_element(at.begin(), at.end())) << n;
    ASSERT_EQ(high, at.empty() ? 0 : *std::max_element(at.begin(), at.end()) + 1) << n;
    ASSERT_EQ(view_elements(view), at.size()) << n;
  }
}

TEST(Views, BoundsNoticeOverflow) {
  std::mt19937_64 random(5);
  constexpr int64_t kOffsets[] = {0, 1, -1, kMost, kMost - 1, std::numeric_limits<int64_t>::min(), int64_t(1) << 62};
  int refused = 0;
  for (int n = 0; n < 50000; ++n) {
    ds_view_spec view{};
    view.dtype = DS_I8;
    view.rank = int32_t(random() % 4);
    view.offset = kOffsets[random() % std::size(kOffsets)];
    __int128 least = view.offset, most = view.offset;
    bool fits = true;
    for (int i = 0; i < view.rank; ++i) {
      view.shape[i] = 1 + int64_t(random() >> (1 + random() % 63));
      view.strides[i] = kOffsets[random() % std::size(kOffsets)];
      __int128 reach = __int128(view.shape[i] - 1) * view.strides[i];
      fits &= reach >= std::numeric_limits<int64_t>::min() && reach <= kMost;
      (reach < 0 ? least : most) += reach;
    }
    fits &= least >= std::numeric_limits<int64_t>::min() && most < kMost;
    int64_t low, high;
    ASSERT_EQ(view_bounds(view, &low, &high), fits) << n;
    refused += !fits;
    ASSERT_TRUE(!fits || (low == int64_t(least) && high == int64_t(most) + 1)) << n;
  }
  EXPECT_GT(refused, 5000);
}

// Every element its own number, so that a wrong one is seen whatever its size.
std::vector<unsigned char> numbered(uint64_t count, uint64_t size) {
  std::vector<unsigned char> bytes(count * size);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i / size * 7 + i % size * 31 + 1);
  return bytes;
}

TEST(Strided, GatherFollowsTheViewForEverySize) {
  std::mt19937_64 random(6);
  for (int n = 0; n < 20000; ++n) {
    ds_view_spec view = random_view(random, kDtypes[random() % std::size(kDtypes)]);
    int64_t low, high;
    ASSERT_TRUE(view_bounds(view, &low, &high));
    if (low < 0) view.offset -= low;  // memory begins at element 0
    std::vector<int64_t> at = enumerate(view);
    uint64_t size = dtype_size(view.dtype), span = 1;
    for (int64_t i : at) span = std::max(span, uint64_t(i) + 1);
    std::vector<unsigned char> memory = numbered(span, size), dense(at.size() * size, 0xee);
    gather(memory.data(), view, dense.data());
    for (size_t i = 0; i < at.size(); ++i)
      ASSERT_EQ(std::memcmp(&dense[i * size], &memory[uint64_t(at[i]) * size], size), 0) << n << " element " << i;
  }
}

TEST(Strided, ScatterWritesTheViewAndNothingElse) {
  std::mt19937_64 random(7);
  for (int n = 0; n < 20000; ++n) {
    ds_view_spec view = random_view(random, kDtypes[random() % std::size(kDtypes)]);
    int64_t low, high;
    ASSERT_TRUE(view_bounds(view, &low, &high));
    if (low < 0) view.offset -= low;
    std::vector<int64_t> at = enumerate(view);
    uint64_t size = dtype_size(view.dtype), span = 4;
    for (int64_t i : at) span = std::max(span, uint64_t(i) + 4);
    std::vector<unsigned char> source = numbered(at.size(), size), memory(span * size, 0xee), wanted = memory;
    for (size_t i = 0; i < at.size(); ++i) std::memcpy(&wanted[uint64_t(at[i]) * size], &source[i * size], size);
    scatter(source.data(), view, memory.data());
    ASSERT_EQ(memory, wanted) << n << ": where a view meets itself the last element stays";
  }
}

TEST(Specs, CopiesKeepEveryExtent) {
  std::mt19937_64 random(8);
  for (int rank = 0; rank <= DS_MAX_RANK; ++rank) {
    ds_spec spec{};
    spec.dtype = DS_F64;
    spec.rank = rank;
    spec.kind = DS_KIND_SEQUENCE;
    spec.device = {7, 3};
    for (int i = 0; i < rank; ++i) spec.shape[i] = int64_t(random() % 100);
    ds_spec copy;
    clear_spec(&copy);
    for (int64_t extent : copy.shape) EXPECT_EQ(extent, 0);
    copy_spec(&copy, spec);
    EXPECT_TRUE(same_type(copy, spec)) << rank;
    if (rank == 0) continue;
    ++copy.shape[rank - 1];
    EXPECT_FALSE(same_shape(copy, spec)) << rank;
  }
}

TEST(Specs, Texts) {
  int64_t shape[] = {2, 0, 3};
  EXPECT_EQ(spec_text(make_spec(DS_BF16, shape, kCpu)), "bf16[2,0,3]");
  EXPECT_EQ(spec_text(make_spec(DS_BOOL, {}, kCpu)), "bool[]");
  ds_spec absent{};
  absent.kind = DS_KIND_OPTIONAL;
  EXPECT_EQ(spec_text(absent), "-");
}

}  // namespace
}  // namespace ds::core
