"""Shapes, joining and cutting."""

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any, Sequence

from .. import dtypes, errors
from ..creation import asarray
from ..sugar import use

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike


def reshape(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """The elements of x in C order in another shape, in which one extent may be -1. A view where memory allows.

    ShapeError if the number of elements differs.
    """
    return use.reshape(asarray(x), shape=shape)


def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """Axes permuted, a view: axis i of the result is axes[i] of x; [a, b, c] -> [c, b, a] by default.

    OutOfRangeError if there is no such axis, ArgumentError unless each is named once.
    """
    return use.transpose(asarray(x)) if axes is None else use.transpose(asarray(x), axes=axes)


def permute_dims(x: TensorLike, axes: Sequence[int]) -> Tensor:
    """The array API's name for `transpose`: axis i of the result's shape is axes[i]. OutOfRangeError, ArgumentError."""
    return transpose(x, axes)


def matrix_transpose(x: TensorLike) -> Tensor:
    """The last two axes swapped, a view: [.., m, n] -> [.., n, m]. OutOfRangeError if there are fewer."""
    return swapaxes(x, -1, -2)


def _axis_of(axis: int, rank: int) -> int:
    """The axis counted from the front. OutOfRangeError if there is none."""
    if not -rank <= axis < rank:
        raise errors.OutOfRangeError(f"axis {axis} is out of bounds for a tensor of {rank} axes")
    return axis % rank


def swapaxes(x: TensorLike, axis1: int, axis2: int) -> Tensor:
    """Two axes of the shape swapped, a view. OutOfRangeError if there is no such axis."""
    x = asarray(x)
    order = list(range(x.ndim))
    a, b = _axis_of(axis1, x.ndim), _axis_of(axis2, x.ndim)
    order[a], order[b] = order[b], order[a]
    return use.transpose(x, axes=order)


def moveaxis(x: TensorLike, source: int | Sequence[int], destination: int | Sequence[int]) -> Tensor:
    """Axes of the shape moved to other places, the others keep their order; a view.

    OutOfRangeError if there is no such axis, ArgumentError unless there are as many places as axes.
    """
    x = asarray(x)
    source = [source] if isinstance(source, int) else list(source)
    destination = [destination] if isinstance(destination, int) else list(destination)
    source = [_axis_of(axis, x.ndim) for axis in source]
    destination = [_axis_of(axis, x.ndim) for axis in destination]
    order = [axis for axis in range(x.ndim) if axis not in source]
    for place, axis in sorted(zip(destination, source)):
        order.insert(place, axis)
    return use.transpose(x, axes=order)


def expand_dims(x: TensorLike, axis: int | Sequence[int] = 0) -> Tensor:
    """New axes of extent 1, a view: [m, n] -> [1, m, n]. Axes are counted in the result, OutOfRangeError otherwise."""
    return use.expand_dims(asarray(x), axes=axis)


def squeeze(x: TensorLike, axis: int | Sequence[int] | None = None) -> Tensor:
    """Without axes of extent 1 (all of them by default), a view: [m, 1, n] -> [m, n].

    ShapeError if a given axis has another extent, OutOfRangeError if there is none.
    """
    return use.squeeze(asarray(x), axes=axis)


def broadcast_to(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """x repeated to a shape without copying: a read-only view. ShapeError if its own does not broadcast to it."""
    return use.broadcast_to(asarray(x), shape=shape)


def broadcast_shapes(*shapes: int | Sequence[int]) -> tuple[int, ...]:
    """The shape that shapes broadcast to: [m, 1], [n] -> [m, n]. ShapeError if they do not."""
    shapes = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
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
    """Elements in reverse order along axes (all by default), a view of the same shape. OutOfRangeError for others."""
    x = asarray(x)
    axes = range(x.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    axes = [_axis_of(entry, x.ndim) for entry in axes]
    return x[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(x.ndim))]


def ravel(x: TensorLike) -> Tensor:
    """The elements in C order along one axis, shape [x.size]; a view where memory allows.

    TypeError if x is no tensor, number, list or array.
    """
    return use.reshape(asarray(x), shape=(-1,))


def flatten(x: TensorLike, start: int = 0, end: int = -1) -> Tensor:
    """One axis in place of axes start..end: [a, b, c] -> [a * b * c], [a, b * c] with start=1. A view where memory
    allows. OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    if x.ndim == 0:
        return use.reshape(x, shape=(1,))
    start, end = _axis_of(start, x.ndim), _axis_of(end, x.ndim)
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

    ShapeError if the others differ.
    """
    tensors = [atleast_1d(x) for x in tensors]
    return use.concat(tensors, axis=0 if tensors[0].ndim == 1 else 1)


def dstack(tensors: Sequence[TensorLike]) -> Tensor:
    """Joined along the third axis: k tensors [m, n] -> [m, n, k], [n] counts as [1, n]. ShapeError if others differ."""
    made = []
    for x in tensors:
        x = atleast_2d(x)
        made.append(x[:, :, None] if x.ndim == 2 else x)
    return use.concat(made, axis=2)


def split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Pieces along an axis, views: equal ones for an int (ShapeError if it does not divide), or cut at indices.

    [6, n] in 3 gives three [2, n]; [6, n] at [1, 4] gives [1, n], [3, n], [2, n]. OutOfRangeError for the axis.
    """
    x = asarray(x)
    extent = x.shape[_axis_of(axis, x.ndim)]
    if isinstance(indices_or_sections, int) and extent % indices_or_sections:
        raise errors.ShapeError(f"split: {extent} elements along axis {axis} are not {indices_or_sections} equal parts")
    return array_split(x, indices_or_sections, axis)


def array_split(x: TensorLike, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """As `split`; an int that does not divide makes the first pieces one longer: [5] in 2 gives [3] and [2].

    OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    axis = _axis_of(axis, x.ndim)
    extent = x.shape[axis]
    if isinstance(indices_or_sections, int):
        size, longer = divmod(extent, indices_or_sections)
        cuts = [i * size + builtins.min(i, longer) for i in range(1, indices_or_sections)]
    else:
        cuts = [int(cut) for cut in indices_or_sections]
    ends = [0, *cuts, extent]
    lead = (slice(None),) * axis
    return [x[lead + (slice(a, b if i < len(cuts) else None),)] for i, (a, b) in enumerate(zip(ends, ends[1:]))]


def pad(x: TensorLike, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Tensor:
    """Elements added before and after along each axis; pad_width: n, (before, after) or one such pair an axis.

    mode: "constant", "edge" (the outermost repeated), "reflect" (mirrored at it) or "wrap". [m, n] with 1 gives
    [m + 2, n + 2]. ArgumentError for another mode, for a constant also if a width is negative or axes have no pair.
    """
    x = asarray(x)
    if isinstance(pad_width, int):
        pairs = [(pad_width, pad_width)] * x.ndim
    else:
        rows = [tuple(row) if hasattr(row, "__len__") else row for row in pad_width]
        if rows and isinstance(rows[0], int):
            rows = [(rows[0], rows[-1])]
        rows = [row if len(row) == 2 else (row[0], row[0]) for row in rows]
        pairs = rows * x.ndim if len(rows) == 1 else rows
    if mode == "constant":
        before, after = ([int(pair[i]) for pair in pairs] for i in (0, 1))
        return use.pad(x, before=before, after=after, value=constant_values)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = use.take(x, _beyond(mode, x.shape[axis], before, after), axis=axis)
    return x


def _beyond(mode: str, extent: int, before: int, after: int) -> Any:
    """Which elements stand at positions -before .. extent + after."""
    import numpy as np

    at = np.arange(-before, extent + after)
    if mode == "edge":
        return at.clip(0, extent - 1)
    if mode == "wrap":
        return at % extent
    if mode == "reflect":
        period = builtins.max(2 * extent - 2, 1)
        at = at % period
        return np.where(at < extent, at, period - at)
    raise errors.ArgumentError(f"pad: mode is 'constant', 'edge', 'reflect' or 'wrap', not {mode!r}")


def tile(x: TensorLike, reps: int | Sequence[int]) -> Tensor:
    """The whole tensor repeated along axes, the last for an int: [m, n] with (2, 3) gives [2 * m, 3 * n].

    ArgumentError if one is negative.
    """
    return use.tile(asarray(x), repeats=reps)


def repeat(x: TensorLike, repeats: Any, axis: int | None = None) -> Tensor:
    """Each element repeated in place along an axis, of the flattened tensor by default: [m, n] -> [m * n * repeats].

    repeats: an int, or one for every position along the axis. ArgumentError for a negative int, OutOfRangeError if
    there is no such axis or, when it runs, no position for a count.
    """
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
    return use.repeat(x, count=repeats, axis=axis)


def roll(x: TensorLike, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Tensor:
    """Elements moved along axes, those that leave come back at the other end; the shape stays.

    Without axis the flattened tensor is rolled. OutOfRangeError if there is no such axis.
    """
    x = asarray(x)
    if axis is None:
        return roll(ravel(x), shift, 0).reshape(x.shape)
    pairs = zip(shift, axis) if isinstance(axis, (tuple, list)) and not isinstance(shift, int) else None
    pairs = pairs or [(shift, entry) for entry in ([axis] if isinstance(axis, int) else axis)]
    for by, along in pairs:
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

    TypeError for what is no tensor, number, list or array.
    """
    tensors = [asarray(x) for x in tensors]
    rank = len(tensors)
    order = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else list(range(rank))
    shaped = [x.reshape([-1 if order[i] == j else 1 for j in range(rank)]) for i, x in enumerate(tensors)]
    return [use.copy(x) for x in broadcast_arrays(*shaped)]
