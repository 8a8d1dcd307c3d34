// Gradients: leaves, backward, hooks.
#include <algorithm>

#include "core/api/context.h"

namespace ds::core {
namespace {

GradRef grad_of(Tensor& tensor) {
  if (tensor.leaf) return tensor.leaf;
  if (tensor.detached && !tensor.origin) return {};
  if (!tensor.view) return tensor.storage->value.grad;
  return tensor.cached_version == tensor.storage->version ? tensor.cached_grad : GradRef();
}

// A frontend's hook, called without the context's lock.
struct ApiHook {
  Context* context;
  ds_hook call;
  void (*released)(void*);
  void* user;

  static int32_t run(void* self, Value& gradient, Status* status) {
    auto& hook = *static_cast<ApiHook*>(self);
    Context& c = *hook.context;
    ds_handle given = c.add(gradient), replacement = 0;
    int32_t code;
    {
      Unlocked unlocked(c);
      code = hook.call(hook.user, given, &replacement);
    }
    c.tensors.release(given);
    if (code) {
      *status = error(code, "a hook ended backward");
    } else if (replacement) {
      Tensor* tensor = c.tensors.find(replacement);
      if (!tensor)
        *status = error(DS_STALE_HANDLE, "hook: the replacement is no tensor");
      else
        *status = c.value_of(*tensor, c.thread().recorder, 0, &gradient);
      c.tensors.release(replacement);
    }
    return status->code();
  }

  static void free(void* self) {
    std::unique_ptr<ApiHook> hook(static_cast<ApiHook*>(self));
    if (hook->released) hook->context->defer([released = hook->released, user = hook->user] { released(user); });
  }
};

Status collect(Context& c, ThreadState& t, const ds_handle* handles, uint32_t count, uint64_t location,
               std::vector<Value>* values) {
  for (uint32_t i = 0; i < count; ++i) {
    values->emplace_back();
    if (!handles || !handles[i]) continue;
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handles[i], &tensor));
    DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, location, &values->back()));
  }
  return {};
}

Status request_backward(Context& c, ThreadState& t, const ds_handle* outputs, const ds_handle* gradients,
                        uint32_t count, uint32_t flags, uint64_t location, BackwardRequest* request) {
  if (!count) return error(DS_INVALID_ARGUMENT, "backward: no outputs were given");
  DS_RETURN_IF_ERROR(collect(c, t, outputs, count, location, &request->outputs));
  for (auto& output : request->outputs)
    if (!output) return error(DS_STALE_HANDLE, "backward: an output is missing");
  if (gradients) DS_RETURN_IF_ERROR(collect(c, t, gradients, count, location, &request->seeds));
  request->create_graph = flags & DS_CREATE_GRAPH;
  request->retain_graph = flags & (DS_RETAIN_GRAPH | DS_CREATE_GRAPH);
  request->allow_unused = flags & DS_ALLOW_UNUSED;
  request->location = location;
  return {};
}

}  // namespace
}  // namespace ds::core

using namespace ds::core;

int32_t ds_set_requires_grad(ds_handle context, ds_handle handle, int32_t requires_grad) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    Value value;
    DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, 0, &value));
    bool own = !tensor->view && !tensor->detached;
    if (value.grad && value.grad->op) {
      if (requires_grad) return {};
      return error(DS_INVALID_ARGUMENT, "only leaves can stop requiring gradients; use detach");
    }
    if (!requires_grad) {
      (own ? tensor->storage->value.grad : tensor->leaf) = GradRef();
      if (own) ++tensor->storage->version;
      return {};
    }
    if (value.grad) return {};
    if (!is_float(value.spec().dtype))
      return error(DS_DTYPE_MISMATCH, "only floating-point tensors have gradients, not ",
                   dtype_name(value.spec().dtype));
    GradRef leaf(new GradNode);
    leaf->sequence = c.executor.next_sequence();
    leaf->leaf_spec = value.spec();
    (own ? tensor->storage->value.grad : tensor->leaf) = leaf;
    if (own) tensor->storage->value.output = 0;
    if (own) ++tensor->storage->version;  // views read before belong to no gradient
    return {};
  });
}

int32_t ds_requires_grad(ds_handle context, ds_handle handle, int32_t* requires_grad, int32_t* is_leaf) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    Value value;
    // A view of something that requires gradients does, too.
    GradRef grad = grad_of(*tensor);
    bool from_base = !tensor->detached && tensor->storage->value.grad;
    if (tensor->view && !grad && (from_base || tensor->origin) && t.recorder.grad_enabled) {
      DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, 0, &value));
      grad = value.grad;
    }
    if (requires_grad) *requires_grad = bool(grad);
    if (is_leaf) *is_leaf = !grad || !grad->op;
    return {};
  });
}

int32_t ds_set_grad_enabled(ds_handle context, int32_t enabled, int32_t* previous) {
  return enter(context, [&](Context&, ThreadState& t) {
    if (previous) *previous = t.recorder.grad_enabled;
    t.recorder.grad_enabled = enabled;
    return Status();
  });
}

int32_t ds_detach(ds_handle context, ds_handle handle, ds_handle* detached) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    Ref<Tensor> made(new Tensor(tensor->storage));
    if (tensor->view) made->view = std::make_unique<ds_view_spec>(*tensor->view);
    made->detached = true;
    made->read_only = tensor->read_only;
    *detached = c.tensors.add(std::move(made));
    return {};
  });
}

int32_t ds_backward(ds_handle context, const ds_handle* outputs, const ds_handle* gradients, uint32_t count,
                    uint32_t flags, uint64_t location) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    BackwardRequest request;
    std::vector<Value> results;
    if (auto s = request_backward(c, t, outputs, gradients, count, flags, location, &request))
      return std::move(s).at(location);
    DS_RETURN_IF_ERROR(backward(c.executor, t.recorder, request, &results));
    return t.recorder.settle(location);
  });
}

int32_t ds_grad(ds_handle context, const ds_handle* outputs, const ds_handle* gradients, uint32_t output_count,
                const ds_handle* inputs, uint32_t input_count, uint32_t flags, uint64_t location, ds_handle* results) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    BackwardRequest request;
    std::vector<Value> found;
    if (auto s = request_backward(c, t, outputs, gradients, output_count, flags, location, &request))
      return std::move(s).at(location);
    DS_RETURN_IF_ERROR(collect(c, t, inputs, input_count, location, &request.targets));
    for (auto& target : request.targets)
      if (!target || !target.grad)
        return error(DS_INVALID_ARGUMENT, "grad: an input does not require gradients").at(location);
    DS_RETURN_IF_ERROR(backward(c.executor, t.recorder, request, &found));
    DS_RETURN_IF_ERROR(t.recorder.settle(location));
    for (uint32_t i = 0; i < input_count; ++i) results[i] = found[i] ? c.add(std::move(found[i])) : 0;
    return {};
  });
}

int32_t ds_tensor_grad(ds_handle context, ds_handle handle, ds_handle* gradient) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    GradRef grad = grad_of(*tensor);
    *gradient = grad && !grad->op && grad->gradient ? c.tensors.add(Ref<Tensor>(new Tensor(grad->gradient))) : 0;
    return {};
  });
}

int32_t ds_set_grad(ds_handle context, ds_handle handle, ds_handle gradient) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    GradRef grad = grad_of(*tensor);
    if (!gradient) {
      if (grad) grad->gradient.reset();
      return {};
    }
    if (!grad || grad->op) return error(DS_INVALID_ARGUMENT, "set_grad: the tensor is no leaf that requires gradients");
    Tensor* source;
    Value value;
    DS_RETURN_IF_ERROR(c.tensor(gradient, &source));
    DS_RETURN_IF_ERROR(c.value_of(*source, t.recorder, 0, &value));
    if (!same_shape(value.spec(), grad->leaf_spec))
      return error(DS_SHAPE_MISMATCH, "set_grad: a gradient of shape ", shape_text(shape_of(value.spec())),
                   " for a tensor of shape ", shape_text(shape_of(grad->leaf_spec)));
    if (value.spec().dtype != grad->leaf_spec.dtype)
      return error(DS_DTYPE_MISMATCH, "set_grad: a gradient of ", dtype_name(value.spec().dtype), " for a tensor of ",
                   dtype_name(grad->leaf_spec.dtype));
    bool whole = !source->view && !source->detached;
    grad->gradient = whole ? source->storage : Ref<Storage>(new Storage(std::move(value)));
    return {};
  });
}

int32_t ds_hook_add(ds_handle context, ds_handle handle, ds_hook hook, void (*released)(void*), void* user,
                    uint64_t* id) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    Value value;
    DS_RETURN_IF_ERROR(c.value_of(*tensor, t.recorder, 0, &value));
    if (!value.grad) return error(DS_INVALID_ARGUMENT, "hook: the tensor does not require gradients");
    auto* api = new ApiHook{&c, hook, released, user};
    *id = c.next_hook++;
    value.grad->hooks.push_back({value.output, Hook{*id, &ApiHook::run, &ApiHook::free, api}});
    return {};
  });
}

int32_t ds_hook_remove(ds_handle context, ds_handle handle, uint64_t id) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    GradRef grad = grad_of(*tensor);
    if (!grad) return error(DS_NOT_FOUND, "hook: the tensor has none");
    auto it = std::find_if(grad->hooks.begin(), grad->hooks.end(), [&](auto& h) { return h.second.id == id; });
    if (it == grad->hooks.end()) return error(DS_NOT_FOUND, "hook: the tensor has none of that number");
    Hook hook = it->second;
    grad->hooks.erase(it);
    if (hook.released) hook.released(hook.user);
    return {};
  });
}
