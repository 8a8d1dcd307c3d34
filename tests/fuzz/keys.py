"""Random keys, shapes, views and values for programs."""

import numpy as np

import deepseek as ds

NUMBERS = range(-5, 6)


def whole(key):
    """The key with which NumPy answers an array in any case, and no number."""
    return key if Ellipsis in key else (*key, Ellipsis)


def fits(source, target, symbol):
    """Whether an array can be written there, or be an operand there, with a result that NumPy defines."""
    try:
        if np.broadcast_shapes(source.shape, target.shape) != target.shape:
            return False
    except ValueError:
        return False
    if symbol != "=" and not np.can_cast(source.dtype, target.dtype, "same_kind"):
        return False
    exact = source.dtype == target.dtype or target.dtype.kind == "f" or source.dtype.kind == "i"
    return exact or bool(np.all(np.abs(source) < 100))  # not so with NaN


class Keys:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, probability):
        return self.rng.random() < probability

    def shape(self):
        extents = (0, 1, 2, 3, 4) if self.chance(0.1) else (1, 2, 3, 4)
        if self.chance(0.03):  # beyond one vector
            return self.rng.choice((5, 8, 17, 33)), self.rng.choice((5, 8, 17, 33))
        rank, square = self.rng.choice((1, 2, 2, 3)), self.rng.choice(extents) if self.chance(0.2) else None
        return tuple(square or self.rng.choice(extents) for _ in range(rank))

    def slice(self, extent):
        pick = lambda: self.rng.choice((None, *range(-extent - 1, extent + 2)))  # noqa: E731
        for _ in range(4):  # seldom an empty one
            part = slice(pick(), pick(), self.rng.choice((None, None, 1, 2, -1, -2, 3)))
            if range(extent)[part]:
                break
        return part

    def basic(self, shape):
        count = self.rng.randint(0, len(shape))
        dots = self.rng.randint(0, count) if self.chance(0.2) else count  # entries behind an Ellipsis: of the last axes
        key = [self.entry(extent) for extent in (*shape[:dots], *shape[len(shape) - count + dots :])]
        if dots < count or self.chance(0.1):
            key.insert(dots, Ellipsis)
        if self.chance(0.2):
            key.insert(self.rng.randint(0, len(key)), None)
        return tuple(key)

    def entry(self, extent):
        return self.rng.randrange(-extent, extent) if extent and self.chance(0.3) else self.slice(extent)

    def arrays(self, shape):
        """A key with at least one index array or mask; of no axes a basic one."""
        if not shape:
            return self.basic(shape)
        axis = self.rng.randrange(len(shape))
        if self.chance(0.3):
            masked = shape if self.chance(0.5) else (shape[axis],)
            mask = np.array([self.chance(0.5) for _ in range(int(np.prod(masked)))], bool).reshape(masked)
            return (mask,) if masked is shape else (*(slice(None),) * axis, mask)
        key = [self.slice(extent) if self.chance(0.6) else slice(None) for extent in shape[:axis]]
        count = self.rng.choice((0, 1, 2, 3)) if shape[axis] else 0
        index = np.array([self.rng.randrange(-shape[axis], shape[axis]) for _ in range(count)], np.int64)
        key.append(index.reshape(self.rng.choice(((-1,), (-1, 1), (1, -1)))) if count and self.chance(0.2) else index)
        if axis + 1 < len(shape) and shape[axis + 1] and self.chance(0.3):
            key.append(self.rng.randrange(shape[axis + 1]))
        return tuple(key)

    def view(self, ours, theirs, text):
        """A view of both, and its text. A reshape may have to copy; both sides must then."""
        choice = self.rng.randrange(9)
        if choice <= 3:
            key = self.basic(theirs.shape)
            if len(key) == theirs.ndim and all(isinstance(part, int) for part in key):  # one element is a copy
                return ours[key], np.array(theirs[key]), f"{text}[{key}].copy()"
            return ours[key], theirs[whole(key)], f"{text}[{key}]"
        if choice == 4:
            axes = self.rng.sample(range(theirs.ndim), theirs.ndim)
            return ds.transpose(ours, axes), theirs.transpose(axes), f"{text}.transpose({axes})"
        if choice <= 6:
            if self.chance(0.4):
                ours, theirs, text = ours.T, theirs.T, f"{text}.T"
            shape = self.same_size(theirs.shape)
            return ours.reshape(shape), theirs.reshape(shape), f"{text}.reshape({shape})"
        if choice == 7:
            shape = tuple(self.rng.choice((2, 3)) if extent == 1 else extent for extent in theirs.shape)
            shape = (2, *shape) if len(shape) < 3 and self.chance(0.5) else shape
            if shape != theirs.shape:  # NumPy's would be read-only though nothing is repeated
                return ds.broadcast_to(ours, shape), np.broadcast_to(theirs, shape), f"broadcast_to({text}, {shape})"
        axis = self.rng.randint(0, theirs.ndim)
        return ds.expand_dims(ours, axis), np.expand_dims(theirs, axis), f"expand_dims({text}, {axis})"

    def result(self, ours, theirs, text):
        """What an operator makes of both, in memory of its own; exact in every dtype."""
        choice = self.rng.randrange(8)
        if choice <= 1:
            key = self.arrays(theirs.shape)
            ours, theirs, text = ours[self.maybe_ours(key)], theirs[key], f"{text}[{key!r}]"
        elif choice == 2 and theirs.ndim and theirs.size:
            axis = self.rng.randrange(theirs.ndim)
            ours, theirs, text = ours.max(axis=axis), theirs.max(axis=axis), f"{text}.max({axis})"
        elif choice == 3 and theirs.ndim:
            axis = self.rng.randrange(theirs.ndim)
            ours, theirs = ds.concatenate([ours, ours], axis), np.concatenate([theirs, theirs], axis)
            text = f"concatenate([{text}] * 2, {axis})"
        elif choice == 4:
            ours, theirs = ds.where(ours > 0, ours, 1), np.where(theirs > 0, theirs, theirs.dtype.type(1))
            text = f"where({text} > 0, ., 1)"
        elif choice == 5 and np.all(np.abs(theirs) < 100):
            dtype = self.rng.choice(("float32", "int64", "int8", "float64"))
            ours, theirs, text = ours.astype(dtype), theirs.astype(dtype), f"{text}.astype({dtype})"
        else:
            ours, theirs, text = ours * 2 - 1, theirs * 2 - 1, f"({text} * 2 - 1)"
        return ours, np.array(theirs, order="C"), text

    def maybe_ours(self, key):
        """The key, or one with tensors or lists in place of arrays."""
        how = self.rng.randrange(3)
        turn = lambda part: ds.asarray(part) if how == 1 else part.tolist()  # noqa: E731
        return tuple(turn(part) if how and isinstance(part, np.ndarray) and part.size else part for part in key)

    def neighbours(self, shape):
        """Two keys of equal shapes whose elements overlap: neighbours along an axis, or an axis both ways."""
        axes = [axis for axis, extent in enumerate(shape) if extent > 1]
        if not axes:
            return (Ellipsis,), (Ellipsis,)
        axis = self.rng.choice(axes)
        by = self.rng.randrange(1, shape[axis])
        parts = [slice(by, None), slice(None, -by)]
        self.rng.shuffle(parts)
        if self.chance(0.3):
            parts = [slice(None), slice(None, None, -1)]
        return tuple((*(slice(None),) * axis, part) for part in parts)

    def same_size(self, shape):
        """A shape with as many elements."""
        size, extents = int(np.prod(shape)), []
        if size == 0:
            return shape[::-1]
        while size > 1:
            extents.append(self.rng.choice([d for d in range(2, size + 1) if size % d == 0]))
            size //= extents[-1]
        if self.chance(0.2):
            extents.insert(self.rng.randint(0, len(extents)), 1)
        if extents and self.chance(0.3):
            extents[self.rng.randrange(len(extents))] = -1
        return tuple(extents)

    def strided(self, size):
        """Offset, shape and strides, of any sign and overlap, within `size` elements."""
        shape, strides, low, high = [], [], 0, 0
        for _ in range(self.rng.choice((1, 2, 2, 3))):
            stride = self.rng.choice((-3, -2, -1, 1, 1, 2, 3, 4))
            room = (size - 1 - (high - low)) // abs(stride)
            shape.append(self.rng.randint(1, min(4, room + 1)))
            strides.append(stride)
            reach = (shape[-1] - 1) * stride
            low, high = low + min(reach, 0), high + max(reach, 0)
        return self.rng.randint(-low, size - 1 - high), tuple(shape), tuple(strides)

    def array(self, shape, dtype):
        return np.array([self.rng.choice(NUMBERS) for _ in range(int(np.prod(shape)))], dtype).reshape(shape)

    def value(self, shape, dtype):
        """A number or an array that broadcasts to a shape."""
        if self.chance(0.4):
            return self.rng.choice(NUMBERS)
        shape = tuple(extent if self.chance(0.7) else 1 for extent in shape)
        return self.array(shape[self.rng.randint(0, len(shape)) if self.chance(0.3) else 0 :], dtype)
