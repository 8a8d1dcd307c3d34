// Backward: walks recorded calls from results to leaves and records the operators' own gradient rules.
#pragma once
#include <vector>

#include "core/record/recorder.h"

namespace ds::core {

struct BackwardRequest {
  std::vector<Value> outputs;
  std::vector<Value> seeds;    // one per output; empty: ones, for an output of one element
  std::vector<Value> targets;  // empty: every leaf collects in .grad; else their gradients are answered
  bool retain_graph = false;
  bool create_graph = false;
  bool allow_unused = false;
  uint64_t location = 0;
};

// Runs hooks while it records; they may look at values. results: one per target, empty where unused.
// On failure no .grad has changed.
Status backward(Engine& engine, Recorder& recorder, const BackwardRequest& request, std::vector<Value>* results);

}  // namespace ds::core
