"""The Tensor: a handle of the core's. Its symbols, indexing and attributes are in C (native/); the rest is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from . import _native, autograd, dtypes, errors
from .creation import ints_of
from .sugar import use

if TYPE_CHECKING:
    from typing import Self, Sequence

    from .typing import DTypeLike, TensorLike


class Tensor(_native.Tensor):
    """An n-dimensional array that records what is computed with it.

    Behaves as a NumPy array: symbols, broadcasting, indexing with views, in-place writes that every view sees; as
    there, one element by integers alone (x[0] of shape [n]) is a copy. Nothing runs until somebody looks at a value
    (`print`, `float`, `numpy()`, `if`). With `requires_grad` its gradients can be asked for by `backward()`. Any thread
    may use a tensor; each records for itself.

    Make one with `deepseek.tensor`, `zeros`, `randn` .. (TypeError for data that is no tensor-like, DTypeError for
    requires_grad unless floating). Methods without a text of their own are functions: `x.exp()` is `deepseek.exp(x)`.
    """

    __slots__ = ()
    __array_priority__ = 1000

    def __new__(cls, data: TensorLike, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Self:
        from .creation import tensor

        made = tensor(data, dtype)
        if cls is not Tensor:
            made = _native.wrap_handle(_keep(made), cls)
        if requires_grad:
            made.requires_grad = True
        return made

    # ---- looking -----------------------------------------------------------------------------------------------------
    def numpy(self, *, writable: bool = False) -> Any:
        """The values as a NumPy array of this shape without copying; it keeps the memory alive.

        Read-only unless writable=True, which lets NumPy write into the tensor; while such an array lives, operators
        reading the tensor run when they are recorded. bfloat16 becomes float32. Errors of what was recorded, such as
        OutOfRangeError, arise here.
        """
        import numpy

        source = self if self.dtype is not dtypes.bfloat16 else use.cast(self, dtype=dtypes.float32)
        if source.device != "cpu":
            source = source.to("cpu")
        array = numpy.asarray(_native.Export(source, writable))
        if not writable:
            array.flags.writeable = False
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """For NumPy: the values as an array of this shape. ValueError if copy=False and the dtype differs."""
        import numpy

        array = self.numpy()
        if dtype is not None and numpy.dtype(dtype) != array.dtype:
            if copy is False:
                raise ValueError("another dtype cannot be had without a copy")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __dlpack__(self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None,
                   copy: bool | None = None) -> Any:  # fmt: skip
        """A DLPack capsule sharing the memory; versioned (and read-only if the tensor is) when the consumer can."""
        if stream is not None:
            raise ValueError("cpu has no streams")
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"this tensor is on device {self.__dlpack_device__()}")
        if self.requires_grad and self.is_leaf is False:
            self = self.detach()
        source = use.copy(self) if copy else self
        return _native.to_dlpack(source, max_version is not None and max_version[0] >= 1, True, bool(copy))

    def __dlpack_device__(self) -> tuple[int, int]:
        """DLPack's device type and number: (1, 0) is the cpu."""
        return (1, 0)

    def item(self, *index: int) -> bool | int | float:
        """The only element, the n-th in C order or the one at an index, as a Python number.

        ValueError for several elements or an index of another length than the shape, IndexError.
        """
        if index:
            key = index[0] if len(index) == 1 and isinstance(index[0], tuple) else index
            place = ints_of(key)
            if len(place) == 1 and not isinstance(index[0], tuple):
                if not -self.size <= place[0] < self.size:
                    raise errors.OutOfRangeError(f"index {place[0]} is out of bounds for size {self.size}")
                rest, place = place[0] % self.size, ()
                for extent in reversed(self.shape):
                    rest, at = divmod(rest, extent)
                    place = (at, *place)
            if len(place) != self.ndim:
                raise errors.ArgumentError(f"item() of {self.ndim} axes needs as many indices, not {len(place)}")
            return self[place].item()
        if self.size != 1:
            raise ValueError(f"item() needs one element, this tensor has {self.size}")
        return _native.item(self)

    def tolist(self) -> Any:
        """Nested lists of Python numbers of this shape; one number for shape []."""
        return self.numpy().tolist()

    def __repr__(self) -> str:
        from .printing import representation

        return representation(self)

    def __str__(self) -> str:
        from .printing import plain

        return plain(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __complex__(self) -> complex:
        return complex(self.item())

    def __contains__(self, value: Any) -> bool:
        return bool(use.any(self == value))

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.numpy().tobytes(), self.shape, self.dtype.name, self.requires_grad)

    def __copy__(self) -> Tensor:
        """A copy with memory of its own, see `clone`."""
        return self.clone()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        made = self.detach().copy()
        if type(self) is not Tensor:
            made = _native.wrap_handle(_keep(made), type(self))
        if self.requires_grad and self.is_leaf:
            made.requires_grad = True
        memo[id(self)] = made
        return made

    # ---- gradients ---------------------------------------------------------------------------------------------------
    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient of a leaf, of its shape, None before the first backward.

        May be set, None forgets it: ShapeError, or ArgumentError unless this is a leaf that requires a gradient.
        """
        return autograd.get_grad(self)

    @grad.setter
    def grad(self, value: TensorLike | None) -> None:
        autograd.set_grad(self, value)

    def backward(self, gradient: TensorLike | None = None, retain_graph: bool = False,
                 create_graph: bool = False) -> None:  # fmt: skip
        """Adds the gradients of this tensor to `.grad` of every leaf it was computed from; see deepseek.backward.

        gradient has this shape; it may be left out for one element. ShapeError, ArgumentError if nothing requires one.
        """
        autograd.backward(self, gradient, retain_graph, create_graph)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets requires_grad in place and answers the tensor. DTypeError unless the dtype is floating."""
        self.requires_grad = requires_grad
        return self

    def detach(self) -> Tensor:
        """The same memory outside of gradients."""
        return autograd.detach(self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> autograd.RemovableHandle:
        """Calls hook(gradient) during backward; what it returns replaces the gradient. The answer's `remove()` ends it.

        The gradient has this shape. ArgumentError unless this requires a gradient, TypeError unless hook can be called.

        >>> w.register_hook(lambda g: g.clip(-1, 1))
        """
        return autograd.register_hook(self, hook)

    def retain_grad(self) -> None:
        """Keeps `.grad` of a computed tensor too; leaves keep it anyway."""
        autograd.retain_grad(self)

    # ---- copies and types --------------------------------------------------------------------------------------------
    def clone(self) -> Tensor:
        """A dense copy with memory of its own; gradients flow through."""
        return use.copy(self)

    def copy(self) -> Tensor:
        """NumPy's name for `clone`."""
        return use.copy(self)

    def copy_(self, value: TensorLike) -> Self:
        """Writes a tensor's values, broadcast and cast, into this one and answers it. ShapeError, ReadOnlyError."""
        _native.assign(self, value)
        return self

    def fill(self, value: TensorLike) -> None:
        """Writes one value, or a tensor that is broadcast, everywhere.

        ShapeError, TypeError, ReadOnlyError; SizeError for a number the dtype cannot hold, ArgumentError for NaN in
        integers.
        """
        _native.assign(self, value)

    def zero_(self) -> Self:
        """Writes zeros everywhere and answers the tensor. ReadOnlyError if it is a read-only view."""
        _native.assign(self, 0)
        return self

    def astype(self, dtype: DTypeLike, copy: bool = True) -> Tensor:
        """The values in another dtype, of this shape; a copy unless copy=False and nothing changes. TypeError."""
        wanted = dtypes.dtype(dtype)
        if wanted is self.dtype:
            return use.copy(self) if copy else self
        return use.cast(self, dtype=wanted)

    def to(self, target: DTypeLike) -> Tensor:
        """The tensor, of this shape, on a device ("cpu") or in a dtype; itself when it is there already.

        DeviceError for a string that names neither, TypeError for anything else that is no dtype.
        """
        try:
            target = dtypes.dtype(target)
        except TypeError:
            if not isinstance(target, str):
                raise
            from .creation import to_device

            return self if target == self.device else to_device(self, target)
        return self.astype(target, copy=False)

    def float(self) -> Tensor:
        """This tensor as float32; itself if it is."""
        return self.astype(dtypes.float32, copy=False)

    def double(self) -> Tensor:
        """This tensor as float64; itself if it is."""
        return self.astype(dtypes.float64, copy=False)

    def long(self) -> Tensor:
        """This tensor as int64; itself if it is."""
        return self.astype(dtypes.int64, copy=False)

    # ---- shapes ------------------------------------------------------------------------------------------------------
    @property
    def T(self) -> Tensor:
        """All axes of the shape reversed, a view."""
        return use.transpose(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes swapped, a view: [.., m, n] -> [.., n, m]. OutOfRangeError if there are fewer."""
        return self.swapaxes(-1, -2)

    def reshape(self, *shape: Any) -> Tensor:
        """Another shape, one extent may be -1; a view where memory allows. ShapeError if the sizes differ."""
        return use.reshape(self, shape=_flat(shape))

    def view(self, *shape: Any) -> Tensor:
        """PyTorch's name for `reshape`; copies where memory does not allow a view of that shape. ShapeError."""
        return use.reshape(self, shape=_flat(shape))

    def transpose(self, *axes: Any) -> Tensor:
        """Axes of the shape permuted (reversed without arguments), a view. OutOfRangeError, ArgumentError."""
        if not axes or axes == (None,):
            return use.transpose(self)
        return use.transpose(self, axes=_flat(axes))

    permute = transpose

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Two axes of the shape swapped, a view. OutOfRangeError if there is no such axis."""
        from . import functions

        return functions.swapaxes(self, axis1, axis2)

    def flatten(self, start: int = 0, end: int = -1) -> Tensor:
        """One axis in place of axes start..end, [a, b] -> [a * b]; a copy as in NumPy. OutOfRangeError."""
        from . import functions

        return use.copy(functions.flatten(self, start, end))

    def ravel(self) -> Tensor:
        """All elements along one axis, shape [size]; a view where memory allows."""
        return use.reshape(self, shape=(-1,))

    def unsqueeze(self, axis: int) -> Tensor:
        """A new axis of extent 1, a view; axis is counted in the result's shape, OutOfRangeError otherwise."""
        return use.expand_dims(self, axes=ints_of(axis))

    def squeeze(self, axis: int | Sequence[int] | None = None) -> Tensor:
        """Without axes of extent 1 (all, or the given ones), a view. ShapeError if one has another, OutOfRangeError."""
        return use.squeeze(self, axes=None if axis is None else ints_of(axis))

    def expand(self, *shape: Any) -> Tensor:
        """Broadcast to a shape, a read-only view; -1 keeps an extent. ShapeError if it does not broadcast."""
        shape = _flat(shape)
        own = (1,) * (len(shape) - self.ndim) + self.shape
        return use.broadcast_to(self, shape=tuple(b if a == -1 else a for a, b in zip(shape, own)))

    def split(self, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
        """Pieces of the shape along an axis, see deepseek.split. ShapeError if they are not equal, OutOfRangeError."""
        from . import functions

        return functions.split(self, indices_or_sections, axis)

    def masked_fill(self, mask: TensorLike, value: TensorLike) -> Tensor:
        """value where mask (not zero), else this tensor; all three are broadcast. ShapeError if they cannot be."""
        return use.where(mask, value, self)

    def __invert__(self) -> Tensor:
        return use.logical_not(self) if self.dtype is dtypes.bool_ else use.bitwise_not(self)

    def __lshift__(self, other: Any) -> Tensor:
        return _small(self) << _small(other) if _bools(self, other) else super().__lshift__(other)

    def __rshift__(self, other: Any) -> Tensor:
        return _small(self) >> _small(other) if _bools(self, other) else super().__rshift__(other)

    def __rlshift__(self, other: Any) -> Tensor:
        return _small(other) << _small(self) if _bools(self, other) else super().__rlshift__(other)

    def __rrshift__(self, other: Any) -> Tensor:
        return _small(other) >> _small(self) if _bools(self, other) else super().__rrshift__(other)

    def __round__(self, ndigits: int | None = None) -> Tensor:
        from . import functions

        return functions.round(self, ndigits or 0)

    def __divmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Tensor, Tensor]:
        return other // self, other % self

    def __getattr__(self, name: str) -> Any:
        # Methods NumPy and users expect that are plain functions of the package: x.exp(), x.argsort(), x.mean(axis=0).
        if not name.startswith("_"):
            from . import methods

            function = methods.find(name)
            if function is not None:
                setattr(Tensor, name, function)
                return getattr(self, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __dir__(self) -> list[str]:
        from . import methods

        return sorted({*super().__dir__(), *methods.names()})


def _flat(values: tuple) -> tuple[int, ...]:
    """f(2, 3), f((2, 3)) and f(array([2, 3])) mean the same."""
    return ints_of(values[0] if len(values) == 1 else values)


def _bools(a: Any, b: Any) -> bool:
    """Whether both are bools, whose shifts are int8 as in NumPy."""
    return a.dtype is dtypes.bool_ and (isinstance(b, bool) or getattr(b, "dtype", None) == dtypes.bool_)


def _small(x: Any) -> Any:
    return use.cast(x, dtype=dtypes.int8)


def _keep(tensor: Any) -> int:
    """The tensor's handle with a reference of its own."""
    from ._runtime import check, context, lib

    check(lib.ds_retain(context, tensor._handle))
    return tensor._handle


def _rebuild(data: bytes, shape: tuple, dtype: str, requires_grad: bool) -> Tensor:
    import numpy

    from .creation import asarray

    if dtype == "bfloat16":
        made = asarray(numpy.frombuffer(data, numpy.float32).reshape(shape), "bfloat16")
    else:
        made = asarray(numpy.frombuffer(data, dtype).reshape(shape))
    return made.requires_grad_(requires_grad)


Tensor.__module__ = "deepseek"
_native.configure(tensor=Tensor)
