"""Shapes, joining and cutting."""

from __future__ import annotations

import builtins
import math
import operator as _operator
from typing import TYPE_CHECKING, Any, Sequence

from .. import dtypes, errors
from ..creation import asarray, checked as _checked, full as _full, ints_of as _ints_of
from ..sugar import use

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike


def reshape(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """The elements of x in C order in another shape, in which one extent may be -1. A view where memory allows.

    ShapeError if the number of elements differs.
    """
    return use.reshape(asarray(x), shape=_ints_of(shape))


def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """Axes permuted, a view: axis i of the result is axes[i] of x; [a, b, c] -> [c, b, a] by default.

    OutOfRangeError if there is no such axis, ArgumentError unless each is named once.
    """
    return use.transpose(asarray(x)) if axes is None else use.transpose(asarray(x), axes=_ints_of(axes))


def permute_dims(x: TensorLike, axes: Sequence[int]) -> Tensor:
    """The array API's name for `transpose`: axis i of the result's shape is axes[i]. OutOfRangeError, ArgumentError."""
    return transpose(x, axes)


def matrix_transpose(x: TensorLike) -> Tensor:
    """The last two axes swapped, a view: [.., m, n] -> [.., n, m]. OutOfRangeError if there are fewer."""
    return swapaxes(x, -1, -2)


def _axis_of(axis: int, rank: int) -> int:
    """The axis counted from the front. OutOfRangeError if there is none."""
    axis = _operator.index(axis)
    if not -rank <= axis < rank:
        raise errors.OutOfRangeError(f"axis {axis} is out of bounds for a tensor of {rank} axes")
    return axis % rank


def _axes_of(axes: int | Sequence[int], rank: int) -> list[int]:
    """Axes counted from the front. OutOfRangeError if one is not there, ArgumentError if one comes twice."""
    found = [_axis_of(axis, rank) for axis in _ints_of(axes)]
    if len({*found}) < len(found):
        raise errors.ArgumentError(f"an axis comes twice in {axes}")
    return found


def _is_int(value: Any) -> bool:
    """Whether it is one integer: Python's, NumPy's or a tensor of shape []."""
    try:
        _operator.index(value)
    except TypeError:
        return False
    return True


def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Two axes of the shape swapped, a view. OutOfRangeError if there is no such axis."""
    x = asarray(x)
    order = list(range(x.ndim))
    a, b = _axis_of(axis1, x.ndim), _axis_of(axis2, x.ndim)
    order[a], order[b] = order[b], order[a]
    return use.transpose(x, axes=order)


def moveaxis(x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes of the shape moved to other places, the others keep their order; a view.

    OutOfRangeError if there is no such axis, ArgumentError unless there are as many places as axes, each once.
    """
    x = asarray(x)
    source, destination = _axes_of(source, x.ndim), _axes_of(destination, x.ndim)
    if len(source) != len(destination):
        raise errors.ArgumentError(f"moveaxis: {len(source)} axes cannot move to {len(destination)} places")
    order = [axis for axis in range(x.ndim) if axis not in source]
    for place, axis in sorted(zip(destination, source)):
        order.insert(place, axis)
    return use.transpose(x, axes=order)


def expand_dims(x: TensorLike, axis: int | Sequence[int] = 0) -> Tensor:
    """New axes of extent 1, a view: [m, n] -> [1, m, n]. Axes are counted in the result, OutOfRangeError otherwise."""
    return use.expand_dims(asarray(x), axes=_ints_of(axis))


def squeeze(x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
    """Without axes of extent 1 (all of them by default), a view: [m, 1, n] -> [m, n].

    ShapeError if a given axis has another extent, OutOfRangeError if there is none.
    """
    return use.squeeze(asarray(x), axes=None if axis is None else _ints_of(axis))


def broadcast_to(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """x repeated to a shape without copying: a read-only view. ShapeError if its own does not broadcast to it."""
    return use.broadcast_to(asarray(x), shape=_ints_of(shape))


def broadcast_shapes(*shapes: int | Sequence[int]) -> tuple[int, ...]:
    """The shape that shapes broadcast to: [m, 1], [n] -> [m, n]. ShapeError if they do not."""
    shapes = [_ints_of(shape) for shape in shapes]
    rank = builtins.max((len(shape) for shape in shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for i, extent in enumerate(shape, rank - len(shape)):
            if extent != 1 and result[i] not in (1, extent):
                raise errors.ShapeError(f"shapes do not broadcast: {' '.join(map(str, shapes))}")
            result[i] = extent if extent != 1 else result[i]
    return tuple(result)


def broadcast_arrays(*tensors: TensorLike) -> list[Tensor]:
    """Tensors broadcast against each other: read-only views of one shape. ShapeError if their shapes do not fit."""
    tensors = [asarray(x) for x in tensors]
    shape = broadcast_shapes(*(x.shape for x in tensors))
    return [use.broadcast_to(x, shape=shape) for x in tensors]


def flip(x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements in reverse order along axes (all by default), a view of the same shape. OutOfRangeError for others,
    ArgumentError if one comes twice.
    """
    x = asarray(x)
    axes = range(x.ndim) if axis is None else _axes_of(axis, x.ndim)
    return x[(*(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim)), Ellipsis)]


def ravel(x: TensorLike) -> Tensor:
    """The elements in C order along one axis, shape [x.size]; a view where memory allows.

    TypeError if x is no tensor, number, list or array.
    """
    return use.reshape(asarray(x), shape=(-1,))


def flatten(x: TensorLike, start: int = 0, end: int = -1) -> Tensor:
    """One axis in place of axes start..end: [a, b, c] -> [a * b * c], [a, b * c] with start=1. A view where memory
    allows. OutOfRangeError if there is no such axis, ArgumentError if start is behind end.
    """
    x = asarray(x)
    if x.ndim == 0:
        return use.reshape(x, shape=(1,))
    start, end = _axis_of(start, x.ndim), _axis_of(end, x.ndim)
    if start > end:
        raise errors.ArgumentError(f"flatten: start {start} is behind end {end}")
    count = math.prod(x.shape[start : end + 1])
    return use.reshape(x, shape=x.shape[:start] + (count,) + x.shape[end + 1 :])


def concatenate(tensors: Sequence[TensorLike], axis: int | None = 0) -> Tensor:
    """Tensors joined along an existing axis, flattened first with axis=None; dtypes are promoted.

    ShapeError unless all other extents of the shapes agree, OutOfRangeError for an axis they do not have, ArgumentError
    for none at all.
    """
    tensors = [asarray(x) for x in tensors]
    if axis is None:
        return use.concat([ravel(x) for x in tensors], axis=0)
    return use.concat(tensors, axis=axis)


concat = concatenate


def stack(tensors: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """n tensors of one shape [..] joined along a new axis: [n, ..] by default.

    ShapeError if shapes differ, ArgumentError for none at all, OutOfRangeError for an axis the result does not have.
    """
    return use.stack([asarray(x) for x in tensors], axis=axis)


def vstack(tensors: Sequence[TensorLike]) -> Tensor:
    """Joined along the first axis, 1-d tensors as rows: two of [n] -> [2, n]. ShapeError if the others differ."""
    return use.concat([atleast_2d(x) for x in tensors], axis=0)


def hstack(tensors: Sequence[TensorLike]) -> Tensor:
    """Joined along the second axis, 1-d tensors along their only one: [m, a] and [m, b] -> [m, a + b].

    ShapeError if the others differ, ArgumentError for none at all.
    """
    tensors = [atleast_1d(x) for x in tensors]
    return use.concat(tensors, axis=0 if not tensors or tensors[0].ndim == 1 else 1)


def dstack(tensors: Sequence[TensorLike]) -> Tensor:
    """Joined along the third axis: k tensors [m, n] -> [m, n, k], [n] counts as [1, n]. ShapeError if others differ."""
    made = []
    for x in tensors:
        x = atleast_2d(x)
        made.append(x[:, :, None] if x.ndim == 2 else x)
    return use.concat(made, axis=2)


def split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Pieces along an axis, views: equal ones for an int (ShapeError if it does not divide), or cut at indices.

    [6, n] in 3 gives three [2, n]; [6, n] at [1, 4] gives [1, n], [3, n], [2, n]. OutOfRangeError for the axis,
    ArgumentError for less than one piece.
    """
    x = asarray(x)
    extent = x.shape[_axis_of(axis, x.ndim)]
    if _is_int(indices_or_sections) and extent % _sections(indices_or_sections):
        raise errors.ShapeError(f"split: {extent} elements along axis {axis} are not {indices_or_sections} equal parts")
    return array_split(x, indices_or_sections, axis)


def array_split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """As `split`; an int that does not divide makes the first pieces one longer: [5] in 2 gives [3] and [2].

    OutOfRangeError if there is no such axis, ArgumentError for less than one piece.
    """
    x = asarray(x)
    axis = _axis_of(axis, x.ndim)
    extent = x.shape[axis]
    if _is_int(indices_or_sections):
        sections = _sections(indices_or_sections)
        size, longer = divmod(extent, sections)
        cuts = [i * size + builtins.min(i, longer) for i in range(1, sections)]
    else:
        cuts = list(_ints_of(indices_or_sections))
    ends = [0, *cuts, extent]
    lead = (slice(None),) * axis
    return [x[lead + (slice(a, b if i < len(cuts) else None),)] for i, (a, b) in enumerate(zip(ends, ends[1:]))]


def _sections(count: Any) -> int:
    """A number of pieces. ArgumentError if it is less than one."""
    if (count := _operator.index(count)) < 1:
        raise errors.ArgumentError(f"the number of pieces must be larger than 0, not {count}")
    return count


def pad(x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Tensor:
    """Elements added before and after along each axis; pad_width: n, (before, after) or one such pair an axis.

    mode: "constant" (constant_values as pad_width), "edge" (the outermost repeated), "reflect" (mirrored at it),
    "symmetric" (mirrored behind it) or "wrap". [m, n] with 1 gives [m + 2, n + 2]. ArgumentError for another mode, a
    negative width, pairs that do not fit the axes and an empty axis with nothing to repeat; TypeError for widths that
    are no integers; SizeError for constants that the dtype cannot hold.
    """
    x = asarray(x)
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise errors.ArgumentError(f"pad: mode is 'constant', 'edge', 'reflect', 'symmetric' or 'wrap', not {mode!r}")
    pairs = _pairs("pad_width", pad_width, x.ndim)
    for pair in pairs:
        if builtins.min(_operator.index(width) for width in pair) < 0:
            raise errors.ArgumentError(f"pad: widths must not be negative, not {pair}")
    if mode == "constant":
        return _pad_constant(x, pairs, _pairs("constant_values", constant_values, x.ndim))
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            if x.shape[axis] == 0:
                raise errors.ArgumentError(f"pad: axis {axis} is empty, mode {mode!r} has nothing to put there")
            x = use.take(x, _beyond(mode, x.shape[axis], before, after), axis=axis)
    return x


def _pairs(name: str, given: Any, rank: int) -> list[tuple[Any, Any]]:
    """One pair of Python numbers an axis."""
    import numpy as np

    try:
        return [tuple(pair) for pair in np.broadcast_to(np.asarray(given), (rank, 2)).tolist()]
    except ValueError:
        raise errors.ArgumentError(f"pad: {name} {given!r} is no number or pair for {rank} axes, or one each") from None


def _pad_constant(x: Any, pairs: list[tuple[int, int]], values: list[tuple[Any, Any]]) -> Any:
    every = {_checked(value, x.dtype) for pair in values for value in pair} or {0}
    first = every.pop()
    if not every and (isinstance(first, float) or abs(first) < 1 << 53):  # what a float attribute holds
        before, after = ([pair[i] for pair in pairs] for i in (0, 1))
        return use.pad(x, before=before, after=after, value=first)
    for axis, (widths, numbers) in enumerate(zip(pairs, values)):
        shapes = [(*x.shape[:axis], width, *x.shape[axis + 1 :]) for width in widths]
        low, high = (_full(shape, number, x.dtype) for shape, number in zip(shapes, numbers))
        x = use.concat([low, x, high], axis=axis)
    return x


def _beyond(mode: str, extent: int, before: int, after: int) -> Any:
    """Which elements stand at positions -before .. extent + after."""
    import numpy as np

    at = np.arange(-before, extent + after)
    if mode == "edge":
        return at.clip(0, extent - 1)
    if mode == "wrap":
        return at % extent
    last = 0 if mode == "symmetric" else 1  # whether the outermost comes once in a period
    period = builtins.max(2 * extent - 2 * last, 1)
    at = at % period
    return np.where(at < extent, at, period - 1 + last - at)


def tile(x: TensorLike, reps: int | Sequence[int]) -> Tensor:
    """The whole tensor repeated along axes, the last for an int: [m, n] with (2, 3) gives [2 * m, 3 * n].

    ArgumentError if one is negative.
    """
    return use.tile(asarray(x), repeats=_ints_of(reps))


def repeat(x: TensorLike, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated in place along an axis, of the flattened tensor by default: [m, n] -> [m * n * repeats].

    repeats: an int, or one for every position along the axis. ArgumentError for a negative one, ShapeError for another
    number of them, OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    if axis is None:
        x, axis = ravel(x), 0
    counts = _ints_of(repeats)
    if builtins.min(counts, default=0) < 0:
        raise errors.ArgumentError("repeat: counts must not be negative")
    if len(counts) == 1:
        return use.repeat(x, count=counts[0], axis=axis)
    if len(counts) != (extent := x.shape[_axis_of(axis, x.ndim)]):
        raise errors.ShapeError(f"repeat: {len(counts)} counts for {extent} positions along axis {axis}")
    rows = [i for i, n in enumerate(counts) for _ in range(n)]
    return use.take(x, asarray(rows, dtypes.int64), axis=axis)


def roll(x: TensorLike, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved along axes, those that leave come back at the other end; the shape stays.

    Without axis the flattened tensor is rolled. Shifts and axes go together one by one, or one of either with all of
    the other: ArgumentError unless they can. OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    if axis is None:
        return roll(ravel(x), shift, 0).reshape(x.shape)
    shifts, axes = _ints_of(shift), _ints_of(axis)
    count = len(axes) if len(shifts) == 1 else len(shifts)
    if len(axes) not in (1, count):
        raise errors.ArgumentError(f"roll: {len(shifts)} shifts do not go with {len(axes)} axes")
    for by, along in zip(shifts * count if len(shifts) == 1 else shifts, axes * count if len(axes) == 1 else axes):
        along = _axis_of(along, x.ndim)
        extent = x.shape[along]
        cut = -by % extent if extent else 0
        lead = (slice(None),) * along
        x = use.concat([x[(*lead, slice(cut, None))], x[(*lead, slice(0, cut))]], axis=along)
    return x


def atleast_1d(x: TensorLike) -> Tensor:
    """x with at least one axis: shape [] -> [1], others stay. TypeError if x is no tensor, number, list or array."""
    x = asarray(x)
    return x.reshape((1,)) if x.ndim == 0 else x


def atleast_2d(x: TensorLike) -> Tensor:
    """x with axes put in front until there are two: [] -> [1, 1], [n] -> [1, n].

    TypeError if x is no tensor, number, list or array.
    """
    x = asarray(x)
    return x.reshape((1,) * (2 - x.ndim) + x.shape) if x.ndim < 2 else x


def meshgrid(*tensors: TensorLike, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of a grid, one tensor for each given (flattened): [m], [n] -> two of [n, m], or [m, n] with "ij".

    ArgumentError for another indexing, TypeError for what is no tensor, number, list or array.
    """
    if indexing not in ("xy", "ij"):
        raise errors.ArgumentError(f"meshgrid: indexing is 'xy' or 'ij', not {indexing!r}")
    tensors = [asarray(x) for x in tensors]
    rank = len(tensors)
    order = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else list(range(rank))
    shaped = [x.reshape([-1 if order[i] == j else 1 for j in range(rank)]) for i, x in enumerate(tensors)]
    return [use.copy(x) for x in broadcast_arrays(*shaped)]
