#include "core/record/value.h"

#include "core/record/recorder.h"

namespace ds::core {

Data::~Data() {
  if (recorder) recorder->forget(*this);
}

// Chains of nodes are as long as a training run's step: they are taken apart without recursion.
void GradNode::release() {
  if (--references_ > 0) return;
  static thread_local std::vector<GradNode*>* queue = nullptr;
  if (queue) {
    queue->push_back(this);
    return;
  }
  std::vector<GradNode*> pending{this};
  queue = &pending;
  while (!pending.empty()) {
    GradNode* node = pending.back();
    pending.pop_back();
    delete node;
  }
  queue = nullptr;
}

GradNode::~GradNode() {
  for (auto& [output, hook] : hooks)
    if (hook.released) hook.released(hook.user);
}

}  // namespace ds::core
