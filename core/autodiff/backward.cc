#include "core/autodiff/backward.h"

#include <algorithm>
#include <unordered_map>

namespace ds::core {
namespace {

class Walk {
 public:
  Walk(Engine& engine, Recorder& recorder, const BackwardRequest& request)
      : engine_(engine), recorder_(recorder), request_(request), mode_(recorder.grad_enabled) {
    recorder_.grad_enabled = request.create_graph;
  }
  ~Walk() { recorder_.grad_enabled = mode_; }

  Status run(std::vector<Value>* results) {
    DS_RETURN_IF_ERROR(seed());
    find_nodes();
    for (State* state : order_) {
      if (!state->needed) continue;
      DS_RETURN_IF_ERROR(visit(*state));
      DS_RETURN_IF_ERROR(recorder_.settle(request_.location));
    }
    for (auto& [leaf, gradient] : collected_) {
      if (!leaf->gradient) {
        leaf->gradient = Ref<Storage>(new Storage(gradient));
      } else {
        leaf->gradient->value = gradient;
        ++leaf->gradient->version;
      }
    }
    DS_RETURN_IF_ERROR(answer(results));
    if (!request_.retain_graph && !request_.create_graph) give_up();
    return {};
  }

 private:
  struct State {
    GradRef node;
    std::vector<Value> gradients;  // by output
    bool needed = false;
    bool leaf_target = false;
  };

  State& state(GradNode* node) {
    auto& slot = states_[node];
    if (!slot) {
      slot = std::make_unique<State>();
      slot->node = GradRef(node);
      slot->gradients.resize(node->op ? node->outputs.size() : 1);
    }
    return *slot;
  }

  Status add(const Value& a, const Value& b, uint64_t location, Value* sum) {
    Value both[] = {a, b};
    return recorder_.record_role("accumulate", both, {}, location, sum);
  }

  Status deliver(GradNode* node, uint32_t output, const Value& gradient, uint64_t location) {
    Value& slot = state(node).gradients[output];
    if (!slot) return slot = gradient, Status();
    Value sum;
    DS_RETURN_IF_ERROR(add(slot, gradient, location, &sum));
    slot = std::move(sum);
    return {};
  }

  Status seed() {
    for (size_t i = 0; i < request_.outputs.size(); ++i) {
      const Value& output = request_.outputs[i];
      if (!output.grad)
        return error(DS_INVALID_ARGUMENT, "backward: output ", i, " (", spec_text(output.spec()),
                     ") does not depend on anything that requires gradients");
      Value gradient = i < request_.seeds.size() ? request_.seeds[i] : Value();
      if (!gradient) {
        if (element_count(output.spec()) != 1)
          return error(DS_SHAPE_MISMATCH, "backward: an output of shape ", shape_text(shape_of(output.spec())),
                       " needs a gradient of that shape; only outputs of one element go without");
        ds_value attributes[] = {{DS_INTS, uint32_t(output.spec().rank), {.is = output.spec().shape}},
                                 {DS_FLOAT, 0, {.f = 1}},
                                 {DS_TYPE, 0, {.i = output.spec().dtype}}};
        if (output.spec().device.type == DS_DEVICE_CPU) {
          DS_RETURN_IF_ERROR(recorder_.record_role("fill", {}, attributes, request_.location, &gradient));
        } else {
          DS_RETURN_IF_ERROR(Recorder::scalar(attributes[1], output.spec().dtype, output.spec().device, &gradient));
        }
      } else if (!same_shape(gradient.spec(), output.spec())) {
        return error(DS_SHAPE_MISMATCH, "backward: gradient of shape ", shape_text(shape_of(gradient.spec())),
                     " for an output of shape ", shape_text(shape_of(output.spec())));
      }
      DS_RETURN_IF_ERROR(deliver(output.grad.get(), output.output, gradient, request_.location));
    }
    return {};
  }

  // Everything reachable, latest first: a call is recorded after what it reads, so its number is higher.
  void find_nodes() {
    std::vector<GradNode*> stack;
    for (auto& output : request_.outputs) stack.push_back(output.grad.get());
    std::unordered_map<GradNode*, bool> seen;
    while (!stack.empty()) {
      GradNode* node = stack.back();
      stack.pop_back();
      if (!seen.emplace(node, true).second) continue;
      order_.push_back(&state(node));
      for (auto& input : node->inputs)
        if (input.grad) stack.push_back(input.grad.get());
    }
    std::sort(order_.begin(), order_.end(), [](State* a, State* b) { return a->node->sequence > b->node->sequence; });
    for (auto& target : request_.targets)
      if (target.grad && states_.count(target.grad.get())) state(target.grad.get()).needed = true;
    for (auto it = order_.rbegin(); it != order_.rend(); ++it) {
      State& s = **it;
      if (request_.targets.empty() && !s.node->op) s.needed = true;
      for (auto& input : s.node->inputs)
        if (input.grad && state(input.grad.get()).needed) s.needed = true;
    }
  }

  Status run_hooks(State& s) {
    auto hooks = s.node->hooks;  // a hook may remove itself, or others
    for (auto& [output, hook] : hooks) {
      if (std::none_of(s.node->hooks.begin(), s.node->hooks.end(), [&](auto& h) { return h.second.id == hook.id; }))
        continue;
      Value& gradient = s.gradients[output];
      if (!gradient) continue;
      Status status;
      Value given = gradient;
      if (hook.call(hook.user, given, &status)) return status ? std::move(status) : error(DS_INTERNAL, "a hook failed");
      if (!same_shape(given.spec(), gradient.spec()))
        return error(DS_SHAPE_MISMATCH, "hook: replacement of shape ", shape_text(shape_of(given.spec())),
                     " for a gradient of shape ", shape_text(shape_of(gradient.spec())));
      gradient = std::move(given);
    }
    return {};
  }

  Status visit(State& s) {
    GradNode& node = *s.node.get();
    if (std::none_of(s.gradients.begin(), s.gradients.end(), [](auto& g) { return bool(g); })) return {};
    DS_RETURN_IF_ERROR(run_hooks(s));
    for (auto& target : request_.targets)
      if (target.grad.get() == &node) captured_[{&node, target.output}] = s.gradients[node.op ? target.output : 0];
    if (!node.op) {
      if (!request_.targets.empty()) return {};
      Value gradient = s.gradients[0];
      if (gradient.spec().dtype != node.leaf_spec.dtype) {
        ds_value dtype{DS_TYPE, 0, {.i = node.leaf_spec.dtype}};
        Value cast;
        DS_RETURN_IF_ERROR(recorder_.record_role("cast", {&gradient, 1}, {&dtype, 1}, request_.location, &cast));
        gradient = std::move(cast);
      }
      if (node.gradient) {
        Value sum;
        DS_RETURN_IF_ERROR(add(node.gradient->value, gradient, request_.location, &sum));
        gradient = std::move(sum);
      }
      collected_.emplace_back(s.node, std::move(gradient));
      return {};
    }
    if (node.freed)
      return error(DS_INVALID_ARGUMENT, node.op->name(),
                   ": what its gradient needs was freed by an earlier backward; pass retain_graph there")
          .at(node.location);
    return apply_rule(s, node);
  }

  Status apply_rule(State& s, GradNode& node) {
    RecordBuilder builder(engine_, recorder_, node.location);
    std::vector<ds_build_value> inputs(node.inputs.size()), outputs(node.outputs.size());
    std::vector<ds_build_value> output_gradients(node.outputs.size()), input_gradients(node.inputs.size());
    std::vector<uint8_t> needs(node.inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      auto& in = node.inputs[i];
      if (!in.data) continue;
      Value value = as_value(in.data);
      value.grad = in.grad;
      value.output = in.output;
      inputs[i] = builder.add(std::move(value));
      needs[i] = in.grad && state(in.grad.get()).needed;
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      Value value = as_value(node.outputs[i].data);
      value.grad = s.node;
      value.output = uint32_t(i);
      outputs[i] = builder.add(std::move(value));
      if (s.gradients[i]) output_gradients[i] = builder.add(std::move(s.gradients[i]));
    }
    ds_gradient_args args{builder.get(),
                          inputs.data(),
                          outputs.data(),
                          node.attributes.data(),
                          output_gradients.data(),
                          needs.data(),
                          input_gradients.data(),
                          uint32_t(inputs.size()),
                          uint32_t(outputs.size()),
                          uint32_t(node.attributes.size()),
                          0};
    int32_t status = node.op->table.gradient(node.op->table.self, &args);
    if (builder.failed()) return builder.take_failure().in(cat("gradient of ", node.op->name()));
    if (status) return error(status, "gradient of ", node.op->name(), " failed").at(node.location);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!needs[i] || !input_gradients[i]) continue;
      if (!builder.has(input_gradients[i]))
        return error(DS_BAD_PLUGIN, "gradient of ", node.op->name(), ": input ", i, " got a number that is no value");
      const Value& gradient = builder.value(input_gradients[i]);
      if (!same_shape(gradient.spec(), node.inputs[i].data->spec))
        return error(DS_BAD_PLUGIN, "gradient of ", node.op->name(), ": input ", i, " is ",
                     spec_text(node.inputs[i].data->spec), ", its gradient ", spec_text(gradient.spec()));
      DS_RETURN_IF_ERROR(deliver(node.inputs[i].grad.get(), node.inputs[i].output, gradient, node.location));
    }
    return {};
  }

  static Value as_value(const Ref<Data>& data) {
    Value value;
    value.content = Content(data);
    return value;
  }

  Status answer(std::vector<Value>* results) {
    for (size_t i = 0; i < request_.targets.size(); ++i) {
      const Value& target = request_.targets[i];
      auto it = target.grad ? captured_.find({target.grad.get(), target.output}) : captured_.end();
      results->push_back(it == captured_.end() ? Value() : it->second);
      if (!results->back() && !request_.allow_unused)
        return error(DS_INVALID_ARGUMENT, "grad: the outputs do not depend on input ", i, " (",
                     spec_text(target.spec()), "); pass allow_unused to get none for it");
    }
    return {};
  }

  void give_up() {
    for (State* s : order_) {
      GradNode& node = *s->node.get();
      if (!node.op || !s->needed) continue;
      for (auto& input : node.inputs) input.kept = Content();
      for (auto& output : node.outputs) output.kept = Content();
      node.freed = true;
    }
  }

  struct PairHash {
    size_t operator()(const std::pair<GradNode*, uint32_t>& p) const {
      return std::hash<void*>()(p.first) ^ p.second * 0x9e3779b9u;
    }
  };
  Engine& engine_;
  Recorder& recorder_;
  const BackwardRequest& request_;
  bool mode_;
  std::unordered_map<GradNode*, std::unique_ptr<State>> states_;
  std::vector<State*> order_;
  std::unordered_map<std::pair<GradNode*, uint32_t>, Value, PairHash> captured_;
  std::vector<std::pair<GradRef, Value>> collected_;
};

}  // namespace

Status backward(Engine& engine, Recorder& recorder, const BackwardRequest& request, std::vector<Value>* results) {
  Walk walk(engine, recorder, request);
  return walk.run(results).at(request.location);
}

}  // namespace ds::core
