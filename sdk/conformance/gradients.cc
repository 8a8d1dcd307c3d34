#include "sdk/conformance/gradients.h"

#include <random>

namespace ds::conformance {
namespace {

using Values = std::vector<double>;

Values random_values(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Values values(count);
  for (double& v : values) v = normal(random);
  return values;
}

// An operator's call as a function of all its f64 inputs, and of the gradients of its f64 outputs.
class Function {
 public:
  Function(const Session& session, ds_operator_id op, const Sample& sample)
      : session_(session), op_(op), sample_(sample), inputs_(make_inputs(session, sample, 7)) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (!inputs_[i] || session.spec(inputs_[i]).dtype != DS_F64) continue;
      ds_spec spec;
      std::vector<char> bytes;
      if (auto f = session.read(inputs_[i], &spec, &bytes)) raise(f.status, f.text);
      auto* v = reinterpret_cast<const double*>(bytes.data());
      places_.push_back(i);
      shapes_.push_back(Shape(spec));
      points_.emplace_back(v, v + bytes.size() / 8);
    }
  }

  std::vector<Values>& points() { return points_; }
  const std::vector<Values>& weights() const { return weights_; }

  // Calls with the present points; requires_grad on all of them.
  Failure call(bool with_gradient) {
    for (size_t k = 0; k < places_.size(); ++k) {
      inputs_[places_[k]] = session_.tensor(DS_F64, shapes_[k], points_[k].data());
      if (with_gradient) session_.require(ds_set_requires_grad(session_.context(), inputs_[places_[k]].get(), 1));
    }
    return session_.call(op_, inputs_, sample_.attributes, &outputs_);
  }

  // Outputs that carry gradients; their weights are drawn at the first call.
  bool find_outputs() {
    found_.clear();
    for (size_t k = 0; k < outputs_.size(); ++k) {
      int32_t requires_grad = 0;
      session_.require(ds_requires_grad(session_.context(), outputs_[k].get(), &requires_grad, nullptr));
      if (requires_grad && session_.spec(outputs_[k]).dtype == DS_F64) found_.push_back(k);
    }
    if (weights_.empty())
      for (size_t k : found_)
        weights_.push_back(random_values(size_t(element_count(Shape(session_.spec(outputs_[k])))), 100 + k));
    return !found_.empty();
  }

  // sum over outputs of weights * output.
  double objective() {
    if (auto f = call(false)) raise(f.status, f.text);
    double sum = 0;
    for (size_t k = 0; k < found_.size(); ++k) sum += dot(read(outputs_[found_[k]]), weights_[k]);
    return sum;
  }

  // Handles of the gradients of the points; absent where the outputs do not depend on one. keep: differentiable again.
  Failure gradients(bool keep, std::vector<Handle>* results, std::vector<Handle>* seeds) {
    if (auto f = call(true)) return f;
    if (!find_outputs()) return {DS_UNSUPPORTED, "no gradient"};
    std::vector<ds_handle> outs, dys, ins, grads(places_.size());
    seeds->clear();
    for (size_t k = 0; k < found_.size(); ++k) {
      Handle& out = outputs_[found_[k]];
      seeds->push_back(session_.tensor(DS_F64, Shape(session_.spec(out)), weights_[k].data()));
      if (keep) session_.require(ds_set_requires_grad(session_.context(), seeds->back().get(), 1));
      outs.push_back(out.get());
      dys.push_back(seeds->back().get());
    }
    for (size_t place : places_) ins.push_back(inputs_[place].get());
    int32_t status = ds_grad(session_.context(), outs.data(), dys.data(), uint32_t(outs.size()), ins.data(),
                             uint32_t(ins.size()), DS_ALLOW_UNUSED | (keep ? DS_CREATE_GRAPH : 0), 0, grads.data());
    if (status) return session_.failure(status);
    results->clear();
    for (ds_handle g : grads) results->emplace_back(session_.context(), g);
    return {};
  }

  Failure first(std::vector<Values>* gradients) {
    std::vector<Handle> results, seeds;
    if (auto f = this->gradients(false, &results, &seeds)) return f;
    gradients->clear();
    for (size_t k = 0; k < results.size(); ++k)
      gradients->push_back(results[k] ? read(results[k]) : Values(points_[k].size(), 0));
    return {};
  }

  // Gradient of sum(gradients * directions) in the points.
  Failure second(const std::vector<Values>& directions, std::vector<Values>* gradients) {
    std::vector<Handle> results, seeds, weights;
    if (auto f = this->gradients(true, &results, &seeds)) return f;
    std::vector<ds_handle> outs, dys, ins, grads(places_.size());
    for (size_t k = 0; k < results.size(); ++k) {
      int32_t requires_grad = 0;
      if (results[k]) session_.require(ds_requires_grad(session_.context(), results[k].get(), &requires_grad, nullptr));
      if (!requires_grad) continue;
      weights.push_back(session_.tensor(DS_F64, shapes_[k], directions[k].data()));
      outs.push_back(results[k].get());
      dys.push_back(weights.back().get());
    }
    for (size_t place : places_) ins.push_back(inputs_[place].get());
    gradients->clear();
    for (auto& p : points_) gradients->push_back(Values(p.size(), 0));
    if (outs.empty()) return {};
    int32_t status = ds_grad(session_.context(), outs.data(), dys.data(), uint32_t(outs.size()), ins.data(),
                             uint32_t(ins.size()), DS_ALLOW_UNUSED, 0, grads.data());
    if (status) return session_.failure(status);
    for (size_t k = 0; k < grads.size(); ++k)
      if (Handle g{session_.context(), grads[k]}) (*gradients)[k] = read(g);
    return {};
  }

  static double dot(const Values& a, const Values& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }

 private:
  Values read(const Handle& x) const {
    ds_spec spec;
    std::vector<char> bytes;
    if (auto f = session_.read(x, &spec, &bytes)) raise(f.status, f.text);
    auto* v = reinterpret_cast<const double*>(bytes.data());
    return {v, v + bytes.size() / 8};
  }

  const Session& session_;
  ds_operator_id op_;
  const Sample& sample_;
  std::vector<Handle> inputs_, outputs_;
  std::vector<size_t> places_, found_;
  std::vector<Shape> shapes_;
  std::vector<Values> points_, weights_;
};

// Compares a gradient with central differences of f at up to 12 elements of each point.
template <class F>
void compare(Function& function, const std::vector<Values>& gradient, F&& f, double allowed, const char* order,
             const Sample& sample, Report* report) {
  for (size_t k = 0; k < gradient.size(); ++k) {
    Values& point = function.points()[k];
    double scale = 1;
    for (double g : gradient[k]) scale = std::max(scale, std::fabs(g));
    for (size_t i = 0; i < point.size(); i += std::max<size_t>(1, point.size() / 12)) {
      double at = point[i], h = 1e-5 * std::max(1.0, std::fabs(at));
      point[i] = at + h;
      double above = f();
      point[i] = at - h;
      double below = f();
      point[i] = at;
      double expected = (above - below) / (2 * h), error = std::fabs(expected - gradient[k][i]) / (allowed * scale);
      if (!(error < 1) && !(expected != expected && gradient[k][i] != gradient[k][i])) {
        report->failures.push_back(cat(sample.describe(), ": ", order, " gradient of float input ", k, " at ", i,
                                       " is ", gradient[k][i], ", differences give ", expected));
        return;
      }
      report->worst_gradient = std::max(report->worst_gradient, error);
    }
  }
}

}  // namespace

void check_gradients(const Session& session, ds_operator_id op, const Sample& sample, Report* report) {
  Function function(session, op, sample);
  if (function.points().empty()) return;
  std::vector<Values> gradients, directions, second;
  Failure failed = function.first(&gradients);
  if (failed.status == DS_UNSUPPORTED && failed.text == "no gradient") {
    report->exclusions.push_back("gradient: no output carries one");
    return;
  }
  if (failed) {
    report->failures.push_back(cat(sample.describe(), ": gradient: ", failed.text));
    return;
  }
  ++report->gradients;
  compare(
      function, gradients, [&] { return function.objective(); }, 1e-6, "first", sample, report);

  for (size_t k = 0; k < gradients.size(); ++k) directions.push_back(random_values(gradients[k].size(), 200 + k));
  if (auto f = function.second(directions, &second)) {
    report->failures.push_back(cat(sample.describe(), ": second gradient: ", f.text));
    return;
  }
  ++report->second;
  auto slope = [&] {
    std::vector<Values> g;
    if (auto f = function.first(&g)) raise(f.status, f.text);
    double sum = 0;
    for (size_t k = 0; k < g.size(); ++k) sum += Function::dot(g[k], directions[k]);
    return sum;
  };
  compare(function, second, slope, 1e-5, "second", sample, report);
}

}  // namespace ds::conformance
