"""Sums, means, extremes: many elements become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

from .. import _native, dtypes, errors
from ..creation import asarray, full as _full, ints_of as _ints_of
from ..sugar import use
from .shapes import _axes_of

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import DTypeLike, TensorLike


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else use.cast(x, dtype=dtypes.dtype(dtype))


def _over(function: Any, x: Any, axis: Any, **options: Any) -> Any:
    """A reduction over axes. Over none of them, axis=(), every element is reduced by itself."""
    if axis is None:
        return function(x, **options)
    axes = _ints_of(axis)
    if axes:
        return function(x, axis=axes, **options)
    x = asarray(x)
    return function(use.expand_dims(x, axes=(x.ndim,)), **{**options, "axis": (x.ndim,), "keepdims": False})


def _kind(dtype: Any) -> int:
    return "biufc".index(dtype.kind.replace("u", "i"))


def _written(result: Any, out: Any) -> Any:
    """The result, in `out` if there is one, as NumPy writes it."""
    if out is None:
        return result
    if not isinstance(out, _native.Tensor):
        raise TypeError(f"out must be a tensor, not {type(out).__name__}")
    if out.shape != result.shape:
        raise errors.ShapeError(f"out has shape {list(out.shape)}, the result {list(result.shape)}")
    if _kind(result.dtype) > _kind(out.dtype):
        raise errors.DTypeError(f"the result of {result.dtype} does not cast to out of {out.dtype}")
    _native.assign(out, result)
    return out


def _where(x: Any, mask: Any, otherwise: Any) -> Any:
    """x where the mask holds, what changes no result elsewhere. ShapeError if the mask does not broadcast to x."""
    if mask is None or mask is True:
        return x
    x = asarray(x)
    return use.where(use.broadcast_to(use.cast(mask, dtype=dtypes.bool_), shape=x.shape), x, otherwise)


def _total(function: Any, combine: Any, neutral: int, x: Any, axis: Any, dtype: Any, keepdims: bool, out: Any,
           initial: Any, where: Any) -> Any:  # fmt: skip
    """Sums and products."""
    x = _where(_cast(asarray(x), dtype), where, neutral)
    result = _over(function, x, axis, keepdims=keepdims)
    return _written(_cast(result if initial is None else combine(result, initial), dtype), out)


def sum(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
        keepdims: bool = False, *, out: Tensor | None = None, initial: float | None = None,
        where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Sum over axes, all by default: [m, n] with axis=1 -> [m], with keepdims [m, 1]; x is cast to dtype first.

    Bools and small integers are summed in 64 bits unless there is a dtype. Axes () reduce nothing. initial is added;
    elements where `where` (broadcast) is not true do not count; out gets the result and is answered. OutOfRangeError if
    there is no such axis, ArgumentError if one comes twice; ShapeError, DTypeError if out does not fit.
    """
    return _total(use.sum, use.add, 0, x, axis, dtype, keepdims, out, initial, where)


def prod(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
         keepdims: bool = False, *, out: Tensor | None = None, initial: float | None = None,
         where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Product over axes, 1 of no elements; shapes, options and errors (OutOfRangeError, ArgumentError) as for `sum`."""
    return _total(use.prod, use.mul, 1, x, axis, dtype, keepdims, out, initial, where)


def _count(x: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many elements count."""
    mask = use.broadcast_to(use.cast(where, dtype=dtypes.bool_), shape=x.shape)
    return _over(use.sum, mask, axis, keepdims=keepdims)


def _per(total: Any, count: Any) -> Any:
    """total / count in the dtype of a mean."""
    return total / use.cast(count, dtype=total.dtype if total.dtype.kind == "f" else dtypes.get_default_dtype())


def _mean_where(x: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    total = _over(use.sum, _where(x, where, 0), axis, keepdims=keepdims)
    return _per(total, _count(x, axis, keepdims, where))


def mean(x: TensorLike, axis: int | Sequence[int] | None = None, dtype: DTypeLike | None = None,
         keepdims: bool = False, *, out: Tensor | None = None, where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Arithmetic mean over axes, NaN of no elements; of integers in the default dtype. Shapes, options and errors as
    for `sum`: OutOfRangeError, ArgumentError.
    """
    x = _cast(asarray(x), dtype)
    if where is None or where is True:
        result = _over(use.mean, x, axis, keepdims=keepdims)
    else:
        result = _mean_where(x, axis, keepdims, where)
    return _written(_cast(result, dtype), out)


def _extreme(function: Any, combine: Any, x: Any, axis: Any, keepdims: bool, out: Any, initial: Any,
             where: Any) -> Any:  # fmt: skip
    """Largest and smallest elements; there is none of no elements without an initial one."""
    if where is not None and where is not True:
        if initial is None:
            raise errors.ArgumentError("where needs initial, what the result is where nothing counts")
        x = _where(asarray(x), where, initial)
    if initial is None:
        return _written(_over(function, x, axis, keepdims=keepdims), out)
    x = asarray(x)
    if x.size == 0:
        shape = _over(use.sum, x, axis, keepdims=keepdims).shape
        return _written(_full(shape, initial, x.dtype), out)
    return _written(combine(_over(function, x, axis, keepdims=keepdims), initial), out)


def max(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, out: Tensor | None = None,
        initial: float | None = None, where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Largest element over axes, all by default, and of initial; NaN wins. Equal ones share the gradient.

    Shapes and options as for `sum`. ArgumentError where there is no element, and for where without initial;
    OutOfRangeError if there is no such axis.
    """
    return _extreme(use.max, use.maximum, x, axis, keepdims, out, initial, where)


def min(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, out: Tensor | None = None,
        initial: float | None = None, where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Smallest element over axes, all by default, and of initial; NaN wins. Equal ones share the gradient.

    Shapes and options as for `sum`. ArgumentError where there is no element, and for where without initial;
    OutOfRangeError if there is no such axis.
    """
    return _extreme(use.min, use.minimum, x, axis, keepdims, out, initial, where)


amax, amin = max, min


def argmax(x: TensorLike, axis: int | None = None, keepdims: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Index (int64) of the first largest element along an axis, of the flattened tensor by default; the first NaN wins.

    [m, n] with axis=1 -> [m]; out as for `sum`. ArgumentError where there is none, OutOfRangeError if there is no such
    axis.
    """
    return _written(use.argmax(x, axis=axis, keepdims=keepdims), out)


def argmin(x: TensorLike, axis: int | None = None, keepdims: bool = False, *, out: Tensor | None = None) -> Tensor:
    """Index (int64) of the first smallest element, shapes as for `argmax`. ArgumentError where there is none,
    OutOfRangeError if there is no such axis.
    """
    return _written(use.argmin(x, axis=axis, keepdims=keepdims), out)


def any(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, out: Tensor | None = None,
        where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Whether any element over axes is not zero: bool, False of none.

    Shapes and options as for `sum`. OutOfRangeError if there is no such axis.
    """
    return _written(_over(use.any, _where(x, where, 0), axis, keepdims=keepdims), out)


def all(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False, *, out: Tensor | None = None,
        where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Whether all elements over axes are not zero: bool, True of none.

    Shapes and options as for `sum`. OutOfRangeError if there is no such axis.
    """
    return _written(_over(use.all, _where(x, where, 1), axis, keepdims=keepdims), out)


def _variance(function: Any, x: Any, axis: Any, correction: Any, keepdims: bool, dtype: Any, out: Any,
              where: Any) -> Any:  # fmt: skip
    x = _cast(asarray(x), dtype)
    if where is None or where is True:
        result = _over(function, x, axis, correction=correction, keepdims=keepdims)
    else:
        far = use.square(x - _mean_where(x, axis, True, where))
        total = _over(use.sum, _where(far, where, 0), axis, keepdims=keepdims)
        result = _per(total, use.maximum(_count(x, axis, keepdims, where) - correction, 0))
        result = use.sqrt(result) if function is use.std else result
    return _written(_cast(result, dtype), out)


def var(x: TensorLike, axis: int | Sequence[int] | None = None, ddof: float = 0, keepdims: bool = False,
        correction: float | None = None, *, dtype: DTypeLike | None = None, out: Tensor | None = None,
        where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Variance over axes: sum of squared distances from the mean over n - ddof (the array API's `correction`).

    Shapes and options as for `sum`, integers in the default dtype. OutOfRangeError if there is no such axis.
    """
    return _variance(use.var, x, axis, ddof if correction is None else correction, keepdims, dtype, out, where)


def std(x: TensorLike, axis: int | Sequence[int] | None = None, ddof: float = 0, keepdims: bool = False,
        correction: float | None = None, *, dtype: DTypeLike | None = None, out: Tensor | None = None,
        where: TensorLike | None = None) -> Tensor:  # fmt: skip
    """Standard deviation over axes, the square root of `var`; shapes, options and errors (OutOfRangeError) as there."""
    return _variance(use.std, x, axis, ddof if correction is None else correction, keepdims, dtype, out, where)


def cumsum(x: TensorLike, axis: int | None = None, dtype: DTypeLike | None = None, *,
           out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Running sum along an axis, of x's shape; of the flattened tensor by default, [x.size].

    Bools and integers in 64 bits unless there is a dtype, x is cast to it first; out as for `sum`. OutOfRangeError if
    there is no such axis.
    """
    x = _cast(asarray(x), dtype)
    result = use.cumsum(x.ravel(), axis=0) if axis is None else use.cumsum(x, axis=axis)
    return _written(_cast(result, dtype), out)


def logsumexp(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) over axes without overflow, -inf of no elements; shapes as for `sum`. OutOfRangeError."""
    return _over(use.logsumexp, x, axis, keepdims=keepdims)


def count_nonzero(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """How many elements over axes are not zero, int64; shapes as for `sum`. OutOfRangeError for other axes."""
    return _over(use.sum, use.not_equal(x, 0), axis, keepdims=keepdims)


def ptp(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Largest minus smallest element over axes; shapes and errors (ArgumentError, OutOfRangeError) as for `max`."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def average(x: TensorLike, axis: int | Sequence[int] | None = None, weights: TensorLike | None = None,
            keepdims: bool = False) -> Tensor:  # fmt: skip
    """Mean weighted by weights of x's shape, or of its extents along axis; not finite where they sum to 0.

    Shapes as for `sum`. ShapeError if weights do not fit, TypeError if they have another shape and axis is missing.
    """
    x = asarray(x)
    if weights is None:
        return mean(x, axis, keepdims=keepdims)
    weights = asarray(weights)
    if weights.shape != x.shape:
        if axis is None:
            raise TypeError("average: weights of another shape than the tensor need an axis")
        axes = _axes_of(axis, x.ndim)
        if weights.shape != tuple(x.shape[entry] for entry in axes):
            raise errors.ShapeError(
                f"average: weights {list(weights.shape)} do not fit {list(x.shape)} along axis {axis}"
            )
        weights = use.transpose(weights, axes=sorted(range(len(axes)), key=lambda i: axes[i]))
        weights = use.reshape(weights, shape=[extent if i in axes else 1 for i, extent in enumerate(x.shape)])
        weights = use.broadcast_to(weights, shape=x.shape)
    return sum(x * weights, axis, keepdims=keepdims) / sum(weights, axis, keepdims=keepdims)


def norm(x: TensorLike, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Tensor:
    """Euclidean norm over axes, the square root of the sum of squares; shapes as for `sum`. OutOfRangeError."""
    return use.sqrt(_over(use.sum, use.square(x), axis, keepdims=keepdims))
