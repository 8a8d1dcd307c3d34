// Runs what a foreign library may do in a process of its own: crashes, hangs and exits become texts.
#pragma once
#include <functional>
#include <string>

namespace ds::tool {

struct Outcome {
  std::string output;   // what the body answered
  std::string failure;  // empty, or "crashed: Segmentation fault", "did not finish within 10 s" ..
  bool ok() const { return failure.empty(); }
};

// The body's standard output goes nowhere; its answer is carried over. Exceptions become failures.
Outcome run_isolated(double seconds, const std::function<std::string()>& body);

}  // namespace ds::tool
