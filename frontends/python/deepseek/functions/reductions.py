"""Sums, means, extremes: many elements become one."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..creation import asarray
from ..sugar import use


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else use.cast(x, dtype=dtypes.dtype(dtype))


def sum(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Sum over axes (all by default). Small integers and bools are summed as int64."""
    return use.sum(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def prod(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Product over axes."""
    return use.prod(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def mean(x: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """Arithmetic mean over axes."""
    return use.mean(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest element over axes; NaN wins. ShapeError where there is none."""
    return use.max(x, axis=axis, keepdims=keepdims)


def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest element over axes; NaN wins."""
    return use.min(x, axis=axis, keepdims=keepdims)


amax, amin = max, min


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index (int64) of the first largest element along an axis, of the flattened tensor by default."""
    return use.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Index (int64) of the first smallest element."""
    return use.argmin(x, axis=axis, keepdims=keepdims)


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether any element over axes is not zero."""
    return use.any(x, axis=axis, keepdims=keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether all elements over axes are not zero."""
    return use.all(x, axis=axis, keepdims=keepdims)


def var(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False, correction: float | None = None) -> Any:
    """Variance over axes; divided by n - ddof."""
    return use.var(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims)


def std(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False, correction: float | None = None) -> Any:
    """Standard deviation over axes."""
    return use.std(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sum along an axis, of the flattened tensor by default."""
    x = _cast(asarray(x), dtype)
    return use.cumsum(x.ravel(), axis=0) if axis is None else use.cumsum(x, axis=axis)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))) over axes, without overflow."""
    return use.logsumexp(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """How many elements are not zero."""
    return use.sum(use.not_equal(x, 0), axis=axis, keepdims=keepdims)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest minus smallest element."""
    return use.max(x, axis=axis, keepdims=keepdims) - use.min(x, axis=axis, keepdims=keepdims)


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """Weighted mean; weights has x's shape, or the axis's extent."""
    x = asarray(x)
    if weights is None:
        return mean(x, axis)
    weights = asarray(weights)
    if weights.ndim == 1 and x.ndim > 1:
        weights = weights.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
        weights = use.broadcast_to(weights, shape=x.shape)
    return use.sum(x * weights, axis=axis) / use.sum(weights, axis=axis)


def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Euclidean norm over axes."""
    return use.sqrt(use.sum(use.square(x), axis=axis, keepdims=keepdims))
