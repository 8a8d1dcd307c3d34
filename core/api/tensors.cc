// Tensors in and out: creation, content, export, transfer.
#include <algorithm>

#include "core/api/context.h"
#include "core/tensor/strided.h"

namespace ds::core {
namespace {

Status read_descriptor(const ds_tensor* source, ds_view_spec* view, ds_spec* spec) {
  if (!source) return error(DS_INVALID_ARGUMENT, "a tensor is missing");
  const ds_dl_tensor& dl = source->dl;
  if (dl.device.type != DS_DEVICE_CPU) return error(DS_DEVICE_MISMATCH, "only memory of the cpu can be given");
  if (dl.ndim < 0 || dl.ndim > DS_MAX_RANK)
    return error(DS_INVALID_ARGUMENT, "rank ", dl.ndim, " is not between 0 and ", DS_MAX_RANK);
  *view = ds_view_spec{};
  view->rank = dl.ndim;
  view->dtype = from_dl(dl.dtype);
  std::copy_n(dl.shape, dl.ndim, view->shape);
  *spec = make_spec(view->dtype, {view->shape, size_t(dl.ndim)}, dl.device);
  spec->device = {DS_DEVICE_CPU, 0};
  uint64_t elements, nbytes;
  DS_RETURN_IF_ERROR(check_spec(*spec, &elements, &nbytes));
  if (dl.strides)
    std::copy_n(dl.strides, dl.ndim, view->strides);
  else
    dense_strides(shape_of(*spec), view->strides);
  if (elements && !dl.data) return error(DS_INVALID_ARGUMENT, "a tensor without memory");
  return {};
}

Status new_buffer(Context& c, ds_device_id device, uint64_t nbytes, Ref<Buffer>* buffer, Device** opened) {
  DS_RETURN_IF_ERROR(c.executor.devices.open(device, opened));
  return (*opened)->allocate(nbytes, buffer);
}

const void* address(const ds_tensor& t) { return static_cast<const char*>(t.dl.data) + t.dl.byte_offset; }

// What ds_tensor_export lends.
struct Export {
  TensorRecord record;  // first, so that its address is the export's
  Ref<Buffer> buffer;
  Ref<Storage> storage;
  bool writable;
};

// The storage alone owns its memory, so that writes from outside change nothing else.
Status own_memory(Context& c, Storage& storage) {
  Data& data = *storage.value.content.get();
  if (data.buffer && data.wanted_once() && data.buffer->references() == 1 && data.byte_offset == 0) return {};
  if (data.buffer && data.buffer.get() == storage.pinned.get()) return {};
  Ref<Data> copy(new Data(data.spec));
  Device* device;
  DS_RETURN_IF_ERROR(new_buffer(c, data.spec.device, byte_count(data.spec), &copy->buffer, &device));
  DS_RETURN_IF_ERROR(c.executor.read(storage.value, copy->buffer->memory, byte_count(data.spec)));
  storage.value.content = Content(std::move(copy));
  ++storage.version;  // views look at it from now on
  return {};
}

// Evaluated and on the cpu: memory and where the tensor's elements are in it.
Status locate(Context& c, ThreadState& t, Tensor& tensor, uint64_t location, Place* place, ds_view_spec* view) {
  const ds_spec& base = tensor.base_spec();
  DS_RETURN_IF_ERROR(t.recorder.make_ready(tensor.storage->value, location));
  DS_RETURN_IF_ERROR(c.executor.place_of(*tensor.storage->value.content.get(), place));
  *view = tensor.view ? *tensor.view : dense_view(base);
  return {};
}

Status read(Context& c, ThreadState& t, Tensor& tensor, uint64_t location, void* target) {
  Place place;
  ds_view_spec view;
  DS_RETURN_IF_ERROR(locate(c, t, tensor, location, &place, &view));
  const ds_spec& base = tensor.base_spec();
  if (base.device.type == DS_DEVICE_CPU) {
    const void* memory = place.scalar ? place.scalar : static_cast<const char*>(place.buffer->memory) + place.offset;
    gather(memory, view, target);
    return {};
  }
  if (!tensor.view) return c.executor.read(tensor.storage->value, target, byte_count(base));
  std::vector<char> dense(byte_count(base));
  DS_RETURN_IF_ERROR(c.executor.read(tensor.storage->value, dense.data(), dense.size()));
  gather(dense.data(), view, target);
  return {};
}

}  // namespace

Status dense_tensor(Context& c, const ds_tensor* source, Value* value) {
  ds_view_spec view;
  ds_spec spec;
  DS_RETURN_IF_ERROR(read_descriptor(source, &view, &spec));
  Ref<Data> data(new Data(spec));
  Device* device;
  DS_RETURN_IF_ERROR(new_buffer(c, spec.device, byte_count(spec), &data->buffer, &device));
  if (view_elements(view)) gather(address(*source), view, data->buffer->memory);
  *value = Value(std::move(data));
  return {};
}

Status borrow(Context& c, ThreadState& t, Tensor& tensor, TensorRecord* record, Ref<Buffer>* keep) {
  Place place;
  ds_view_spec view;
  DS_RETURN_IF_ERROR(locate(c, t, tensor, 0, &place, &view));
  const ds_spec& base = tensor.base_spec();
  ds_spec spec = make_spec(view.dtype, {view.shape, size_t(view.rank)}, {DS_DEVICE_CPU, 0});
  const char* memory;
  if (base.device.type == DS_DEVICE_CPU && place.buffer) {
    *keep = place.buffer;
    memory = static_cast<const char*>(place.buffer->memory) + place.offset;
  } else {
    *keep = host_buffer(byte_count(spec));
    DS_RETURN_IF_ERROR(read(c, t, tensor, 0, (*keep)->memory));
    view = dense_view(spec);
    memory = static_cast<const char*>((*keep)->memory);
  }
  record->set(view, spec.device, byte_count(spec));
  record->tensor.dl.data = const_cast<char*>(memory) + view.offset * int64_t(dtype_size(view.dtype));
  record->tensor.flags |= DS_TENSOR_READ_ONLY;
  return {};
}

}  // namespace ds::core

using namespace ds::core;

int32_t ds_tensor_copy_in(ds_handle context, const ds_tensor* source, ds_handle* tensor) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Value value;
    DS_RETURN_IF_ERROR(dense_tensor(c, source, &value));
    *tensor = c.add(std::move(value));
    return {};
  });
}

int32_t ds_tensor_wrap(ds_handle context, const ds_tensor* source, void (*release)(void*), void* user,
                       ds_handle* tensor) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    ds_view_spec view;
    ds_spec spec;
    DS_RETURN_IF_ERROR(read_descriptor(source, &view, &spec));
    struct Owner {
      Context* context;
      void (*release)(void*);
      void* user;
    };
    int64_t low, high;
    if (!view_bounds(view, &low, &high)) return error(DS_OVERFLOW, "wrap: the strides reach beyond memory");
    auto give_back = [](Buffer*, void* owner) {
      std::unique_ptr<Owner> o(static_cast<Owner*>(owner));
      if (o->release) o->context->defer([release = o->release, user = o->user] { release(user); });
    };
    uint64_t size = dtype_size(view.dtype);
    char* memory = static_cast<char*>(const_cast<void*>(address(*source))) + low * int64_t(size);
    int64_t span = high - low;
    Ref<Buffer> buffer(new Buffer(memory, uint64_t(span) * size, spec.device, give_back, new Owner{&c, release, user}));
    buffer->is_foreign = true;
    buffer->read_only = source->size >= offsetof(ds_tensor, quantization) && (source->flags & DS_TENSOR_READ_ONLY);
    view.offset = -low;
    bool whole = is_dense(view);
    Ref<Data> data(new Data(whole ? spec : make_spec(view.dtype, {&span, 1}, spec.device)));
    data->buffer = buffer;
    Ref<Storage> storage(new Storage(Value(std::move(data))));
    storage->pinned = buffer;
    storage->read_only = buffer->read_only;
    Ref<Tensor> made(new Tensor(std::move(storage)));
    if (!whole) made->view = std::make_unique<ds_view_spec>(view);
    *tensor = c.tensors.add(std::move(made));
    return {};
  });
}

int32_t ds_tensor_scalar(ds_handle context, const ds_value* value, ds_dtype dtype, ds_handle* tensor) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Value made;
    DS_RETURN_IF_ERROR(Recorder::scalar(*value, dtype, {DS_DEVICE_CPU, 0}, &made));
    *tensor = c.add(std::move(made));
    return {};
  });
}

int32_t ds_retain(ds_handle context, ds_handle object) {
  return enter(context, [&](Context& c, ThreadState&) {
    return c.tensors.retain(object) || c.graphs.retain(object) ? Status()
                                                               : error(DS_STALE_HANDLE, "retain: no such object");
  });
}

int32_t ds_release(ds_handle context, ds_handle object) {
  return enter(context, [&](Context& c, ThreadState&) {
    return c.tensors.release(object) || c.graphs.release(object) ? Status()
                                                                 : error(DS_STALE_HANDLE, "release: no such object");
  });
}

int32_t ds_release_many(ds_handle context, const ds_handle* objects, uint64_t count) {
  return enter(context, [&](Context& c, ThreadState&) {
    for (uint64_t i = 0; i < count; ++i)
      if (!c.tensors.release(objects[i])) c.graphs.release(objects[i]);
    return Status();
  });
}

int32_t ds_tensor_spec(ds_handle context, ds_handle handle, ds_spec* spec) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    const ds_spec& base = tensor->base_spec();
    *spec = tensor->view ? make_spec(base.dtype, {tensor->view->shape, size_t(tensor->view->rank)}, base.device) : base;
    return {};
  });
}

int32_t ds_tensor_layout(ds_handle context, ds_handle handle, ds_view_spec* layout) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    *layout = tensor->view ? *tensor->view : dense_view(tensor->base_spec());
    return {};
  });
}

int32_t ds_set_read_only(ds_handle context, ds_handle handle, int32_t read_only) {
  return enter(context, [&](Context& c, ThreadState&) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    if (!read_only && tensor->storage->read_only)
      return error(DS_READ_ONLY, "its memory belongs to somebody who forbids it");
    tensor->read_only = read_only;
    return {};
  });
}

int32_t ds_tensor_read(ds_handle context, ds_handle handle, void* target, uint64_t nbytes, uint64_t location) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    DS_RETURN_IF_ERROR(t.recorder.make_ready(tensor->storage->value, location));
    ds_view_spec view = tensor->view ? *tensor->view : dense_view(tensor->base_spec());
    if (view_elements(view) * dtype_size(view.dtype) != nbytes)
      return error(DS_INVALID_ARGUMENT, "read: ", nbytes, " bytes given, the tensor has ",
                   view_elements(view) * dtype_size(view.dtype));
    return read(c, t, *tensor, location, target);
  });
}

int32_t ds_tensor_item(ds_handle context, ds_handle handle, uint64_t location, ds_value* value) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    DS_RETURN_IF_ERROR(t.recorder.make_ready(tensor->storage->value, location));
    ds_view_spec view = tensor->view ? *tensor->view : dense_view(tensor->base_spec());
    if (view_elements(view) != 1)
      return error(DS_SHAPE_MISMATCH, "item: ", shape_text({view.shape, size_t(view.rank)}), " has ",
                   view_elements(view), " elements, not one")
          .at(location);
    alignas(16) char bytes[16];
    DS_RETURN_IF_ERROR(read(c, t, *tensor, location, bytes));
    return unpack_scalar(view.dtype, bytes, value);
  });
}

int32_t ds_tensor_export(ds_handle context, ds_handle handle, int32_t writable, uint64_t location,
                         const ds_tensor** exported) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    Storage& storage = *tensor->storage.get();
    if (tensor->base_spec().device.type != DS_DEVICE_CPU)
      return error(DS_DEVICE_MISMATCH, "export: the tensor is not on the cpu; copy it there first").at(location);
    if (writable && (tensor->read_only || storage.read_only))
      return error(DS_READ_ONLY, "export: the tensor is read-only");
    DS_RETURN_IF_ERROR(t.recorder.make_ready(storage.value, location));
    // Recorded readers of this content hold leaves: they run before anybody outside can write.
    if (writable) DS_RETURN_IF_ERROR(t.recorder.flush(FlushReason::kForeign, location));
    if (writable || storage.value.content->scalar) DS_RETURN_IF_ERROR(own_memory(c, storage));
    auto lent = std::make_unique<Export>();
    Data& data = *storage.value.content.get();
    lent->buffer = data.buffer;
    lent->storage = tensor->storage;
    lent->writable = writable;
    ds_view_spec view = tensor->view ? *tensor->view : dense_view(data.spec);
    uint64_t size = dtype_size(view.dtype);
    lent->record.set(view, data.spec.device, view_elements(view) * size);
    lent->record.tensor.dl.data =
        static_cast<char*>(data.buffer->memory) + data.byte_offset + view.offset * int64_t(size);
    if (!writable) lent->record.tensor.flags |= DS_TENSOR_READ_ONLY;
    if (writable) {
      ++data.buffer->exports;
      storage.pinned = data.buffer;
    }
    *exported = &lent.release()->record.tensor;
    return {};
  });
}

int32_t ds_export_release(ds_handle context, const ds_tensor* exported) {
  return enter(context, [&](Context&, ThreadState&) -> Status {
    if (!exported) return error(DS_INVALID_ARGUMENT, "export_release: nothing was given");
    std::unique_ptr<Export> lent(reinterpret_cast<Export*>(const_cast<ds_tensor*>(exported)));
    if (!lent->writable) return {};
    lent->buffer->touch();
    ++lent->storage->version;
    if (--lent->buffer->exports == 0 && !lent->buffer->is_foreign && lent->storage->pinned == lent->buffer)
      lent->storage->pinned.reset();
    return {};
  });
}

int32_t ds_tensor_to(ds_handle context, ds_handle handle, const char* name, uint64_t length, uint64_t location,
                     ds_handle* copy) {
  return enter(context, [&](Context& c, ThreadState& t) -> Status {
    Tensor* tensor;
    Device* device;
    DS_RETURN_IF_ERROR(c.tensor(handle, &tensor));
    DS_RETURN_IF_ERROR(c.executor.devices.open(std::string_view(name, length), &device));
    DS_RETURN_IF_ERROR(t.recorder.make_ready(tensor->storage->value, location));
    ds_view_spec view = tensor->view ? *tensor->view : dense_view(tensor->base_spec());
    ds_spec spec = make_spec(view.dtype, {view.shape, size_t(view.rank)}, device->id());
    std::vector<char> dense(byte_count(spec));
    DS_RETURN_IF_ERROR(read(c, t, *tensor, location, dense.data()));
    Ref<Data> data(new Data(spec));
    DS_RETURN_IF_ERROR(device->allocate(dense.size(), &data->buffer));
    DS_RETURN_IF_ERROR(device->copy_in(dense.data(), *data->buffer, 0, dense.size()));
    *copy = c.add(Value(std::move(data)));
    return {};
  });
}

int32_t ds_devices(ds_handle context, ds_text_sink sink, void* user) {
  return list(context, sink, user, [&](Context& c, ThreadState&, std::vector<std::string>* lines) {
    c.executor.devices.list([&](const std::string& line) { lines->push_back(line); });
    return Status();
  });
}
