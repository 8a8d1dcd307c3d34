// elementwise_test.cc: random programs over random shapes and strides against the SDK's interpreter; in place, several
// outputs, empty and 0-d.
#include <cmath>
#include <random>

#include "deepseek/interpret.hpp"
#include "trial.h"

namespace ds::cpu {
namespace {

struct Fuzz {
  std::mt19937 random;
  explicit Fuzz(uint32_t seed) : random(seed) {}
  int pick(int n) { return int(random() % uint32_t(n)); }

  void fill(TestTensor& t) {
    for (int64_t i = 0; i < t.count(); ++i) {
      int v = pick(17) - 8;
      char* at = t.memory() + t.at(i);
      expr::Scalar s = {v / 4.0, v};
      expr::store(at, uint8_t(expr_type(t.spec.dtype)), s);
    }
  }

  // Dense, permuted, with gaps, reversed; dimensions of extent 1 for broadcasting, leading ones left out.
  TestTensor input(ds_dtype dtype, std::vector<int64_t> shape) {
    shape.erase(shape.begin(), shape.begin() + (pick(3) ? 0 : pick(int(shape.size()) + 1)));
    for (int64_t& e : shape)
      if (pick(4) == 0) e = 1;
    TestTensor t(dtype, shape);
    if (pick(2)) {
      std::vector<size_t> order(shape.size());
      for (size_t d = 0; d < order.size(); ++d) order[d] = d;
      std::shuffle(order.begin(), order.end(), random);
      int64_t step = 1 + pick(2);
      for (size_t d : order) t.strides[d] = step, step *= std::max<int64_t>(shape[d], 1) + pick(2);
      t.bytes.resize(size_t((step + 1) * item_size(dtype)) + 64);
      for (size_t d = 0; d < order.size(); ++d)
        if (pick(4) == 0 && shape[d] > 0) t.offset += t.strides[d] * (shape[d] - 1), t.strides[d] = -t.strides[d];
    }
    fill(t);
    return t;
  }
};

const ds_dtype kDtypes[] = {DS_F32, DS_F32, DS_F32, DS_F64,  DS_F16, DS_BF16,
                            DS_I32, DS_I64, DS_U8,  DS_BOOL, DS_I8,  DS_I16};
const int kFloatOps[] = {DS_EXPR_ADD,  DS_EXPR_SUB,     DS_EXPR_MUL,    DS_EXPR_MIN, DS_EXPR_MAX,
                         DS_EXPR_TANH, DS_EXPR_SIGMOID, DS_EXPR_SIN,    DS_EXPR_NEG, DS_EXPR_ABS,
                         DS_EXPR_ERF,  DS_EXPR_FMA,     DS_EXPR_SELECT, DS_EXPR_COS};
const int kIntegerOps[] = {DS_EXPR_ADD,    DS_EXPR_SUB,     DS_EXPR_MUL, DS_EXPR_MIN, DS_EXPR_MAX,
                           DS_EXPR_NEG,    DS_EXPR_ABS,     DS_EXPR_DIV, DS_EXPR_MOD, DS_EXPR_FLOOR_DIV,
                           DS_EXPR_SELECT, DS_EXPR_BIT_XOR, DS_EXPR_SIGN};
const int kTests[] = {DS_EXPR_EQ, DS_EXPR_NE, DS_EXPR_LT, DS_EXPR_LE, DS_EXPR_GT, DS_EXPR_GE, DS_EXPR_AND, DS_EXPR_OR};

void run_case(uint32_t seed) {
  Fuzz f(seed);
  std::vector<int64_t> shape;
  int rank = f.pick(5);
  const int64_t extents[] = {1, 2, 3, 5, 7, 17, 64, 65, 256, 300, 1024, 1100};
  for (int d = 0; d < rank; ++d) shape.push_back(extents[f.pick(d < rank - 1 ? 6 : 12)]);
  if (rank && f.pick(30) == 0) shape[size_t(f.pick(rank))] = 0;
  int inputs = 1 + f.pick(4), outputs = 1 + f.pick(3), count = 1 + f.pick(f.pick(5) ? 12 : 120);

  std::vector<TestTensor> in, out, want;
  std::vector<int> types;  // of results
  for (int i = 0; i < inputs; ++i) {
    in.push_back(f.input(kDtypes[f.pick(12)], shape));
    types.push_back(expr_type(in.back().spec.dtype));
  }
  ExprWriter w{inputs};
  for (int i = 0; i < 2; ++i) w.constant(f.pick(9) / 4.0 - 1), types.push_back(0);
  // Floating results stay small, so that chains do not amplify differences of rounding.
  for (int i = 0; i < count; ++i) {
    auto any = [&] { return f.pick(int(types.size())); };
    auto exact = [&] { return f.pick(inputs + 2); };  // comparisons must not depend on rounding
    int kind = f.pick(8);
    if (kind < 4) {
      int type = f.pick(3) ? DS_EXPR_F32 : f.pick(2) ? DS_EXPR_F64 : DS_EXPR_F16;
      int op = kFloatOps[f.pick(14)];
      int a = op == DS_EXPR_SELECT ? exact() : any();
      int r = w.emit(op, type, a, any(), any());
      types.push_back(type);
      if (op == DS_EXPR_MUL || op == DS_EXPR_FMA || op == DS_EXPR_ADD || op == DS_EXPR_SUB)
        if (f.pick(2)) w.emit(DS_EXPR_SIN, type, r), types.push_back(type);
    } else if (kind < 6) {
      const int integers[] = {DS_EXPR_I32, DS_EXPR_I64, DS_EXPR_I8, DS_EXPR_U8};
      int type = integers[f.pick(4)], op = kIntegerOps[f.pick(13)];
      w.emit(op, type, exact(), exact(), exact());
      types.push_back(type);
    } else if (kind == 6) {
      w.emit(kTests[f.pick(8)], DS_EXPR_BOOL, exact(), exact(), 0, f.pick(2) ? DS_EXPR_F64 : DS_EXPR_F32);
      types.push_back(DS_EXPR_BOOL);
    } else {
      int a = exact();
      int to[] = {DS_EXPR_F32, DS_EXPR_F16, DS_EXPR_BF16, DS_EXPR_I32, DS_EXPR_F64, DS_EXPR_BOOL};
      int type = to[f.pick(6)];
      w.emit(DS_EXPR_CAST, type, a, 0, 0, types[size_t(a)] ? types[size_t(a)] : DS_EXPR_F32);
      types.push_back(type);
    }
  }
  for (int k = 0; k < outputs; ++k) {
    int r = f.pick(3) ? int(types.size()) - 1 - f.pick(std::min<int>(count, 4)) : f.pick(int(types.size()));
    w.outputs.push_back(uint16_t(r));
    ds_dtype dtype = kDtypes[f.pick(12)];
    for (int t = DS_EXPR_BOOL; t <= DS_EXPR_F64; ++t)
      for (ds_dtype d : kDtypes)
        if (expr_type(d) == types[size_t(r)]) dtype = d;
    out.emplace_back(dtype, shape);
    want.emplace_back(dtype, shape);
  }

  Trial t;
  t.op = "map";
  t.op_class = DS_CLASS_ELEMENTWISE;
  for (auto& x : in) t.inputs.push_back(&x);
  for (auto& y : out) t.outputs.push_back(&y);
  t.expr = w.bytes();

  std::vector<const ds_tensor*> ref_in;
  std::vector<ds_tensor*> ref_out;
  std::vector<ds_dtype> dtypes;
  for (auto& x : in) ref_in.push_back(x.bind()), dtypes.push_back(x.spec.dtype);
  for (auto& y : want) ref_out.push_back(y.bind());
  ds_run_args args = {nullptr, ref_in.data(), ref_out.data(), nullptr, uint32_t(inputs), uint32_t(outputs), 0,
                      0,       nullptr,       nullptr};
  int node_type = 0;
  for (ds_dtype d : dtypes) {
    int type = expr_type(d);
    if (node_type <= DS_EXPR_BOOL || (type > DS_EXPR_BOOL && type > node_type)) node_type = type;
  }
  expr::interpret(t.expr.data(), t.expr.size(), uint8_t(node_type), args);

  ASSERT_EQ(t.create(), DS_OK) << seed;
  if (f.pick(3) == 0)
    for (int i = 0; i < inputs; ++i) {
      bool dense = in[size_t(i)].shape == shape && item_size(in[size_t(i)].spec.dtype) == item_size(out[0].spec.dtype);
      TestTensor plain(in[size_t(i)].spec.dtype, in[size_t(i)].shape);
      if (!dense || plain.strides != in[size_t(i)].strides || !(t.offer.in_place >> i & 1)) continue;
      t.out[0]->dl.data = t.in[size_t(i)]->dl.data;
      t.out[0]->dl.byte_offset = t.in[size_t(i)]->dl.byte_offset;
      break;
    }
  ASSERT_EQ(t.kernel->run(t.state, &t.args), DS_OK) << seed;
  for (int k = 0; k < outputs; ++k) {
    TestTensor& y = out[size_t(k)];
    char* got_memory = static_cast<char*>(t.out[size_t(k)]->dl.data) + t.out[size_t(k)]->dl.byte_offset;
    uint8_t type = uint8_t(expr_type(y.spec.dtype));
    double tolerance = type == DS_EXPR_F64 ? 2e-5 : type == DS_EXPR_F16 ? 4e-3 : type == DS_EXPR_BF16 ? 3e-2 : 2e-5;
    for (int64_t i = 0; i < y.count(); ++i) {
      expr::Scalar got = expr::load(got_memory + i * item_size(y.spec.dtype), type);
      expr::Scalar expected = expr::load(want[size_t(k)].memory() + want[size_t(k)].at(i), type);
      bool same = got.i == expected.i && (std::abs(got.f - expected.f) <= tolerance * (1 + std::abs(expected.f)) ||
                                          (got.f != got.f && expected.f != expected.f) || got.f == expected.f);
      if (type < DS_EXPR_F16 && types[w.outputs[size_t(k)]] >= DS_EXPR_F16)
        same = true;  // truncation of a rounded value
      ASSERT_TRUE(same) << "seed " << seed << " output " << k << " type " << int(type) << " element " << i << ": "
                        << got.f << '/' << got.i << ", want " << expected.f << '/' << expected.i;
    }
  }
}

TEST(Elementwise, RandomPrograms) {
  for (uint32_t seed = 1; seed <= 600; ++seed) {
    run_case(seed);
    if (HasFatalFailure()) return;
  }
}

Trial add_trial(TestTensor& a, TestTensor& b, TestTensor& y) {
  Trial t;
  t.op = "add";
  t.op_class = DS_CLASS_ELEMENTWISE;
  t.inputs = {&a, &b};
  t.outputs = {&y};
  ExprWriter w{2};
  w.outputs = {uint16_t(w.emit(DS_EXPR_ADD, DS_EXPR_T, 0, 1))};
  t.expr = w.bytes();
  return t;
}

// From this size on outputs go past the caches; the tail does not.
TEST(Elementwise, Large) {
  int64_t n = (3 << 20) + 13;
  TestTensor a(DS_F32, {n}), b(DS_F32, {n}), y(DS_F32, {n});
  for (int64_t i = 0; i < n; ++i) a.get<float>(i) = float(i % 1001), b.get<float>(i) = float(i % 13);
  Trial t = add_trial(a, b, y);
  ASSERT_EQ(t.run(), DS_OK);
  for (int64_t i = 0; i < n; ++i) ASSERT_EQ(y.get<float>(i), float(i % 1001 + i % 13)) << i;
}

TEST(Elementwise, AttributesAreInputsOfTheProgram) {
  TestTensor x(DS_F32, {3}), y(DS_F32, {3});
  for (int i = 0; i < 3; ++i) x.get<float>(i) = float(i);
  Trial t;
  t.op = "leaky";
  t.op_class = DS_CLASS_ELEMENTWISE;
  t.inputs = {&x};
  t.outputs = {&y};
  t.attributes = {real(0.5)};
  ExprWriter w{2};
  w.outputs = {uint16_t(w.emit(DS_EXPR_MUL, DS_EXPR_T, 0, 1))};
  t.expr = w.bytes();
  ASSERT_EQ(t.run(), DS_OK);
  EXPECT_EQ(y.get<float>(2), 1.0f);
}

TEST(Elementwise, MalformedProgramsAreNotSupported) {
  TestTensor x(DS_F32, {3}), y(DS_F32, {3});
  Trial good = add_trial(x, x, y);
  for (size_t cut : {size_t{0}, size_t{8}, size_t{16}, size_t{27}, good.expr.size() - 8}) {
    Trial t = add_trial(x, x, y);
    t.expr.resize(cut);
    EXPECT_NE(t.create(), DS_OK) << cut;
  }
  Trial ahead = add_trial(x, x, y);
  ds_expr_instruction in;
  std::memcpy(&in, ahead.expr.data() + 16, sizeof in);
  in.b = 9;
  std::memcpy(ahead.expr.data() + 16, &in, sizeof in);
  EXPECT_EQ(ahead.create(), DS_UNSUPPORTED);
}

}  // namespace
}  // namespace ds::cpu
