"""Element by element: dtypes, bits, NaNs, comparing."""

from __future__ import annotations

from typing import Any

from .. import dtypes, errors
from ..creation import asarray
from ..sugar import use
from .shapes import axis_of, broadcast_arrays, broadcast_shapes


def astype(x: Any, dtype: Any, copy: bool = True) -> Any:
    """The values in another dtype."""
    return asarray(x).astype(dtype, copy)


def cast(x: Any, dtype: Any) -> Any:
    """The values in another dtype, by C++'s conversions."""
    return use.cast(x, dtype=dtypes.dtype(dtype))


def copy(x: Any) -> Any:
    """A copy with memory of its own."""
    return use.copy(x)


positive = copy


def bitwise_and(a: Any, b: Any) -> Any:
    """a & b: bits of integers, logical of bools."""
    return asarray(a) & b


def bitwise_or(a: Any, b: Any) -> Any:
    """a | b."""
    return asarray(a) | b


def bitwise_xor(a: Any, b: Any) -> Any:
    """a ^ b."""
    return asarray(a) ^ b


def bitwise_invert(x: Any) -> Any:
    """All bits flipped; bools negated."""
    return ~asarray(x)


invert = bitwise_invert


def fmax(a: Any, b: Any) -> Any:
    """The larger of two; NaN only where both are."""
    a, b = broadcast_arrays(a, b)
    return use.where(use.isnan(a), b, use.where(use.isnan(b), a, use.maximum(a, b)))


def fmin(a: Any, b: Any) -> Any:
    """The smaller of two; NaN only where both are."""
    a, b = broadcast_arrays(a, b)
    return use.where(use.isnan(a), b, use.where(use.isnan(b), a, use.minimum(a, b)))


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """NaN and infinities replaced by numbers; infinities by the largest of the dtype."""
    x = asarray(x)
    if x.dtype.kind != "f":
        return use.copy(x)
    largest = {"float16": 65504.0, "float32": 3.4028234663852886e38, "bfloat16": 3.3895313892515355e38}
    high = largest.get(x.dtype.name, 1.7976931348623157e308)
    x = use.where(use.isnan(x), float(nan), x)
    x = use.where(use.equal(x, float("inf")), high if posinf is None else float(posinf), x)
    return use.where(use.equal(x, float("-inf")), -high if neginf is None else float(neginf), x)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours along an axis, n times."""
    x = asarray(x)
    lead = (slice(None),) * axis_of(axis, x.ndim)
    for _ in range(n):
        x = x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))]
    return x


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Elementwise |a - b| <= atol + rtol * |b|."""
    a, b = asarray(a), asarray(b)
    finite = use.logical_and(use.isfinite(a), use.isfinite(b))
    near = use.less_equal(use.abs(a - b), atol + rtol * use.abs(b))
    result = use.where(finite, near, use.equal(a, b))
    return use.logical_or(result, use.logical_and(use.isnan(a), use.isnan(b))) if equal_nan else result


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close; looks at the values."""
    return bool(use.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a: Any, b: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and all elements are equal; looks at the values."""
    a, b = asarray(a), asarray(b)
    if a.shape != b.shape:
        return False
    same = use.equal(a, b)
    if equal_nan and a.dtype.kind == b.dtype.kind == "f":
        same = use.logical_or(same, use.logical_and(use.isnan(a), use.isnan(b)))
    return bool(use.all(same))


def _broadcast(a: Any, b: Any) -> bool:
    """Whether the shapes broadcast."""
    try:
        broadcast_shapes(asarray(a).shape, asarray(b).shape)
    except errors.ShapeError:
        return False
    return True


def array_equiv(a: Any, b: Any) -> bool:
    """Whether all elements are equal after broadcasting."""
    return _broadcast(a, b) and bool(use.all(use.equal(a, b)))
