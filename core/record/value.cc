#include "core/record/value.h"

#include "core/record/recorder.h"

namespace ds::core {

Data::~Data() { settle(); }

void Data::settle() {
  if (recorder) recorder->forget(*this);
  recorder = nullptr;
}

void Data::fail(const std::shared_ptr<const Status>& status) {
  settle();
  failure = std::shared_ptr<const std::string>(status, &status->text());
  failure_code = status->code();
  failure_location = status->location();
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
