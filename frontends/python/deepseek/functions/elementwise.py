"""Element by element: dtypes, bits, NaNs, comparing."""

from __future__ import annotations

import operator as _operator
from typing import TYPE_CHECKING, Any, Callable

from .. import _native, dtypes, errors
from ..creation import asarray
from ..sugar import use
from .shapes import _axis_of, broadcast_shapes

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


def _apply(symbol: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Python's symbol of two operands, of which at least one is made a tensor; Python numbers stay weak."""
    if isinstance(a, _native.Tensor) or isinstance(b, _native.Tensor):
        return symbol(a, b)
    return symbol(a, asarray(b)) if type(a) in (bool, int, float) else symbol(asarray(a), b)


def equal(a: TensorLike, b: TensorLike) -> Tensor:
    """a == b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.eq, a, b)


def not_equal(a: TensorLike, b: TensorLike) -> Tensor:
    """a != b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.ne, a, b)


def less(a: TensorLike, b: TensorLike) -> Tensor:
    """a < b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.lt, a, b)


def less_equal(a: TensorLike, b: TensorLike) -> Tensor:
    """a <= b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.le, a, b)


def greater(a: TensorLike, b: TensorLike) -> Tensor:
    """a > b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.gt, a, b)


def greater_equal(a: TensorLike, b: TensorLike) -> Tensor:
    """a >= b, broadcast, bool; numbers that the dtype cannot hold are compared exactly. ShapeError."""
    return _apply(_operator.ge, a, b)


def pow(a: TensorLike, b: TensorLike) -> Tensor:
    """a to the power b, broadcast. ArgumentError for integers to a negative Python int, ShapeError."""
    return _apply(_operator.pow, a, b)


power = pow


def float_power(a: TensorLike, b: TensorLike) -> Tensor:
    """a to the power b in float64, broadcast. ShapeError if shapes do not broadcast."""
    return use.pow(use.cast(a, dtype=dtypes.float64), use.cast(b, dtype=dtypes.float64))


def left_shift(a: TensorLike, b: TensorLike) -> Tensor:
    """a * 2 ** b in the width of the integers, broadcast; bools become int8. DTypeError for floats, ShapeError."""
    return _apply(_operator.lshift, a, b)


def right_shift(a: TensorLike, b: TensorLike) -> Tensor:
    """a // 2 ** b, broadcast; bools become int8. DTypeError for floats, ShapeError."""
    return _apply(_operator.rshift, a, b)


bitwise_left_shift, bitwise_right_shift = left_shift, right_shift


def fabs(x: TensorLike) -> Tensor:
    """|x| as floats, of x's shape; integers in the default dtype. TypeError if x is not tensor-like."""
    x = asarray(x)
    return use.abs(x if x.dtype.kind == "f" else use.cast(x, dtype=dtypes.get_default_dtype()))


def reciprocal(x: TensorLike) -> Tensor:
    """1 / x, of x's shape; of integers without the fraction, 0 for 0. TypeError if x is not tensor-like."""
    x = asarray(x)
    return use.reciprocal(x) if x.dtype.kind in "fc" else use.where(use.equal(use.abs(x), 1), x, use.mul(x, 0))


def round(x: TensorLike, decimals: int = 0) -> Tensor:
    """x rounded to decimals (before the point if negative), halves to even, of x's shape and dtype.

    TypeError if decimals is no integer.
    """
    x, decimals = asarray(x), _operator.index(decimals)
    if decimals == 0:
        return use.round(x)
    if x.dtype.kind in "biu":
        if decimals > 0:
            return use.copy(x)
        scale = 10.0**-decimals
        return use.cast(use.round(use.cast(x, dtype=dtypes.float64) / scale) * scale, dtype=x.dtype)
    scale = 10.0 ** abs(decimals)
    return use.round(x * scale) / scale if decimals > 0 else use.round(x / scale) * scale


around = round


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
    return use.where(use.isnan(a), b, use.where(use.isnan(b), a, use.maximum(a, b)))


def fmin(a: TensorLike, b: TensorLike) -> Tensor:
    """The smaller of two, broadcast; NaN only where both are. ShapeError if shapes do not broadcast."""
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
    """Differences of neighbours along an axis, n times: [m, k] -> [m, k - n]; of bools whether they differ.

    OutOfRangeError for other axes, ArgumentError if n is negative.
    """
    x = asarray(x)
    if n < 0:
        raise errors.ArgumentError(f"diff: n must not be negative, it is {n}")
    lead = (slice(None),) * _axis_of(axis, x.ndim)
    for _ in range(n):
        high, low = x[(*lead, slice(1, None))], x[(*lead, slice(None, -1))]
        x = use.not_equal(high, low) if x.dtype is dtypes.bool_ else high - low
    return x


def isclose(a: TensorLike, b: TensorLike, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """|a - b| <= atol + rtol * |b| by element, broadcast, bool; infinities must be equal. Integers count as float64.

    ShapeError if shapes do not broadcast.
    """
    a, b = (x if x.dtype.kind in "fc" else use.cast(x, dtype=dtypes.float64) for x in (asarray(a), asarray(b)))
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
