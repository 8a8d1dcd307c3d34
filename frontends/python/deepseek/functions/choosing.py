"""Elements chosen by conditions and indices, ranges of numbers."""

from __future__ import annotations

import builtins
import math
import operator as _operator
from typing import TYPE_CHECKING, Any, overload

from .. import _native, dtypes, errors
from ..creation import asarray, bounds_of as _bounds_of, checked as _checked
from ..indexing import nonzero as nonzero
from ..sugar import use
from .shapes import _axis_of, ravel

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import DTypeLike, TensorLike


@overload
def where(condition: TensorLike) -> tuple[Tensor, ...]: ...
@overload
def where(condition: TensorLike, x: TensorLike, y: TensorLike) -> Tensor: ...
def where(condition: TensorLike, x: TensorLike | None = None, y: TensorLike | None = None) -> Any:
    """x where the condition holds (is not zero), else y, all three broadcast; the other one gets no gradient.

    With the condition alone: its `nonzero`, a tuple. ShapeError if shapes do not broadcast, TypeError if one of x and y
    is missing.
    """
    if x is None and y is None:
        return nonzero(condition)
    condition = asarray(condition)
    if condition.dtype is not dtypes.bool_:
        condition = use.not_equal(condition, 0)
    return use.where(condition, x, y)


def clip(x: TensorLike, min: TensorLike | None = None, max: TensorLike | None = None, *,
         a_min: TensorLike | None = None, a_max: TensorLike | None = None) -> Tensor:  # fmt: skip
    """x limited to [min, max], which broadcast with it; None leaves a side open (a_min, a_max: NumPy's old names).

    max wins where min is larger, NaN of a bound everywhere. The bound gets the gradient where it is taken. ShapeError
    if shapes do not broadcast.
    """
    x = x if isinstance(x, _native.Tensor) else asarray(x)
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if x.dtype.kind in "iu":  # bounds that the dtype cannot hold limit nothing
        least, most = _bounds_of(x.dtype)
        low = None if type(low) is int and low < least else low
        high = None if type(high) is int and high > most else high
    if low is None:
        return use.copy(x) if high is None else use.minimum(x, high)
    if high is None:
        return use.maximum(x, low)
    if isinstance(low, (int, float)) and isinstance(high, (int, float)):
        if low != low or high != high:
            return use.add(x, float("nan"))
        return use.clip(x, low if low <= high else high, high)
    low = use.minimum(low, high)
    result = use.clip(x, low, high)
    return use.where(use.isnan(low), low, result) if low.dtype.kind == "f" else result


def take(x: TensorLike, indices: TensorLike, axis: int | None = None) -> Tensor:
    """Elements at integer indices along an axis, of the flattened tensor by default; negative ones count from the end.

    indices' shape takes the axis' place: [m, n] with indices [k] and axis=1 -> [m, k]. OutOfRangeError for an axis, and
    for an index when it runs; DTypeError if indices are no integers.
    """
    x = asarray(x)
    return use.take(ravel(x), indices, axis=0) if axis is None else use.take(x, indices, axis=axis)


def take_along_axis(x: TensorLike, indices: TensorLike, axis: int = -1) -> Tensor:
    """Elements picked one by one along an axis, as `argsort` gives them: y[i, j] = x[i, indices[i, j]] for [m, n].

    The other axes broadcast. ShapeError if ranks differ, DTypeError if indices are no integers, OutOfRangeError for an
    index when it runs.
    """
    return use.take_along_axis(x, indices, axis=axis)


def gather(x: TensorLike, axis: int, index: TensorLike) -> Tensor:
    """PyTorch's gather, of index's shape: y[i, j] = x[index[i, j], j] for axis 0 of [m, n], x[i, index[i, j]] for 1.

    index has as many axes as x and, except along the axis, no larger extents; negative ones count from the end.
    ShapeError otherwise, DTypeError if it is not of integers, OutOfRangeError for the axis, and for an index when it
    runs.
    """
    x, index = asarray(x), asarray(index)
    axis = _axis_of(axis, x.ndim)
    fits = x.ndim == index.ndim and builtins.all(
        i == axis or a <= b for i, (a, b) in enumerate(zip(index.shape, x.shape))
    )
    if not fits:
        raise errors.ShapeError(f"gather: index {list(index.shape)} does not fit {list(x.shape)} along axis {axis}")
    x = x[tuple(slice(None) if i == axis else slice(extent) for i, extent in enumerate(index.shape))]
    return use.take_along_axis(x, index, axis=axis)


def sort(x: TensorLike, axis: int | None = -1, descending: bool = False) -> Tensor:
    """Elements in ascending order along an axis, of x's shape (of the flattened one with None); stable, NaN is largest.

    OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    return use.sort(ravel(x) if axis is None else x, axis=-1 if axis is None else axis, descending=descending)[0]


def argsort(x: TensorLike, axis: int | None = -1, descending: bool = False) -> Tensor:
    """Indices (int64, x's shape) that sort along an axis; equal elements keep their order. Errors as for `sort`:
    OutOfRangeError.
    """
    x = asarray(x)
    return use.argsort(ravel(x) if axis is None else x, axis=-1 if axis is None else axis, descending=descending)


def topk(x: TensorLike, k: int, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """The k largest (or smallest) elements along an axis, best first, and their indices (int64): [m, n] -> [m, k].

    OutOfRangeError if there are not k, or no such axis.
    """
    return use.topk(x, k=k, axis=axis, largest=largest)


def argwhere(x: TensorLike) -> Tensor:
    """Indices of the elements that are not zero, int64 [count, x.ndim] in C order; looks at the values.

    TypeError if x is no tensor, number, list or array.
    """
    return use.nonzero(asarray(x))


def tril(x: TensorLike, k: int = 0) -> Tensor:
    """The lower triangle of [.., m, n], column - row <= k, zeros elsewhere. ShapeError for fewer than two axes."""
    return use.tril(x, diagonal=k)


def triu(x: TensorLike, k: int = 0) -> Tensor:
    """The upper triangle of [.., m, n], column - row >= k, zeros elsewhere. ShapeError for fewer than two axes."""
    return use.triu(x, diagonal=k)


def arange(start: float, stop: float | None = None, step: float = 1, dtype: DTypeLike | None = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
    """start, start + step .. below stop, as [n]; `arange(n)` starts at 0. Ints give int64, floats the default dtype.

    Exact for integers. ArgumentError if step is 0, SizeError if the dtype does not hold all numbers, DTypeError for
    more than two bools and for requires_grad without a floating dtype.
    """
    if stop is None:
        start, stop = 0, start
    start, stop, step = _number(start), _number(stop), _number(step)
    integers = builtins.all(isinstance(entry, int) for entry in (start, stop, step))
    wanted = dtypes.dtype(dtype) if dtype is not None else dtypes.int64 if integers else dtypes.get_default_dtype()
    count = _count(start, stop, step)
    if wanted is dtypes.bool_ and count > 2:
        raise errors.DTypeError(f"arange of bools has at most 2 elements, not {count}")
    if count:
        _checked(start, wanted), _checked(start + (count - 1) * step, wanted)
    if integers and builtins.max(abs(start), abs(stop), abs(step)) >= 1 << 53:
        made = _large_range(start, step, count, wanted)
    else:
        made = use.arange(start=start, stop=stop, step=step, dtype=wanted)
    return made.requires_grad_() if requires_grad else made


def _number(value: Any) -> int | float:
    """As a Python number."""
    try:
        return _operator.index(value)
    except TypeError:
        return float(value)


def _count(start: float, stop: float, step: float) -> int:
    """How many numbers a range has; 0 where the operator says what is wrong with it."""
    if step == 0 or not builtins.all(math.isfinite(entry) for entry in (start, stop, step)):
        return 0
    if isinstance(start, float) or isinstance(stop, float) or isinstance(step, float):
        return builtins.max(0, math.ceil((stop - start) / step))
    return builtins.max(0, -((start - stop) // step))


def _large_range(start: int, step: int, count: int, wanted: Any) -> Any:
    """A range of integers that doubles do not hold, computed in integers modulo 2 ** 64."""
    exact = wanted if wanted.kind in "iu" and wanted.itemsize == 8 else dtypes.int64
    places = use.arange(start=0, stop=count, dtype=exact)
    if wanted.kind not in "iu":
        return use.cast(use.cast(places, dtype=dtypes.float64) * float(step) + float(start), dtype=wanted)
    least = _bounds_of(exact)[0]
    start, step = ((entry - least) % (1 << 64) + least for entry in (start, step))
    return use.cast(places * asarray(step, exact) + asarray(start, exact), dtype=wanted)


def linspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: DTypeLike | None = None) -> Tensor:
    """num numbers evenly from start to stop, which is the last unless endpoint=False; [num], in the default dtype.

    ArgumentError if num is negative.
    """
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return use.linspace(start=start, stop=stop, count=num, endpoint=endpoint, dtype=wanted)


def eye(n: int, m: int | None = None, k: int = 0, dtype: DTypeLike | None = None) -> Tensor:
    """[n, m] (m: n by default) with ones where column - row is k, zeros elsewhere. ArgumentError for negative sizes."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return use.eye(rows=n, columns=m, diagonal=k, dtype=wanted)


def identity(n: int, dtype: DTypeLike | None = None) -> Tensor:
    """The identity matrix [n, n]. ArgumentError if n is negative."""
    return eye(n, dtype=dtype)
