"""Tensors from numbers, lists, arrays and shapes."""

from __future__ import annotations

import math
import operator
import sys
from typing import TYPE_CHECKING, Any, Sequence

from . import _native, dtypes, errors
from ._runtime import check, context, ffi, lib, text_args
from .sugar import use

if TYPE_CHECKING:
    from .tensors import Tensor
    from .typing import DTypeLike, TensorLike

_SCALARS = (bool, int, float)


def _finish(tensor: Any, dtype: Any = None, device: str | None = None, requires_grad: bool = False) -> Any:
    if dtype is not None and tensor.dtype is not (wanted := dtypes.dtype(dtype)):
        tensor = use.cast(tensor, dtype=wanted)
    if device is not None and device != "cpu":
        tensor = to_device(tensor, device)
    if requires_grad:
        tensor.requires_grad = True
    return tensor


_devices: dict[tuple[int, int], str] = {}
_native.configure(devices=_devices)


def to_device(tensor: Tensor, device: str) -> Tensor:
    """A copy, of the same shape, on another device ("cpu", "null:0"); DeviceError if there is none of that name."""
    place, spec = ffi.new("ds_handle*"), ffi.new("ds_spec*")
    check(lib.ds_tensor_to(context, tensor._handle, *text_args(str(device)), _native.location(), place))
    moved = _native.wrap_handle(place[0])
    check(lib.ds_tensor_spec(context, moved._handle, spec))
    _devices[spec.device.type, spec.device.index] = str(device)
    return moved


def _from_array(array: Any, share: bool) -> Any:
    """A NumPy array, copied or shared."""
    import numpy

    try:
        code = dtypes.BY_NAME[array.dtype.name].code
    except KeyError:
        raise errors.DTypeError(f"a NumPy array of dtype {array.dtype} cannot be a tensor") from None
    if not array.dtype.isnative:
        if share:
            raise errors.ArgumentError("the array's memory is of another byte order, it cannot be shared")
        array = array.astype(array.dtype.newbyteorder("="))
    item = array.itemsize
    if any(stride % item for stride in array.strides) or not array.flags.aligned:
        if share:
            raise errors.ArgumentError("the array's memory is not aligned to its elements, it cannot be shared")
        array = numpy.ascontiguousarray(array)
    strides = tuple(stride // item for stride in array.strides)
    address = array.__array_interface__["data"][0]
    return _native.wrap(array, address, code, array.shape, strides, not array.flags.writeable, share)


def _has_tensor(value: Any) -> bool:
    return isinstance(value, _native.Tensor) or (
        isinstance(value, (list, tuple)) and any(_has_tensor(entry) for entry in value)
    )


def bounds_of(dtype: Any) -> tuple[int, int]:
    """The least and the largest integer of an integer dtype."""
    bits = 8 * dtype.itemsize
    return (0, (1 << bits) - 1) if dtype.kind == "u" else (-(1 << bits - 1), (1 << bits - 1) - 1)


def checked(value: Any, dtype: Any) -> Any:
    """A Python number that an integer dtype can hold, or that is not for one. SizeError, ArgumentError for NaN."""
    if dtype.kind in "iu":
        if value != value:
            raise errors.ArgumentError("NaN is no integer")
        low, high = bounds_of(dtype)
        if math.isinf(value) or not low <= int(value) <= high:
            raise errors.SizeError(f"{value} does not fit in {dtype}")
    return value


def _from_list(value: Any, dtype: Any = None) -> Any:
    """Lists without NumPy's objects take the dtype at once, so that no digit is lost on the way."""
    if _has_tensor(value):
        return use.stack([asarray(entry) for entry in value])
    import numpy

    try:
        array = numpy.asarray(value)
    except ValueError:
        raise errors.ShapeError("lists of different lengths are no tensor") from None
    if array.dtype == object:
        if not all(isinstance(entry, (int, float)) for entry in array.flat):
            raise errors.ShapeError("a list of objects that are no numbers is no tensor")
        if dtype is None or dtype.kind not in "fc":
            raise errors.SizeError("an integer in a list is beyond 64 bits")
    if array.dtype.kind not in "biufcO" or _has_numpy(value):
        return _from_array(array, share=False)
    wanted = dtype or (dtypes.get_default_dtype() if array.dtype == numpy.float64 else None)
    if wanted is dtypes.bfloat16:
        return use.cast(_from_array(array.astype("float32"), share=False), dtype=wanted)
    if wanted is not None:
        try:
            array = numpy.asarray(value, dtype=wanted.dtype)
        except OverflowError as error:
            raise errors.SizeError(str(error)) from None
        except ValueError as error:
            raise errors.ArgumentError(str(error)) from None
    return _from_array(array, share=False)


def _has_numpy(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and _has_numpy(value[0])
    return hasattr(value, "dtype")


def convert(value: Any) -> Any:
    """What operators accept besides tensors and Python numbers: arrays, NumPy scalars, lists, DLPack exporters.
    NotImplemented for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)):
        return _from_array(numpy.asarray(value), share=False)
    if isinstance(value, (list, tuple)):
        return _from_list(value)
    if hasattr(value, "__dlpack__"):
        return from_dlpack(value)
    if hasattr(value, "__array__") or hasattr(value, "__array_interface__"):
        import numpy

        return _from_array(numpy.asarray(value), share=False)
    return NotImplemented


_native.configure(convert=convert)


def asarray(value: Any, dtype: DTypeLike | None = None, *, copy: bool | None = None,
            device: str | None = None) -> Tensor:  # fmt: skip
    """Any number, (nested) list, array or tensor as a tensor of its shape; a number has shape [].

    Tensors are passed through (copied with copy=True), everything else is copied in; copy=False shares an array's
    memory or raises ValueError. Lists of Python floats get the default dtype, arrays keep theirs. ShapeError for lists
    of different lengths, SizeError for numbers that the dtype cannot hold, DTypeError for what has no dtype here,
    TypeError, DeviceError for unknown dtypes and devices.
    """
    wanted = None if dtype is None else dtypes.dtype(dtype)
    if copy is False:
        value = value if isinstance(value, _native.Tensor) else _shared(value)
        if wanted not in (None, value.dtype):
            raise errors.ArgumentError(f"a tensor of {value.dtype} is none of {wanted} without a copy")
    if isinstance(value, _native.Tensor):
        if copy:
            value = use.copy(value)
        return _finish(value, wanted, device)
    if type(value) in _SCALARS:
        code = (wanted or dtypes.dtype(type(value))).code
        if type(value) is not int or -(1 << 63) <= value < 1 << 64:
            return _finish(_native.scalar(value if wanted is None else checked(value, wanted), code), None, device)
        if wanted is None or wanted.kind != "f":
            raise errors.SizeError(f"{value} is beyond 64 bits")
        return _finish(_native.scalar(float(value), code), None, device)
    tensor = _from_list(value, wanted) if isinstance(value, (list, tuple)) else convert(value)
    if tensor is NotImplemented:
        if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
            return asarray(list(value), dtype, device=device)
        raise errors.DTypeError(f"cannot make a tensor of {value!r}")
    return _finish(tensor, wanted, device)


def _shared(value: Any) -> Any:
    """A tensor upon the memory of a foreign array. ValueError if there is none to share."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return from_numpy(value)
    if hasattr(value, "__dlpack__"):
        return from_dlpack(value)
    if hasattr(value, "__array_interface__") and not (numpy is not None and isinstance(value, numpy.generic)):
        return from_numpy(value)
    raise errors.ArgumentError(f"a {type(value).__name__} has no memory to share")


def tensor(data: Any, dtype: DTypeLike | None = None, *, device: str | None = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
    """A new tensor with a copy of the data: numbers, nested lists, arrays or tensors; dtypes and errors as `asarray`.

    Also DTypeError for requires_grad unless the dtype is floating.

    >>> deepseek.tensor([[1., 2.], [3., 4.]]).shape
    (2, 2)
    """
    made = asarray(use.copy(data) if isinstance(data, _native.Tensor) else data, dtype)
    return _finish(made.detach() if _has_tensor(data) else made, None, device, requires_grad)


def array(object: Any, dtype: DTypeLike | None = None, *, copy: bool | None = True) -> Tensor:
    """NumPy's name for `tensor`, of the data's shape; copy=None or False passes tensors through. Errors as `asarray`:
    ValueError, DTypeError, TypeError.
    """
    return tensor(object, dtype) if copy else asarray(object, dtype)


def from_numpy(array: Any) -> Tensor:
    """A tensor that shares a NumPy array's shape and memory: writes are seen on both sides.

    It keeps the array alive. While it lives, operators reading it run when they are recorded. Read-only arrays give
    read-only tensors. DTypeError if the dtype has no counterpart; ArgumentError if elements are not aligned.
    """
    import numpy

    return _from_array(numpy.asarray(array), share=True)


def from_dlpack(source: Any, *, device: str | None = None, copy: bool | None = None) -> Tensor:
    """Shares shape and memory of any object with `__dlpack__` (NumPy, PyTorch, JAX ..), or of a capsule of DLPack.

    BufferError if it cannot be: another device than the cpu, vector lanes, a capsule that was consumed.
    """
    if not hasattr(source, "__dlpack__"):
        tensor = _native.from_dlpack(source)
    else:
        try:
            capsule = source.__dlpack__(max_version=(1, 0))
        except TypeError:
            capsule = source.__dlpack__()
        tensor = _native.from_dlpack(capsule)
    return _finish(use.copy(tensor) if copy else tensor, None, device)


def frombuffer(buffer: Any, dtype: DTypeLike = float, count: int = -1, offset: int = 0) -> Tensor:
    """A tensor [count] sharing the memory of a bytes-like object (read-only for `bytes`), from a byte offset on.

    count -1 takes all. ValueError if the size is no multiple of the element's, or less than asked for.
    """
    import numpy

    return from_numpy(numpy.frombuffer(buffer, dtypes.dtype(dtype).dtype, count, offset))


# ---- shapes ----------------------------------------------------------------------------------------------------------
def ints_of(value: Any) -> tuple[int, ...]:
    """One integer or a sequence of them: Python's, NumPy's, tensors of shape []. TypeError for others."""
    try:
        return (operator.index(value),)
    except TypeError:
        return tuple(operator.index(entry) for entry in value)


def shape_of(shape: tuple) -> tuple[int, ...]:
    """f(2, 3) and f((2, 3)) mean the same."""
    return ints_of(shape[0] if len(shape) == 1 else shape)


def _filled(shape: Any, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Any:
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return _finish(use.fill(shape=shape, value=value, dtype=wanted), None, device, requires_grad)


def zeros(*shape: Any, dtype: DTypeLike | None = None, device: str | None = None,
          requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Zeros of a shape: `zeros(2, 3)` or `zeros((2, 3))`, in the default dtype.

    ArgumentError if an extent is negative, TypeError, DeviceError for unknown dtypes and devices, DTypeError for
    requires_grad unless the dtype is floating.
    """
    return _filled(shape_of(shape), 0.0, dtype, device, requires_grad)


def ones(*shape: Any, dtype: DTypeLike | None = None, device: str | None = None,
         requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Ones of a shape: `ones(2, 3)` or `ones((2, 3))`; dtype and errors (ArgumentError ..) as for `zeros`."""
    return _filled(shape_of(shape), 1.0, dtype, device, requires_grad)


def empty(*shape: Any, dtype: DTypeLike | None = None, device: str | None = None,
          requires_grad: bool = False) -> Tensor:  # fmt: skip
    """A tensor of a shape to be written; it starts as zeros. Dtype and errors (ArgumentError ..) as for `zeros`."""
    return _filled(shape_of(shape), 0.0, dtype, device, requires_grad)


def full(shape: int | Sequence[int], fill_value: TensorLike, dtype: DTypeLike | None = None, *,
         device: str | None = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """One value everywhere, or a tensor broadcast to the shape. Without dtype: the value's (floats: the default dtype).

    ShapeError if it does not broadcast, SizeError if the dtype does not hold it; otherwise errors (ArgumentError ..) as
    for `zeros`.
    """
    shape = ints_of(shape)
    if dtype is None:
        dtype = dtypes.dtype(type(fill_value)) if type(fill_value) in _SCALARS else asarray(fill_value).dtype
    if type(fill_value) in _SCALARS:
        checked(fill_value, dtypes.dtype(dtype))
    if isinstance(fill_value, (bool, float)) or (isinstance(fill_value, int) and abs(fill_value) < 1 << 53):
        return _filled(shape, float(fill_value), dtype, device, requires_grad)
    value = use.copy(use.broadcast_to(asarray(fill_value, dtype), shape=shape))
    return _finish(value, None, device, requires_grad)


def zeros_like(x: TensorLike, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Zeros of x's shape and, by default, dtype; options and errors (TypeError ..) as for `zeros`."""
    x = asarray(x)
    return zeros(x.shape, dtype=dtype or x.dtype, **options)


def ones_like(x: TensorLike, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """Ones of x's shape and, by default, dtype; options and errors (TypeError ..) as for `zeros`."""
    x = asarray(x)
    return ones(x.shape, dtype=dtype or x.dtype, **options)


def empty_like(x: TensorLike, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """`empty` of x's shape and, by default, dtype; options and errors (TypeError ..) as for `zeros`."""
    x = asarray(x)
    return empty(x.shape, dtype=dtype or x.dtype, **options)


def full_like(x: TensorLike, fill_value: TensorLike, dtype: DTypeLike | None = None, **options: Any) -> Tensor:
    """One value, or a tensor that is broadcast, in x's shape and, by default, dtype; options and errors as for `full`:
    ShapeError, TypeError ..
    """
    x = asarray(x)
    return full(x.shape, fill_value, dtype or x.dtype, **options)
