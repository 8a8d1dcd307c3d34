// Reading and writing through views: what makes NumPy's aliasing hold over values that never change.
#include <algorithm>

#include "core/api/context.h"
#include "core/tensor/strided.h"

namespace ds::core {
namespace {

// A view of memory that is there already needs no node that names its offset: its window becomes the leaf, so that
// another offset is the same program.
bool read_window(const Value& base, const ds_view_spec& view, Value* window, ds_view_spec* relative) {
  const Data& data = *base.content.get();
  if (!data.buffer || data.recorder || base.grad || data.spec.device.type != DS_DEVICE_CPU) return false;
  int64_t low, high;
  if (!view_bounds(view, &low, &high) || high <= low) return false;
  bool dense = is_dense(view);
  int64_t span = high - low;
  ds_spec spec = dense ? make_spec(view.dtype, {view.shape, size_t(view.rank)}, data.spec.device)
                       : make_spec(view.dtype, {&span, 1}, data.spec.device);
  Ref<Data> part(new Data(spec));
  part->buffer = data.buffer;
  part->byte_offset = data.byte_offset + uint64_t(low) * dtype_size(view.dtype);
  *window = Value(std::move(part));
  *relative = view;
  relative->offset -= low;
  return true;
}

}  // namespace

Status Context::value_of(Tensor& tensor, Recorder& recorder, uint64_t location, Value* value) {
  Storage& storage = *tensor.storage.get();
  if (!tensor.view) {
    *value = storage.value;
    if (tensor.detached) value->grad = tensor.leaf;
    if (tensor.detached) value->output = 0;
    return {};
  }
  struct Mode {
    bool &now, before;
    ~Mode() { now = before; }
  } mode{recorder.grad_enabled, std::exchange(recorder.grad_enabled, tensor.tracked)};
  // Memory that somebody outside may write is read anew each time.
  bool fresh = tensor.cached && tensor.cached_version == storage.version && !storage.pinned;
  if (fresh && (tensor.cached->recorder || tensor.cached->ready())) {
    *value = Value(tensor.cached);
  } else if (tensor.origin) {
    Tensor& leaf = *tensor.origin.get();
    Value whole;
    DS_RETURN_IF_ERROR(value_of(leaf, recorder, location, &whole));
    if (leaf.view) {  // the storage with the leaf's elements where they are
      Value base = storage.value, elements = std::move(whole);
      base.grad = GradRef();
      DS_RETURN_IF_ERROR(recorder.write_view(base, elements, *leaf.view, location, &whole));
    }
    DS_RETURN_IF_ERROR(recorder.read_view(whole, *tensor.view, location, value));
    if (!fresh) tensor.cached_grad = value->grad;
    tensor.cached = value->content.data();
    tensor.cached_version = storage.version;
  } else {
    Value base = storage.value;
    if (tensor.detached) base.grad = GradRef();
    Value window;
    ds_view_spec relative;
    if (read_window(base, *tensor.view, &window, &relative)) {
      if (is_dense(relative))
        *value = std::move(window);
      else
        DS_RETURN_IF_ERROR(recorder.read_view(window, relative, location, value));
    } else {
      DS_RETURN_IF_ERROR(recorder.read_view(base, *tensor.view, location, value));
    }
    // A view read again after its content was given up is still the same point of the gradient's graph.
    if (!fresh) tensor.cached_grad = value->grad;
    tensor.cached = value->content.data();
    tensor.cached_version = storage.version;
  }
  value->grad = tensor.leaf ? tensor.leaf : tensor.cached_grad;
  value->output = 0;
  return {};
}

namespace {

Status broadcast_to(Recorder& recorder, const Value& source, const ds_spec& target, uint64_t location, Value* value) {
  const ds_spec& from = source.spec();
  ds_view_spec view = dense_view(target);
  int lead = target.rank - from.rank;
  int64_t strides[DS_MAX_RANK];
  dense_strides(shape_of(from), strides);
  bool fits = true;
  // NumPy lets leading extents of one be dropped.
  for (int i = 0; i < -lead; ++i) fits &= from.shape[i] == 1;
  for (int i = 0; i < target.rank; ++i) {
    int j = i - lead;
    if (j < 0 || from.shape[j] == 1)
      view.strides[i] = 0;
    else if (from.shape[j] == target.shape[i])
      view.strides[i] = strides[j];
    else
      fits = false;
  }
  if (!fits)
    return error(DS_SHAPE_MISMATCH, "assign: ", shape_text(shape_of(from)), " does not broadcast to ",
                 shape_text(shape_of(target)));
  return recorder.read_view(source, view, location, value);
}

// The source with the target's shape and dtype.
Status adapt(Recorder& recorder, Value source, const ds_spec& target, uint64_t location, Value* value) {
  const ds_spec& spec = source.spec();
  if (spec.device.type != target.device.type || spec.device.index != target.device.index)
    return error(DS_DEVICE_MISMATCH, "assign: the value lives on another device");
  if (spec.dtype != target.dtype) {
    ds_value dtype{DS_TYPE, 0, {.i = target.dtype}};
    Value cast;
    DS_RETURN_IF_ERROR(recorder.record_role("cast", {&source, 1}, {&dtype, 1}, location, &cast));
    source = std::move(cast);
  }
  if (same_shape(source.spec(), target)) {
    // A leaf stays the user's, foreign memory its owner's: neither becomes the target's content.
    const Data& data = *source.content.get();
    bool leaf = source.grad && !source.grad->op;
    if (data.scalar || leaf || (data.buffer && data.buffer->foreign()))
      return recorder.record_role("copy", {&source, 1}, {}, location, value);
    return *value = std::move(source), Status();
  }
  return broadcast_to(recorder, source, target, location, value);
}

// Memory that somebody outside looks at is written at once.
Status write_through(Context& c, Recorder& recorder, Storage& storage, uint64_t location) {
  DS_RETURN_IF_ERROR(recorder.make_ready(storage.value, location));
  Buffer& pinned = *storage.pinned.get();
  const ds_spec spec = storage.value.spec();
  DS_RETURN_IF_ERROR(c.executor.read(storage.value, pinned.memory, byte_count(spec)));
  pinned.touch();
  Ref<Data> data(new Data(spec));
  data->buffer = storage.pinned;
  storage.value.content = Content(std::move(data));
  return {};
}

}  // namespace

Status assign(Context& c, ThreadState& t, Tensor& target, Value source, uint64_t location) {
  Storage& storage = *target.storage.get();
  if (target.read_only || storage.read_only) return error(DS_READ_ONLY, "assign: the tensor is read-only");
  GradRef before = storage.value.grad;
  uint32_t before_output = storage.value.output;
  bool tracked = t.recorder.grad_enabled && !target.detached;
  bool leaf = target.leaf || (target.origin && target.origin->leaf) || (tracked && before && !before->op);
  if (t.recorder.grad_enabled && leaf)
    return error(DS_INVALID_ARGUMENT,
                 "assign: a leaf that requires gradients is written in place; do it under no_grad");
  if (t.recorder.grad_enabled && target.detached && source.grad)
    return error(DS_INVALID_ARGUMENT,
                 "assign: the target is detached, the value's gradient would be lost; detach the "
                 "value, or write into a copy of the target");
  Value result;
  if (!target.view) {
    DS_RETURN_IF_ERROR(adapt(t.recorder, std::move(source), storage.value.spec(), location, &result));
  } else {
    ds_spec part =
        make_spec(target.view->dtype, {target.view->shape, size_t(target.view->rank)}, storage.value.spec().device);
    if (element_count(part) == 0) {
      Value ignored;
      return adapt(t.recorder, std::move(source), part, location, &ignored);
    }
    Value fitting, base = storage.value;
    if (!tracked) base.grad = GradRef();
    DS_RETURN_IF_ERROR(adapt(t.recorder, std::move(source), part, location, &fitting));
    DS_RETURN_IF_ERROR(t.recorder.write_view(base, fitting, *target.view, location, &result));
  }
  if (!tracked) {
    result.grad = before;
    result.output = before_output;
  }
  storage.value = std::move(result);
  ++storage.version;
  if (storage.pinned) DS_RETURN_IF_ERROR(write_through(c, t.recorder, storage, location));
  return t.recorder.settle(location);
}

// A view tensor: shares the storage. Answers *made = false when the operator's result is no view of this memory.
Status view_tensor(Context& c, Tensor& source, const Operator& op, std::span<const ds_value> attributes,
                   ds_handle* handle, bool* made) {
  ds_view_spec from = source.view ? *source.view : dense_view(source.base_spec()), result;
  ds_spec spec = make_spec(from.dtype, {from.shape, size_t(from.rank)}, source.base_spec().device);
  bool materialize;
  DS_RETURN_IF_ERROR(plan_view(op, spec, from, attributes, &result, &materialize));
  *made = !materialize;
  if (materialize) return {};
  int64_t low, high;
  if (!view_bounds(result, &low, &high) ||
      (high > low && (low < 0 || high > int64_t(element_count(source.base_spec())))))
    return error(DS_BAD_PLUGIN, op.name(), ": its view leaves the storage");
  Ref<Tensor> tensor(new Tensor(source.storage));
  tensor->view = std::make_unique<ds_view_spec>(result);
  tensor->detached = source.detached;
  tensor->tracked = source.tracked && c.thread().recorder.grad_enabled;
  // NumPy refuses writes through a broadcast: one element would stand for many.
  auto repeated = [](const ds_view_spec& v) {
    int axes = 0;
    for (int i = 0; i < v.rank; ++i) axes += v.strides[i] == 0 && v.shape[i] > 1;
    return axes;
  };
  tensor->read_only = source.read_only || repeated(result) > repeated(from);
  tensor->origin = source.leaf ? Ref<Tensor>(&source) : source.origin;
  *handle = c.tensors.add(std::move(tensor));
  return {};
}

}  // namespace ds::core

using namespace ds::core;

int32_t ds_assign(ds_handle context, ds_handle target, const ds_value* value, uint64_t location) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* to;
    DS_RETURN_IF_ERROR(c.tensor(target, &to));
    if (!value) return error(DS_INVALID_ARGUMENT, "assign: a value is missing");
    Value source;
    if (value->tag == DS_HANDLE) {
      Tensor* from;
      DS_RETURN_IF_ERROR(c.tensor(value->u.h, &from));
      if (auto s = c.value_of(*from, t.recorder, location, &source)) return std::move(s).at(location);
    } else {
      const ds_spec& spec = to->base_spec();
      ds_value number = *value;
      if (auto s = Recorder::scalar(number, spec.dtype, spec.device, &source))
        return std::move(s).in("assign").at(location);
    }
    return assign(c, t, *to, std::move(source), location).at(location);
  });
}

int32_t ds_tensor_as_strided(ds_handle context, ds_handle handle, int64_t offset, int32_t rank, const int64_t* shape,
                             const int64_t* strides, uint64_t location, ds_handle* view) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    if (rank < 0 || rank > DS_MAX_RANK)
      return error(DS_INVALID_ARGUMENT, "as_strided: rank ", rank, " is not between 0 and ", DS_MAX_RANK).at(location);
    ds_view_spec spec{};
    spec.offset = offset;
    spec.rank = rank;
    spec.dtype = tensor->base_spec().dtype;
    std::copy_n(shape, rank, spec.shape);
    std::copy_n(strides, rank, spec.strides);
    uint64_t elements, nbytes;
    ds_spec shaped = make_spec(spec.dtype, {shape, size_t(rank)}, tensor->base_spec().device);
    if (auto wrong = check_spec(shaped, &elements, &nbytes)) return std::move(wrong).in("as_strided").at(location);
    int64_t low, high;
    if (!view_bounds(spec, &low, &high) || low < 0 || high > int64_t(element_count(tensor->base_spec())))
      return error(DS_OUT_OF_RANGE, "as_strided: ", shape_text({shape, size_t(rank)}), " with strides ",
                   shape_text({strides, size_t(rank)}), " at ", offset, " leaves a storage of ",
                   element_count(tensor->base_spec()), " elements")
          .at(location);
    Ref<Tensor> made(new Tensor(tensor->storage));
    made->view = std::make_unique<ds_view_spec>(spec);
    made->detached = tensor->detached;
    made->tracked = tensor->tracked && t.recorder.grad_enabled;
    made->read_only = tensor->read_only;
    made->origin = tensor->leaf ? Ref<Tensor>(tensor) : tensor->origin;
    *view = c.tensors.add(std::move(made));
    return {};
  });
}
