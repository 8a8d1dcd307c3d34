// conformance.h: what every operator must keep, checked through ds.h alone: kernels against references, composites
// against their decomposition, gradients against differences, over samples and the cases derived from them.
#pragma once
#include <memory>
#include <string>
#include <vector>

namespace ds::conformance {

struct Report {
  std::string name;
  int samples = 0, cases = 0, compared = 0, gradients = 0, second = 0;
  double worst_value = 0, worst_gradient = 0;  // in units of what is allowed: 1 fails
  std::vector<std::string> exclusions;         // each with its reason
  std::vector<std::string> failures;

  bool passed() const { return failures.empty(); }
  std::string line() const;  // "ok  add  samples 5 cases 44 gradients 12 (worst 3e-3) | f16: .."
};

class Suite {
 public:
  // plugin: a library to load besides those found; empty = none. Throws Error when the core does not start.
  explicit Suite(const std::string& plugin = "");
  ~Suite();
  std::vector<std::string> operators() const;
  bool takes_input(const std::string& name) const;  // else it says nothing about where it is computed
  Report check(const std::string& name);
  // The operator's samples computed on another device ("null:0"), against the reference; what that device has no kernel
  // for is excluded.
  Report check_on(const std::string& device, const std::string& name);

 private:
  struct Sessions;
  std::unique_ptr<Sessions> sessions_;
};

}  // namespace ds::conformance
