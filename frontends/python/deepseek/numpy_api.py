"""NumPy's functions whose arguments differ from the operator's; the rest of the namespace are operators themselves."""

from __future__ import annotations

import builtins
import math
from typing import Any, Sequence

from . import _native, dtypes, errors
from .creation import asarray
from .indexing import nonzero
from .sugar import use

__all__ = """sum prod mean max min amax amin argmax argmin any all var std cumsum logsumexp reshape transpose
permute_dims matrix_transpose swapaxes moveaxis expand_dims squeeze broadcast_to broadcast_arrays flip ravel flatten
concatenate concat stack vstack hstack dstack split array_split pad tile repeat roll where clip take take_along_axis
nonzero argwhere count_nonzero astype cast copy atleast_1d atleast_2d dot vdot inner outer tensordot bitwise_invert invert
positive trace diagonal tril triu ptp average allclose isclose array_equal array_equiv arange
linspace eye identity meshgrid vecdot norm diff fmax fmin hypot logaddexp signbit copysign nan_to_num""".split()


def _cast(x: Any, dtype: Any) -> Any:
    return x if dtype is None else use.cast(x, dtype=dtypes.dtype(dtype))


# ---- reductions ------------------------------------------------------------------------------------------------------
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
    return use.var(x, axis=axis, ddof=ddof if correction is None else correction, keepdims=keepdims)


def std(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False, correction: float | None = None) -> Any:
    """Standard deviation over axes."""
    return use.std(x, axis=axis, ddof=ddof if correction is None else correction, keepdims=keepdims)


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
        weights = broadcast_to(weights, x.shape)
    return use.sum(x * weights, axis=axis) / use.sum(weights, axis=axis)


def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Euclidean norm over axes."""
    return use.sqrt(use.sum(use.square(x), axis=axis, keepdims=keepdims))


# ---- shapes ----------------------------------------------------------------------------------------------------------
def reshape(x: Any, shape: Any) -> Any:
    """Another shape with the same elements; one extent may be -1. A view where memory allows."""
    return use.reshape(asarray(x), shape=shape)


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Axes permuted, reversed by default; a view."""
    return use.transpose(asarray(x)) if axes is None else use.transpose(asarray(x), axes=axes)


def permute_dims(x: Any, axes: Sequence[int]) -> Any:
    """The array API's name for `transpose`."""
    return transpose(x, axes)


def matrix_transpose(x: Any) -> Any:
    """The last two axes swapped, a view."""
    return swapaxes(x, -1, -2)


def _axis(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise errors.OutOfRangeError(f"axis {axis} is out of bounds for a tensor of {rank} axes")
    return axis % rank


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes swapped, a view."""
    x = asarray(x)
    order = list(range(x.ndim))
    a, b = _axis(axis1, x.ndim), _axis(axis2, x.ndim)
    order[a], order[b] = order[b], order[a]
    return use.transpose(x, axes=order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places, the others keep their order; a view."""
    x = asarray(x)
    source = [source] if isinstance(source, int) else list(source)
    destination = [destination] if isinstance(destination, int) else list(destination)
    source = [_axis(axis, x.ndim) for axis in source]
    destination = [_axis(axis, x.ndim) for axis in destination]
    order = [axis for axis in range(x.ndim) if axis not in source]
    for place, axis in sorted(zip(destination, source)):
        order.insert(place, axis)
    return use.transpose(x, axes=order)


def expand_dims(x: Any, axis: Any = 0) -> Any:
    """New axes of extent 1 at these places, a view."""
    return use.expand_dims(asarray(x), axis=axis)


def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of extent 1 (all of them by default), a view. ShapeError if one has another extent."""
    return use.squeeze(asarray(x), axis=axis)


def broadcast_to(x: Any, shape: Any) -> Any:
    """Repeated along axes without copying; read-only."""
    return use.broadcast_to(asarray(x), shape=shape)


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The shape that shapes broadcast to. ShapeError if they do not."""
    shapes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    rank = builtins.max((len(shape) for shape in shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for i, extent in enumerate(shape, rank - len(shape)):
            if extent != 1 and result[i] not in (1, extent):
                raise errors.ShapeError(f"shapes do not broadcast: {' '.join(map(str, shapes))}")
            result[i] = extent if extent != 1 else result[i]
    return tuple(result)


def broadcast_arrays(*tensors: Any) -> list[Any]:
    """Tensors broadcast against each other."""
    tensors = [asarray(x) for x in tensors]
    shape = broadcast_shapes(*(x.shape for x in tensors))
    return [use.broadcast_to(x, shape=shape) for x in tensors]


def flip(x: Any, axis: Any = None) -> Any:
    """Reversed along axes (all by default), a view."""
    x = asarray(x)
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = [_axis(entry, x.ndim) for entry in axes]
    return x[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim))]


def ravel(x: Any) -> Any:
    """One axis, a view where memory allows."""
    return use.reshape(asarray(x), shape=(-1,))


def flatten(x: Any, start: int = 0, end: int = -1) -> Any:
    """One axis in place of axes start..end, a view where memory allows."""
    x = asarray(x)
    if x.ndim == 0:
        return use.reshape(x, shape=(1,))
    start, end = _axis(start, x.ndim), _axis(end, x.ndim)
    count = math.prod(x.shape[start : end + 1])
    return use.reshape(x, shape=x.shape[:start] + (count,) + x.shape[end + 1 :])


def concatenate(tensors: Sequence[Any], axis: int | None = 0) -> Any:
    """Tensors joined along an existing axis (flattened first with axis=None). ShapeError unless the others agree."""
    tensors = [asarray(x) for x in tensors]
    if axis is None:
        return use.concat([ravel(x) for x in tensors], axis=0)
    return use.concat(tensors, axis=axis)


concat = concatenate


def stack(tensors: Sequence[Any], axis: int = 0) -> Any:
    """Tensors of one shape joined along a new axis."""
    return use.stack([asarray(x) for x in tensors], axis=axis)


def vstack(tensors: Sequence[Any]) -> Any:
    """Joined along the first axis; 1-d tensors become rows."""
    return use.concat([atleast_2d(x) for x in tensors], axis=0)


def hstack(tensors: Sequence[Any]) -> Any:
    """Joined along the second axis, 1-d tensors along their only one."""
    tensors = [atleast_1d(x) for x in tensors]
    return use.concat(tensors, axis=0 if tensors[0].ndim == 1 else 1)


def dstack(tensors: Sequence[Any]) -> Any:
    """Joined along the third axis."""
    made = []
    for x in tensors:
        x = atleast_2d(x)
        made.append(x[:, :, None] if x.ndim == 2 else x)
    return use.concat(made, axis=2)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Pieces along an axis, views: equal ones for an int (ValueError if it does not divide), else cut at the indices."""
    x = asarray(x)
    extent = x.shape[_axis(axis, x.ndim)]
    if isinstance(indices_or_sections, int) and extent % indices_or_sections:
        raise errors.ShapeError(f"split: {extent} elements along axis {axis} are not {indices_or_sections} equal parts")
    return array_split(x, indices_or_sections, axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """As `split`; an int that does not divide makes the first pieces one longer."""
    x = asarray(x)
    axis = _axis(axis, x.ndim)
    extent = x.shape[axis]
    if isinstance(indices_or_sections, int):
        size, longer = divmod(extent, indices_or_sections)
        cuts = [i * size + builtins.min(i, longer) for i in range(1, indices_or_sections)]
    else:
        cuts = [int(cut) for cut in indices_or_sections]
    ends = [0, *cuts, extent]
    lead = (slice(None),) * axis
    return [x[lead + (slice(a, b if i < len(cuts) else None),)] for i, (a, b) in enumerate(zip(ends, ends[1:]))]


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Any:
    """Elements added before and after along each axis; pad_width as in NumPy: n, (before, after) or one pair an axis."""
    x = asarray(x)
    if isinstance(pad_width, int):
        pairs = [(pad_width, pad_width)] * x.ndim
    else:
        rows = [tuple(row) if hasattr(row, "__len__") else row for row in pad_width]
        if rows and isinstance(rows[0], int):
            rows = [(rows[0], rows[-1])]
        rows = [row if len(row) == 2 else (row[0], row[0]) for row in rows]
        pairs = rows * x.ndim if len(rows) == 1 else rows
    widths = [int(n) for pair in pairs for n in pair]
    return use.pad(x, widths=widths, mode=mode, value=constant_values)


def tile(x: Any, reps: Any) -> Any:
    """The whole tensor repeated along axes."""
    return use.tile(asarray(x), reps=reps)


def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    """Each element repeated along an axis, of the flattened tensor by default."""
    x = asarray(x)
    if axis is None:
        x, axis = ravel(x), 0
    if not isinstance(repeats, int):
        counts = [int(n) for n in asarray(repeats).tolist()] if asarray(repeats).ndim else [int(repeats)]
        if len(counts) == 1:
            repeats = counts[0]
        else:
            rows = [i for i, n in enumerate(counts) for _ in range(n)]
            return use.take(x, asarray(rows, dtypes.int64), axis=axis)
    return use.repeat(x, repeats=repeats, axis=axis)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved along axes, those that leave come back at the other end."""
    x = asarray(x)
    if axis is None:
        return roll(ravel(x), shift, 0).reshape(x.shape)
    pairs = zip(shift, axis) if isinstance(axis, (tuple, list)) and not isinstance(shift, int) else None
    pairs = pairs or [(shift, entry) for entry in ([axis] if isinstance(axis, int) else axis)]
    for by, along in pairs:
        along = _axis(along, x.ndim)
        extent = x.shape[along]
        cut = -by % extent if extent else 0
        lead = (slice(None),) * along
        x = use.concat([x[(*lead, slice(cut, None))], x[(*lead, slice(0, cut))]], axis=along)
    return x


def atleast_1d(x: Any) -> Any:
    """x, as one element of one axis if it has none."""
    x = asarray(x)
    return x.reshape((1,)) if x.ndim == 0 else x


def atleast_2d(x: Any) -> Any:
    """x with axes put in front until there are two."""
    x = asarray(x)
    return x.reshape((1,) * (2 - x.ndim) + x.shape) if x.ndim < 2 else x


def meshgrid(*tensors: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of a grid, one tensor per axis."""
    tensors = [asarray(x) for x in tensors]
    rank = len(tensors)
    order = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else list(range(rank))
    shaped = [x.reshape([-1 if order[i] == j else 1 for j in range(rank)]) for i, x in enumerate(tensors)]
    return [use.copy(x) for x in broadcast_arrays(*shaped)]


# ---- choosing --------------------------------------------------------------------------------------------------------
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
    return use.clip(x, low, high)


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at indices along an axis (of the flattened tensor by default). OutOfRangeError when they run."""
    x = asarray(x)
    return use.take(ravel(x), indices, axis=0) if axis is None else use.take(x, indices, axis=axis)


def take_along_axis(x: Any, indices: Any, axis: int = -1) -> Any:
    """Elements picked one by one along an axis, as `argmax` and sorting give them."""
    return use.take_along_axis(x, indices, axis=axis)


def argwhere(x: Any) -> Any:
    """Indices of elements that are not zero, one row each."""
    return use.stack(nonzero(x), axis=1)


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle of the last two axes, zeros elsewhere."""
    x = asarray(x)
    rows, columns = x.shape[-2:]
    keep = use.greater_equal(arange(rows)[:, None] + k, arange(columns)[None, :])
    return use.where(keep, x, asarray(0, x.dtype))


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle of the last two axes, zeros elsewhere."""
    x = asarray(x)
    rows, columns = x.shape[-2:]
    keep = use.less_equal(arange(rows)[:, None] + k, arange(columns)[None, :])
    return use.where(keep, x, asarray(0, x.dtype))


def diagonal(x: Any, offset: int = 0) -> Any:
    """The diagonal of the first two axes of a matrix, a read-only view."""
    x = asarray(x)
    if x.ndim < 2:
        raise errors.ShapeError("diagonal needs at least two axes")
    x = transpose(x, (*range(2, x.ndim), 0, 1))
    x = x[..., :, offset:] if offset >= 0 else x[..., -offset:, :]
    count = builtins.min(x.shape[-2:])
    step = [stride // x.itemsize for stride in x.strides]
    return _native.strided(x, _offset(x), (*x.shape[:-2], count), (*step[:-2], step[-1] + step[-2]))


def _offset(x: Any) -> int:
    from ._runtime import check, context, ffi, lib

    layout = ffi.new("ds_view_spec*")
    check(lib.ds_tensor_layout(context, x._handle, layout))
    return layout.offset


def trace(x: Any, offset: int = 0) -> Any:
    """Sum of the diagonal."""
    return sum(diagonal(x, offset), axis=-1)


# ---- products --------------------------------------------------------------------------------------------------------
def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: products of scalars, inner products of vectors, `matmul` of matrices."""
    a, b = asarray(a), asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return use.matmul(a, b) if b.ndim <= 2 else tensordot(a, b, axes=([-1], [-2]))


def inner(a: Any, b: Any) -> Any:
    """Sum of products over the last axes."""
    a, b = asarray(a), asarray(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, axes=([-1], [-1]))


def vdot(a: Any, b: Any) -> Any:
    """Inner product of the flattened tensors."""
    return use.sum(ravel(a) * ravel(b))


def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """Inner products along an axis."""
    return use.sum(asarray(a) * b, axis=axis)


def outer(a: Any, b: Any) -> Any:
    """All products of the flattened tensors."""
    return ravel(a)[:, None] * ravel(b)[None, :]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum of products over pairs of axes, or over the last n of a and the first n of b."""
    a, b = asarray(a), asarray(b)
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([axis] if isinstance(axis, int) else list(axis) for axis in axes)
        left, right = [_axis(axis, a.ndim) for axis in left], [_axis(axis, b.ndim) for axis in right]
    free_a = [axis for axis in range(a.ndim) if axis not in left]
    free_b = [axis for axis in range(b.ndim) if axis not in right]
    if [a.shape[axis] for axis in left] != [b.shape[axis] for axis in right]:
        raise errors.ShapeError(f"tensordot: {list(a.shape)} and {list(b.shape)} do not fit along axes {left} and {right}")
    inner_size = math.prod(a.shape[axis] for axis in left)
    rows, columns = [a.shape[axis] for axis in free_a], [b.shape[axis] for axis in free_b]
    x = use.reshape(use.transpose(a, axes=free_a + left), shape=(math.prod(rows), inner_size))
    y = use.reshape(use.transpose(b, axes=right + free_b), shape=(inner_size, math.prod(columns)))
    return use.reshape(use.matmul(x, y), shape=rows + columns)


# ---- elementwise -----------------------------------------------------------------------------------------------------
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


def hypot(a: Any, b: Any) -> Any:
    """sqrt(a*a + b*b) without overflow."""
    a, b = use.abs(a), use.abs(b)
    high, low = use.maximum(a, b), use.minimum(a, b)
    ratio = low / use.where(use.equal(high, 0), 1.0, high)
    result = high * use.sqrt(1 + ratio * ratio)
    return use.where(use.logical_or(use.isinf(a), use.isinf(b)), float("inf"), result)


def logaddexp(a: Any, b: Any) -> Any:
    """log(exp(a) + exp(b)) without overflow."""
    high = use.maximum(a, b)
    rest = use.log1p(use.exp(-use.abs(asarray(a) - b)))
    return use.where(use.isinf(high), high, high + rest)


def signbit(x: Any) -> Any:
    """Whether the sign is negative, -0.0 included."""
    x = asarray(x)
    return use.less(x, 0) if x.dtype.kind != "f" else use.less(use.atan2(x, -1.0), 0)


def copysign(a: Any, b: Any) -> Any:
    """|a| with the sign of b."""
    size = use.abs(a)
    return use.where(signbit(b), -size, size)


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
    lead = (slice(None),) * _axis(axis, x.ndim)
    for _ in range(n):
        x = x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))]
    return x


# ---- comparing -------------------------------------------------------------------------------------------------------
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


# ---- ranges ----------------------------------------------------------------------------------------------------------
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
    return use.linspace(start=start, stop=stop, num=num, endpoint=endpoint, dtype=wanted)


def eye(n: int, m: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal, zeros elsewhere."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)
    return use.eye(n=n, m=n if m is None else m, k=k, dtype=wanted)


def identity(n: int, dtype: Any = None) -> Any:
    """The identity matrix."""
    return eye(n, dtype=dtype)
