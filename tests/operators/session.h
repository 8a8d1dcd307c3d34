// session.h: operators called through ds.h in double precision, and their gradients checked against differences.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "deepseek/ds.h"
#include "deepseek/schema.hpp"

namespace ds::test {

using Dims = std::vector<int64_t>;
using Doubles = std::vector<double>;

// A dense tensor of any dtype whose values a double can hold.
struct Array {
  Dims shape;
  Doubles values;
  ds_dtype dtype = DS_F64;
  bool absent = false;
  Array() : absent(true) {}
  Array(Dims s, Doubles v, ds_dtype d = DS_F64) : shape(std::move(s)), values(std::move(v)), dtype(d) {}
  explicit Array(double scalar) : values{scalar} {}
  int64_t size() const { return static_cast<int64_t>(values.size()); }
};

inline int64_t count_of(const Dims& shape) {
  int64_t n = 1;
  for (int64_t extent : shape) n *= extent;
  return n;
}

inline Array random_array(Dims shape, uint32_t seed, double low = -2, double high = 2) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> draw(low, high);
  Array a(std::move(shape), {});
  for (int64_t i = count_of(a.shape); i > 0; --i) a.values.push_back(draw(engine));
  return a;
}

struct Dtype {
  ds_dtype value;
};
struct Bytes {
  std::string text;
};
using Attribute = std::variant<int64_t, double, bool, std::string, Dims, Doubles, Dtype, Bytes>;
using Options = std::map<std::string, Attribute>;

class Session {
 public:
  explicit Session(const std::map<std::string, bool>& flags = {}) {
    EXPECT_EQ(ds_context_create(&context), DS_OK);
    for (const auto& [name, on] : flags) {
      ds_value value{DS_FLAG, 0, {.i = on}};
      ok(ds_set_option(context, name.data(), name.size(), &value));
    }
  }
  ~Session() { ds_context_destroy(context); }
  Session(const Session&) = delete;

  std::string error() const {
    ds_text text{};
    ds_error(context, nullptr, &text, nullptr);
    return {text.data, text.size};
  }
  void ok(int32_t status) const { EXPECT_EQ(status, DS_OK) << ds_status_name(status) << ": " << error(); }

  std::vector<std::string> operators() const {
    std::vector<std::string> names;
    ok(ds_operators(context, collect, &names));
    return names;
  }
  std::string info(std::string_view op, std::string_view what) const {
    std::vector<std::string> lines;
    ds_operator_id id = 0;
    ok(ds_operator_find(context, op.data(), op.size(), &id));
    ok(ds_operator_info(context, id, what.data(), what.size(), collect, &lines));
    std::string all;
    for (const auto& line : lines) all += (all.empty() ? "" : "\n") + line;
    return all;
  }

  ds_handle tensor(const Array& a) const {
    ds_handle handle = 0;
    if (a.absent) return 0;
    std::vector<char> bytes(a.values.size() * 8 + 8);
    for (size_t i = 0; i < a.values.size(); ++i)
      a.dtype == DS_BOOL ? void(bytes[i] = a.values[i] != 0) : with_dtype(a.dtype, [&]<class T>() {
        const T value = static_cast<T>(a.values[i]);
        std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
      });
    Dims strides(a.shape.size());
    int64_t step = 1;
    for (size_t d = a.shape.size(); d-- > 0;) strides[d] = step, step *= a.shape[d];
    ds_tensor t{};
    t.dl = {bytes.data(),
            {DS_DEVICE_CPU, 0},
            static_cast<int32_t>(a.shape.size()),
            to_dl(a.dtype),
            const_cast<int64_t*>(a.shape.data()),
            strides.data(),
            0};
    t.size = sizeof t;
    ok(ds_tensor_copy_in(context, &t, &handle));
    return handle;
  }

  Array read(ds_handle handle) const {
    ds_spec spec{};
    ok(ds_tensor_spec(context, handle, &spec));
    Array a({spec.shape, spec.shape + spec.rank}, {}, spec.dtype);
    const auto n = static_cast<size_t>(count_of(a.shape));
    std::vector<char> bytes(n * static_cast<size_t>(byte_size(spec.dtype)));
    ok(ds_tensor_read(context, handle, bytes.data(), bytes.size(), 0));
    with_dtype(spec.dtype, [&]<class T>() {
      for (size_t i = 0; i < n; ++i) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        a.values.push_back(static_cast<double>(value));
      }
    });
    return a;
  }

  // Answers a status; outputs are empty on failure.
  int32_t try_call(std::string_view op, const std::vector<ds_handle>& inputs, const Options& options,
                   std::vector<ds_handle>* outputs) const {
    ds_operator_id id = 0;
    outputs->clear();
    if (int32_t status = ds_operator_find(context, op.data(), op.size(), &id)) return status;
    const std::string text = info(op, "schema");
    const Schema schema(text);
    std::vector<ds_value> values, attributes(schema.attribute_count);
    for (ds_handle h : inputs) {
      ds_value v{h ? DS_HANDLE : DS_NONE, 0, {}};
      v.u.h = h;
      values.push_back(v);
    }
    for (const auto& [name, attribute] : options) {
      uint32_t at = 0;
      while (at < schema.attribute_count && schema.attributes[at].name != name) ++at;
      if (at == schema.attribute_count) return ADD_FAILURE() << op << " has no attribute " << name, DS_INVALID_ARGUMENT;
      attributes[at] = std::visit([](const auto& v) { return packed(v); }, attribute);
    }
    uint32_t count = 64;
    outputs->resize(count);
    const int32_t status = ds_call(context, id, values.data(), static_cast<uint32_t>(values.size()), attributes.data(),
                                   static_cast<uint32_t>(attributes.size()), 0, outputs->data(), &count);
    outputs->resize(status ? 0 : count);
    return status;
  }
  std::vector<ds_handle> call(std::string_view op, const std::vector<ds_handle>& inputs,
                              const Options& options = {}) const {
    std::vector<ds_handle> outputs;
    ok(try_call(op, inputs, options, &outputs));
    return outputs;
  }
  std::vector<Array> run(std::string_view op, const std::vector<Array>& inputs, const Options& options = {}) const {
    std::vector<Array> arrays;
    for (ds_handle h : call(op, handles(inputs), options)) arrays.push_back(read(h));
    return arrays;
  }
  // The first output; empty on failure.
  Array one(std::string_view op, const std::vector<Array>& inputs, const Options& options = {}) const {
    auto outputs = run(op, inputs, options);
    return outputs.empty() ? Array() : outputs[0];
  }
  // The status of a call and of looking at what it yields.
  int32_t status(std::string_view op, const std::vector<Array>& inputs, const Options& options = {}) const {
    std::vector<ds_handle> outputs;
    if (int32_t status = try_call(op, handles(inputs), options, &outputs)) return status;
    return ds_evaluate(context, outputs.data(), outputs.size(), 0);
  }
  std::vector<ds_handle> handles(const std::vector<Array>& arrays) const {
    std::vector<ds_handle> all;
    for (const Array& a : arrays) all.push_back(tensor(a));
    return all;
  }

  ds_handle context = 0;

 private:
  static int32_t collect(void* user, const char* text, uint64_t length) {
    static_cast<std::vector<std::string>*>(user)->emplace_back(text, length);
    return DS_OK;
  }
  static ds_value packed(int64_t v) { return {DS_INT, 0, {.i = v}}; }
  static ds_value packed(double v) { return {DS_FLOAT, 0, {.f = v}}; }
  static ds_value packed(bool v) { return {DS_FLAG, 0, {.i = v}}; }
  static ds_value packed(const std::string& v) { return {DS_STRING, static_cast<uint32_t>(v.size()), {.s = v.data()}}; }
  static ds_value packed(const Dims& v) { return {DS_INTS, static_cast<uint32_t>(v.size()), {.is = v.data()}}; }
  static ds_value packed(const Doubles& v) { return {DS_FLOATS, static_cast<uint32_t>(v.size()), {.fs = v.data()}}; }
  static ds_value packed(const Bytes& v) {
    return {DS_BYTES, static_cast<uint32_t>(v.text.size()), {.p = v.text.data()}};
  }
  static ds_value packed(Dtype v) { return {DS_TYPE, 0, {.i = v.value}}; }
};

inline void expect_close(const Array& a, const Array& b, double tolerance, const std::string& what) {
  ASSERT_EQ(a.shape, b.shape) << what;
  for (size_t i = 0; i < a.values.size(); ++i) {
    if (std::isnan(a.values[i]) && std::isnan(b.values[i])) continue;
    if (a.values[i] == b.values[i]) continue;
    ASSERT_LE(std::fabs(a.values[i] - b.values[i]), tolerance * (1 + std::fabs(b.values[i])))
        << what << ", element " << i << ": " << a.values[i] << " instead of " << b.values[i];
  }
}

// A scalar made of an operator's float outputs, each weighted by fixed random numbers.
class Loss {
 public:
  Loss(const Session& s, std::string op, Options options) : s_(s), op_(std::move(op)), options_(std::move(options)) {}

  ds_handle record(const std::vector<ds_handle>& inputs) const {
    ds_handle total = 0;
    uint32_t seed = 77;
    for (ds_handle y : s_.call(op_, inputs, options_)) {
      ds_spec spec{};
      s_.ok(ds_tensor_spec(s_.context, y, &spec));
      ++seed;
      if (!is_float(spec.dtype)) continue;
      const ds_handle weight = s_.tensor(random_array({spec.shape, spec.shape + spec.rank}, seed, 0.5, 1.5));
      const ds_handle part = s_.call("sum", s_.call("mul", {y, weight}))[0];
      total = total ? s_.call("add", {total, part})[0] : part;
    }
    return total;
  }
  double value(const std::vector<Array>& inputs) const { return s_.read(record(s_.handles(inputs))).values[0]; }

  // The gradients recorded for `wanted`; absent ones are zero.
  std::vector<ds_handle> gradients(const std::vector<ds_handle>& inputs, const std::vector<size_t>& wanted,
                                   uint32_t flags) const {
    std::vector<ds_handle> leaves, results(wanted.size());
    for (size_t i : wanted) {
      s_.ok(ds_set_requires_grad(s_.context, inputs[i], 1));
      leaves.push_back(inputs[i]);
    }
    const ds_handle loss = record(inputs);
    s_.ok(ds_grad(s_.context, &loss, nullptr, 1, leaves.data(), static_cast<uint32_t>(leaves.size()),
                  flags | DS_ALLOW_UNUSED, 0, results.data()));
    return results;
  }
  std::vector<Array> gradient_values(const std::vector<Array>& inputs, const std::vector<size_t>& wanted) const {
    std::vector<Array> values;
    const auto results = gradients(s_.handles(inputs), wanted, 0);
    for (size_t k = 0; k < wanted.size(); ++k)
      values.push_back(results[k] ? s_.read(results[k])
                                  : Array(inputs[wanted[k]].shape, Doubles(inputs[wanted[k]].values.size())));
    return values;
  }

 private:
  const Session& s_;
  std::string op_;
  Options options_;
};

// d f(inputs) / d inputs[i], by central differences.
inline Array difference(const std::function<double(const std::vector<Array>&)>& f, std::vector<Array> inputs,
                        size_t i) {
  Array result(inputs[i].shape, {});
  for (double& x : inputs[i].values) {
    const double before = x, h = 1e-5 * std::max(1.0, std::fabs(x));
    x = before + h;
    const double up = f(inputs);
    x = before - h;
    const double down = f(inputs);
    x = before;
    result.values.push_back((up - down) / (2 * h));
  }
  return result;
}

inline std::vector<size_t> float_inputs(const std::vector<Array>& inputs) {
  std::vector<size_t> wanted;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!inputs[i].absent && inputs[i].dtype == DS_F64) wanted.push_back(i);
  return wanted;
}

// First derivatives of all double inputs and, if asked, second ones, against differences.
inline void check_gradients(const Session& s, const std::string& op, const std::vector<Array>& inputs,
                            const Options& options = {}, bool second = true) {
  const Loss loss(s, op, options);
  const auto wanted = float_inputs(inputs);
  if (wanted.empty() || !loss.record(s.handles(inputs))) return;  // nothing to differentiate
  const auto first = loss.gradient_values(inputs, wanted);
  for (size_t k = 0; k < wanted.size(); ++k)
    expect_close(first[k], difference([&](const auto& x) { return loss.value(x); }, inputs, wanted[k]), 1e-6,
                 op + ": gradient of input " + std::to_string(wanted[k]));
  if (!second || ::testing::Test::HasFailure()) return;

  // q = sum of all gradients, each weighted; its own gradient against differences of q.
  const auto weight = [&](size_t k) {
    return random_array(inputs[wanted[k]].shape, 500 + static_cast<uint32_t>(k), 0.5, 1.5);
  };
  const auto q = [&](const std::vector<Array>& x) {
    const auto g = loss.gradient_values(x, wanted);
    double total = 0;
    for (size_t k = 0; k < g.size(); ++k)
      for (size_t i = 0; i < g[k].values.size(); ++i) total += g[k].values[i] * weight(k).values[i];
    return total;
  };
  const auto leaves = s.handles(inputs);
  const auto results = loss.gradients(leaves, wanted, DS_CREATE_GRAPH);
  ds_handle total = 0;
  for (size_t k = 0; k < results.size(); ++k) {
    if (!results[k]) continue;
    const ds_handle part = s.call("sum", s.call("mul", {results[k], s.tensor(weight(k))}))[0];
    total = total ? s.call("add", {total, part})[0] : part;
  }
  int32_t differentiable = 0, is_leaf = 0;
  if (total) s.ok(ds_requires_grad(s.context, total, &differentiable, &is_leaf));
  for (size_t k = 0; k < wanted.size(); ++k) {
    ds_handle got = 0;
    if (differentiable)
      s.ok(ds_grad(s.context, &total, nullptr, 1, &leaves[wanted[k]], 1, DS_ALLOW_UNUSED | DS_RETAIN_GRAPH, 0, &got));
    const Array value = got ? s.read(got) : Array(inputs[wanted[k]].shape, Doubles(inputs[wanted[k]].values.size()));
    expect_close(value, difference(q, inputs, wanted[k]), 1e-5,
                 op + ": second derivative of input " + std::to_string(wanted[k]));
  }
}

}  // namespace ds::test
