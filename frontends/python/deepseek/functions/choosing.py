"""Elements chosen by conditions and indices, ranges of numbers."""

from __future__ import annotations

import builtins
from typing import Any

from .. import dtypes
from ..creation import asarray
from ..indexing import nonzero as nonzero
from ..sugar import use
from .shapes import ravel


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds, else y; with the condition alone its `nonzero`."""
    if x is None and y is None:
        return nonzero(condition)
    condition = asarray(condition)
    if condition.dtype is not dtypes.bool_:
        condition = use.not_equal(condition, 0)
    return use.where(condition, x, y)


def clip(x: Any, min: Any = None, max: Any = None, *, a_min: Any = None, a_max: Any = None) -> Any:
    """Limited to [min, max]; None leaves a side open."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if low is None:
        return use.copy(x) if high is None else use.minimum(x, high)
    return use.maximum(x, low) if high is None else use.clip(x, low, high)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at indices along an axis (of the flattened tensor by default). OutOfRangeError when they run."""
    x = asarray(x)
    return use.take(ravel(x), indices, axis=0) if axis is None else use.take(x, indices, axis=axis)


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    """Elements picked one by one along an axis, as `argmax` and sorting give them."""
    return use.take_along_axis(x, indices, axis=axis)


def sort(x: Any, axis: int | None = -1, descending: bool = False) -> Any:
    """Elements in ascending order along an axis (of the flattened tensor with None); NaN last."""
    x = asarray(x)
    return use.sort(ravel(x) if axis is None else x, axis=-1 if axis is None else axis, descending=descending)[0]


def argsort(x: Any, axis: int | None = -1, descending: bool = False) -> Any:
    """Indices (int64) that sort along an axis; equal elements keep their order."""
    x = asarray(x)
    return use.argsort(ravel(x) if axis is None else x, axis=-1 if axis is None else axis, descending=descending)


def topk(x: Any, k: int, axis: int = -1, largest: bool = True) -> tuple[Any, Any]:
    """The k largest (or smallest) elements along an axis and their indices, in order."""
    return use.topk(x, k=k, axis=axis, largest=largest)


def argwhere(x: Any) -> Any:
    """Indices of elements that are not zero, one row each."""
    return use.nonzero(asarray(x))


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle of the last two axes, zeros elsewhere."""
    return use.tril(x, diagonal=k)


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle of the last two axes, zeros elsewhere."""
    return use.triu(x, diagonal=k)




def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None, requires_grad: bool = False) -> Any:
    """start, start + step .. below stop; integers give int64, floats the default dtype."""
    if stop is None:
        start, stop = 0, start
    integers = builtins.all(isinstance(entry, int) for entry in (start, stop, step))
    wanted = dtypes.dtype(dtype) if dtype is not None else dtypes.int64 if integers else dtypes.get_default_dtype()
    made = use.arange(start=start, stop=stop, step=step, dtype=wanted)
    return made.requires_grad_() if requires_grad else made


def linspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: Any = None) -> Any:
    """num numbers evenly from start to stop."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return use.linspace(start=start, stop=stop, count=num, endpoint=endpoint, dtype=wanted)


def eye(n: int, m: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal, zeros elsewhere."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return use.eye(rows=n, columns=m, diagonal=k, dtype=wanted)


def identity(n: int, dtype: Any = None) -> Any:
    """The identity matrix."""
    return eye(n, dtype=dtype)
