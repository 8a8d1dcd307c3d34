"""Sums, means, extremes: many elements become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from .. import dtypes
from ..creation import asarray
from ..sugar import use

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import DTypeLike, TensorLike


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else use.cast(x, dtype=dtypes.dtype(dtype))


def sum(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
        keepdims: bool = False) -> Tensor:  # fmt: skip
    """Sum over axes, all by default: [m, n] with axis=1 -> [m], with keepdims [m, 1]; x is cast to dtype first.

    Bools and small integers are summed in 64 bits. OutOfRangeError if there is no such axis, ArgumentError if one comes
    twice.
    """
    return use.sum(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def prod(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
         keepdims: bool = False) -> Tensor:  # fmt: skip
    """Product over axes, 1 of no elements; shapes, dtypes and errors (OutOfRangeError, ArgumentError) as for `sum`."""
    return use.prod(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def mean(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
         keepdims: bool = False) -> Tensor:  # fmt: skip
    """Arithmetic mean over axes, NaN of no elements; of integers in the default dtype. Shapes and errors as for `sum`:
    OutOfRangeError, ArgumentError.
    """
    return use.mean(_cast(asarray(x), dtype), axis=axis, keepdims=keepdims)


def max(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Largest element over axes, all by default; NaN wins. Shapes as for `sum`; equal ones share the gradient.

    ArgumentError where there is none, OutOfRangeError if there is no such axis.
    """
    return use.max(x, axis=axis, keepdims=keepdims)


def min(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Smallest element over axes, all by default; NaN wins. Shapes as for `sum`; equal ones share the gradient.

    ArgumentError where there is none, OutOfRangeError if there is no such axis.
    """
    return use.min(x, axis=axis, keepdims=keepdims)


amax, amin = max, min


def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index (int64) of the first largest element along an axis, of the flattened tensor by default; the first NaN wins.

    [m, n] with axis=1 -> [m]. ArgumentError where there is none, OutOfRangeError if there is no such axis.
    """
    return use.argmax(x, axis=axis, keepdims=keepdims)


def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index (int64) of the first smallest element, shapes as for `argmax`. ArgumentError where there is none,
    OutOfRangeError if there is no such axis.
    """
    return use.argmin(x, axis=axis, keepdims=keepdims)


def any(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Whether any element over axes is not zero: bool, False of none; shapes as for `sum`. OutOfRangeError."""
    return use.any(x, axis=axis, keepdims=keepdims)


def all(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Whether all elements over axes are not zero: bool, True of none; shapes as for `sum`. OutOfRangeError."""
    return use.all(x, axis=axis, keepdims=keepdims)


def var(x: TensorLike, axis: int | Sequence[int] | None = None, ddof: float = 0, keepdims: bool = False,
        correction: float | None = None) -> Tensor:  # fmt: skip
    """Variance over axes: sum of squared distances from the mean over n - ddof (the array API's `correction`).

    Shapes as for `sum`, integers in the default dtype. OutOfRangeError if there is no such axis.
    """
    return use.var(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims)


def std(x: TensorLike, axis: int | Sequence[int] | None = None, ddof: float = 0, keepdims: bool = False,
        correction: float | None = None) -> Tensor:  # fmt: skip
    """Standard deviation over axes, the square root of `var`; shapes and errors (OutOfRangeError) as there."""
    return use.std(x, axis=axis, correction=ddof if correction is None else correction, keepdims=keepdims)


def cumsum(x: TensorLike, axis: int | None = None, dtype: DTypeLike | None = None) -> Tensor:
    """Running sum along an axis, of x's shape; of the flattened tensor by default, [x.size].

    Bools and integers in 64 bits, x is cast to dtype first. OutOfRangeError if there is no such axis.
    """
    x = _cast(asarray(x), dtype)
    return use.cumsum(x.ravel(), axis=0) if axis is None else use.cumsum(x, axis=axis)


def logsumexp(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) over axes without overflow, -inf of no elements; shapes as for `sum`. OutOfRangeError."""
    return use.logsumexp(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """How many elements over axes are not zero, int64; shapes as for `sum`. OutOfRangeError for other axes."""
    return use.sum(use.not_equal(x, 0), axis=axis, keepdims=keepdims)


def ptp(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Largest minus smallest element over axes; shapes and errors (ArgumentError, OutOfRangeError) as for `max`."""
    return use.max(x, axis=axis, keepdims=keepdims) - use.min(x, axis=axis, keepdims=keepdims)


def average(x: TensorLike, axis: int | Sequence[int] | None = None, weights: TensorLike | None = None) -> Tensor:
    """Mean weighted by weights of x's shape or [x.shape[axis]]; NaN where they sum to 0. Shapes as for `sum`.

    ShapeError if weights do not fit, TypeError if they are [n] and axis is missing.
    """
    x = asarray(x)
    if weights is None:
        return mean(x, axis)
    weights = asarray(weights)
    if weights.ndim == 1 and x.ndim > 1:
        weights = weights.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
        weights = use.broadcast_to(weights, shape=x.shape)
    return use.sum(x * weights, axis=axis) / use.sum(weights, axis=axis)


def norm(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Euclidean norm over axes, the square root of the sum of squares; shapes as for `sum`. OutOfRangeError."""
    return use.sqrt(use.sum(use.square(x), axis=axis, keepdims=keepdims))
