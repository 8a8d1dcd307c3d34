"""Element by element: dtypes, bits, NaNs, comparing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import dtypes, errors
from ..creation import asarray
from ..sugar import use
from .shapes import _axis_of, broadcast_arrays, broadcast_shapes

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import DTypeLike, TensorLike


def astype(x: TensorLike, dtype: DTypeLike, copy: bool = True) -> Tensor:
    """The values in another dtype, of x's shape; a copy unless copy=False and nothing changes.

    Floats become integers by truncation. TypeError if there is no such dtype.
    """
    return asarray(x).astype(dtype, copy)


def cast(x: TensorLike, dtype: DTypeLike) -> Tensor:
    """The values in another dtype, of x's shape: floats are truncated to integers, NaN and what is out of range to 0.

    TypeError if there is no such dtype.
    """
    return use.cast(x, dtype=dtypes.dtype(dtype))


def copy(x: TensorLike) -> Tensor:
    """A dense copy of x's shape with memory of its own; gradients flow. TypeError if x is not tensor-like."""
    return use.copy(x)


positive = copy


def bitwise_and(a: TensorLike, b: TensorLike) -> Tensor:
    """a & b, broadcast: bits of integers, logical of bools. DTypeError for floats, ShapeError."""
    return asarray(a) & b


def bitwise_or(a: TensorLike, b: TensorLike) -> Tensor:
    """a | b, broadcast: bits of integers, logical of bools. DTypeError for floats, ShapeError."""
    return asarray(a) | b


def bitwise_xor(a: TensorLike, b: TensorLike) -> Tensor:
    """a ^ b, broadcast: bits of integers, logical of bools. DTypeError for floats, ShapeError."""
    return asarray(a) ^ b


def bitwise_invert(x: TensorLike) -> Tensor:
    """All bits flipped, of x's shape; bools negated. DTypeError for floats."""
    return ~asarray(x)


invert = bitwise_invert


def fmax(a: TensorLike, b: TensorLike) -> Tensor:
    """The larger of two, broadcast; NaN only where both are. ShapeError if shapes do not broadcast."""
    a, b = broadcast_arrays(a, b)
    return use.where(use.isnan(a), b, use.where(use.isnan(b), a, use.maximum(a, b)))


def fmin(a: TensorLike, b: TensorLike) -> Tensor:
    """The smaller of two, broadcast; NaN only where both are. ShapeError if shapes do not broadcast."""
    a, b = broadcast_arrays(a, b)
    return use.where(use.isnan(a), b, use.where(use.isnan(b), a, use.minimum(a, b)))


def nan_to_num(x: TensorLike, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """NaN and infinities (by the largest of the dtype) replaced, of x's shape. TypeError if x is not tensor-like."""
    x = asarray(x)
    if x.dtype.kind != "f":
        return use.copy(x)
    largest = {"float16": 65504.0, "float32": 3.4028234663852886e38, "bfloat16": 3.3895313892515355e38}
    high = largest.get(x.dtype.name, 1.7976931348623157e308)
    x = use.where(use.isnan(x), float(nan), x)
    x = use.where(use.equal(x, float("inf")), high if posinf is None else float(posinf), x)
    return use.where(use.equal(x, float("-inf")), -high if neginf is None else float(neginf), x)


def diff(x: TensorLike, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours along an axis, n times: [m, k] -> [m, k - n]. OutOfRangeError for other axes."""
    x = asarray(x)
    lead = (slice(None),) * _axis_of(axis, x.ndim)
    for _ in range(n):
        x = x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))]
    return x


def isclose(a: TensorLike, b: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|a - b| <= atol + rtol * |b| by element, broadcast, bool; infinities must be equal.

    ShapeError if shapes do not broadcast.
    """
    a, b = asarray(a), asarray(b)
    finite = use.logical_and(use.isfinite(a), use.isfinite(b))
    near = use.less_equal(use.abs(a - b), atol + rtol * use.abs(b))
    result = use.where(finite, near, use.equal(a, b))
    return use.logical_or(result, use.logical_and(use.isnan(a), use.isnan(b))) if equal_nan else result


def allclose(a: TensorLike, b: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close, broadcast, see `isclose`; looks at the values. ShapeError."""
    return bool(use.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a: TensorLike, b: TensorLike, equal_nan: bool = False) -> bool:
    """Whether shapes and all elements are equal; looks at the values. TypeError for what is not tensor-like."""
    a, b = asarray(a), asarray(b)
    if a.shape != b.shape:
        return False
    same = use.equal(a, b)
    if equal_nan and a.dtype.kind == b.dtype.kind == "f":
        same = use.logical_or(same, use.logical_and(use.isnan(a), use.isnan(b)))
    return bool(use.all(same))


def _broadcast(a: TensorLike, b: TensorLike) -> bool:
    """Whether the shapes broadcast."""
    try:
        broadcast_shapes(asarray(a).shape, asarray(b).shape)
    except errors.ShapeError:
        return False
    return True


def array_equiv(a: TensorLike, b: TensorLike) -> bool:
    """Whether all elements are equal after broadcasting, False if shapes do not broadcast; looks at the values.

    TypeError for what is not tensor-like.
    """
    return _broadcast(a, b) and bool(use.all(use.equal(a, b)))
