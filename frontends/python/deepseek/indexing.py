"""Indexing with arrays and masks, as NumPy does it; ints, slices, None and Ellipsis are views made in C."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import _native, errors
from .creation import asarray
from .sugar import use

if TYPE_CHECKING:
    from .tensors import Tensor
    from .typing import TensorLike


class Plan(NamedTuple):
    """A key taken apart: x[basic] is a view, whose `axes` the index arrays select; their axes land at `place`."""

    basic: tuple
    arrays: list[Any]
    axes: list[int]
    place: int


def _is_bool(part: Any) -> bool:
    return part is True or part is False or getattr(getattr(part, "dtype", None), "kind", "") == "b"


class _Given:
    """Indices as a list or NumPy array: they are known now, so a wrong one is an error now and spoils no tensor."""

    __slots__ = ("tensor", "array")

    def __init__(self, part: Any) -> None:
        import numpy

        self.array = numpy.asarray(part)
        self.tensor = asarray(self.array)

    def checked(self, axis: int, extent: int) -> Any:
        """The tensor; IndexError for an index outside of the axis."""
        wrong = self.array[(self.array < -extent) | (self.array >= extent)] if self.array.dtype.kind in "iu" else ()
        if len(wrong):
            raise errors.OutOfRangeError(f"index {wrong.flat[0]} is out of bounds for axis {axis} with size {extent}")
        return self.tensor


def _parts(key: Any, rank: int, given: dict[int, _Given]) -> list[Any]:
    """The key's parts: Python ints, slices, None, and index or mask tensors; Ellipsis expanded. given: those whose values
    are known, by id of the tensor."""
    parts: list[Any] = []
    for part in key if isinstance(key, tuple) else (key,):
        if part is None or part is Ellipsis or isinstance(part, slice):
            parts.append(part)
        elif isinstance(part, int) and not isinstance(part, bool):
            parts.append(part)
        elif isinstance(part, (bool, list, tuple)) or hasattr(part, "dtype"):
            foreign = not isinstance(part, (bool, list, tuple, _native.Tensor))
            if foreign and part.shape == () and part.dtype.kind in "iu":
                parts.append(int(part))  # NumPy's integer scalars
            elif isinstance(part, (list, tuple)) and len(part) == 0:
                parts.append(asarray([], dtype="int64"))
            elif isinstance(part, (bool, _native.Tensor)):
                parts.append(asarray(part))
            else:
                known = _Given(part)
                parts.append(known.tensor)
                given[id(known.tensor)] = known
        elif hasattr(part, "__index__"):
            parts.append(part.__index__())
        else:
            parts.append(object)
        last = parts[-1]
        if last is object or (isinstance(last, _native.Tensor) and last.dtype.kind not in "iub"):
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and integer or boolean arrays are valid indices"
            )
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum(_width(part) for part in parts)
    if used > rank:
        raise IndexError(f"too many indices: the tensor is {rank}-dimensional, but {used} were indexed")
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    return parts


def _width(part: Any) -> int:
    """How many axes of the tensor a part uses up."""
    if part is None or part is Ellipsis:
        return 0
    if isinstance(part, _native.Tensor) and part.dtype.kind == "b":
        return part.ndim
    return 1


def _nonzero(mask: Any, extents: tuple[int, ...], axis: int) -> tuple:
    if mask.shape != extents:
        wrong = next(i for i, (a, b) in enumerate(zip(mask.shape, extents)) if a != b)
        raise IndexError(
            f"boolean index did not match the tensor along axis {axis + wrong}; size of axis is {extents[wrong]} "
            f"but size of the mask's is {mask.shape[wrong]}"
        )
    return nonzero(mask)


def nonzero(x: TensorLike) -> tuple[Tensor, ...]:
    """Indices of elements not zero, one int64 [count] per axis; looks at the values. ValueError for shape []."""
    x = asarray(x)
    if x.ndim == 0:
        raise ValueError("nonzero of a 0-d tensor; use atleast_1d(x) first")
    rows = use.nonzero(x)
    return tuple(rows) if isinstance(rows, tuple) else tuple(rows[:, axis] for axis in range(x.ndim))


def plan(key: Any, shape: tuple[int, ...]) -> Plan:
    """Takes a key apart for a tensor of that shape. IndexError as NumPy."""
    rank = len(shape)
    given: dict[int, _Given] = {}
    parts = _parts(key, rank, given)
    basic: list[Any] = []
    arrays, axes = [], []
    runs = 0  # groups of adjacent advanced parts, ints among them
    place = axis = out = 0
    inside = False
    for part in parts:
        if isinstance(part, (_native.Tensor, int)):
            if not inside:
                runs += 1
                place = out if runs == 1 else place
            inside = True
            if isinstance(part, int):
                basic.append(part)
                axis += 1
                continue
            mask = part.dtype.kind == "b"
            if mask and part.ndim == 0:
                basic.append(None)
                arrays.append(nonzero(part.reshape((1,)))[0])
                axes.append(out)
                out += 1
                continue
            if id(part) in given and not mask:
                part = given[id(part)].checked(axis, shape[axis])
            found = _nonzero(part, shape[axis : axis + part.ndim], axis) if mask else (part,)
            for indices in found:
                basic.append(slice(None))
                arrays.append(indices)
                axes.append(out)
                out += 1
                axis += 1
            continue
        inside = False
        if part is Ellipsis:
            fill = rank - sum(_width(entry) for entry in parts)
            basic += [slice(None)] * fill
            out, axis = out + fill, axis + fill
            continue
        basic.append(part)
        out += 1
        axis += part is not None
    return Plan(tuple(basic), arrays, axes, place if runs == 1 else 0)


def _natural(axes: list[int]) -> int:
    """Where index_get puts the axes of the index arrays."""
    return axes[0] if axes == list(range(axes[0], axes[0] + len(axes))) else 0


def _moved(rank: int, at: int, to: int, count: int) -> list[int]:
    """The permutation that moves `count` axes from position `at` to `to`."""
    order = [axis for axis in range(rank) if not at <= axis < at + count]
    order[to:to] = range(at, at + count)
    return order


def _broadcast_rank(arrays: list[Any]) -> int:
    return max(array.ndim for array in arrays)


def _check_broadcast(arrays: list[Any]) -> None:
    """NumPy's IndexError unless index arrays broadcast."""
    for extents in zip(*(((1,) * (_broadcast_rank(arrays) - array.ndim) + array.shape) for array in arrays)):
        if len({extent for extent in extents if extent != 1}) > 1:
            shapes = " ".join(str(array.shape) for array in arrays)
            raise errors.OutOfRangeError(f"shape mismatch: index arrays of shapes {shapes} do not broadcast")


def index_get(x: Any, key: Any) -> Any:
    """x[key] for keys with arrays or masks; a copy."""
    p = plan(key, x.shape)
    if not p.arrays:
        dots = any(part is Ellipsis for part in key) if isinstance(key, tuple) else False
        return x[(*p.basic, Ellipsis) if dots else p.basic]
    _check_broadcast(p.arrays)
    base = x[p.basic]
    result = use.index_get(base, p.arrays, axes=p.axes)
    at = _natural(p.axes)
    if at == p.place:
        return result
    return use.transpose(result, axes=_moved(result.ndim, at, p.place, _broadcast_rank(p.arrays)))


def _single_mask(x: Any, key: Any) -> Any:
    """The mask of x[mask] = value, when the key is nothing else."""
    if isinstance(key, tuple):
        return _single_mask(x, key[0]) if len(key) == 1 else None
    if not _is_bool(key):
        return None
    mask = asarray(key)
    if mask.ndim > x.ndim or mask.shape != x.shape[: mask.ndim]:
        return None
    return mask


def index_set(x: Any, key: Any, value: Any) -> None:
    """x[key] = value for keys with arrays or masks. With repeated indices the last write wins."""
    mask = _single_mask(x, key)
    scalar = isinstance(value, (bool, int, float)) or getattr(value, "ndim", None) == 0
    if mask is not None and scalar:
        # No sizes depend on data this way, so nothing has to run.
        value = asarray(value, dtype=x.dtype)
        mask = mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim))
        _native.assign(x, use.where(mask, value, x))
        return
    p = plan(key, x.shape)
    if not p.arrays:
        x[p.basic] = value
        return
    _check_broadcast(p.arrays)
    base = x[p.basic]
    value = asarray(value, dtype=x.dtype)
    at = _natural(p.axes)
    if at != p.place:
        count = _broadcast_rank(p.arrays)
        rank = base.ndim - len(p.axes) + count
        value = value.reshape((1,) * (rank - value.ndim) + value.shape)
        value = use.transpose(value, axes=_moved(rank, p.place, at, count))
    _native.assign(base, use.index_put(base, value, p.arrays, axes=p.axes))


_native.configure(index_get=index_get, index_set=index_set)
