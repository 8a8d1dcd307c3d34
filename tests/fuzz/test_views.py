"""Random programs of views and in-place writes, each run in NumPy too: every array must agree after every look.

DS_FUZZ_SEED and DS_FUZZ_PROGRAMS choose other programs; a failure prints its seed and its program.
"""

import os
import random

import numpy as np
import pytest

import deepseek as ds
from deepseek import _native

PROGRAMS = int(os.environ.get("DS_FUZZ_PROGRAMS", "20000"))
SEED = int(os.environ.get("DS_FUZZ_SEED", "20260101"))
BATCHES = 20


class Pair:
    """A tensor and the array it must equal."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs


class Program:
    """One random program; `log` is what it did."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.log = []
        dtype = self.rng.choice(("float32", "float64", "int32", "int64"))
        shape = tuple(self.rng.choice((0, 1, 2, 3, 4)) if self.rng.random() < 0.1 else self.rng.choice((1, 2, 3, 4))
                      for _ in range(self.rng.choice((1, 2, 2, 3))))  # fmt: skip
        base = (np.arange(int(np.prod(shape))) % 7).reshape(shape).astype(dtype)
        self.log.append(f"v0 = arange % 7, {shape} {dtype}")
        self.pairs = [Pair(ds.asarray(base.copy()), base)]

    # ---- pieces ------------------------------------------------------------------------------------------------------
    def slice(self, extent):
        pick = lambda: self.rng.choice((None, *range(-extent - 1, extent + 2)))  # noqa: E731
        return slice(pick(), pick(), self.rng.choice((None, None, 1, 2, -1, -2, 3)))

    def basic_key(self, shape):
        key = []
        for extent in shape[: self.rng.randint(0, len(shape))]:
            if extent and self.rng.random() < 0.3:
                key.append(self.rng.randrange(-extent, extent))
            else:
                key.append(self.slice(extent))
        if self.rng.random() < 0.2:
            key.insert(self.rng.randint(0, len(key)), None)
        if self.rng.random() < 0.2:
            key.insert(self.rng.randint(0, len(key)), Ellipsis)
        return tuple(key)

    def array_key(self, shape):
        """A key with at least one index array or mask."""
        axis = self.rng.randrange(len(shape))
        if self.rng.random() < 0.3:
            masked = shape if self.rng.random() < 0.5 else (shape[axis],)
            mask = np.array([self.rng.random() < 0.5 for _ in range(int(np.prod(masked)))], bool).reshape(masked)
            return (mask,) if masked is shape else (*(slice(None),) * axis, mask)
        key = [self.slice(extent) if self.rng.random() < 0.6 else slice(None) for extent in shape[:axis]]
        count = self.rng.choice((0, 1, 2, 3)) if shape[axis] else 0
        key.append(np.array([self.rng.randrange(-shape[axis], shape[axis]) for _ in range(count)], np.int64))
        if axis + 1 < len(shape) and shape[axis + 1] and self.rng.random() < 0.3:
            key.append(self.rng.randrange(shape[axis + 1]))
        return tuple(key)

    def value(self, shape, dtype):
        """Something that broadcasts to a shape."""
        if self.rng.random() < 0.4:
            return self.rng.randrange(-5, 6)
        shape = tuple(extent if self.rng.random() < 0.7 else 1 for extent in shape)
        shape = shape[self.rng.randint(0, len(shape)) if self.rng.random() < 0.3 else 0 :]
        return np.array([self.rng.randrange(-5, 6) for _ in range(int(np.prod(shape)))], dtype).reshape(shape)

    # ---- steps -------------------------------------------------------------------------------------------------------
    def step(self):
        source = self.rng.choice(self.pairs)
        number = self.pairs.index(source)
        kind = self.rng.choices(("view", "write", "inplace", "copy", "look", "array write", "self write"),
                                (6, 5, 3, 1, 2, 2, 2))[0]  # fmt: skip
        getattr(self, kind.replace(" ", "_"))(source, number)

    def add(self, ours, theirs, text):
        self.log.append(f"v{len(self.pairs)} = {text}")
        self.pairs.append(Pair(ours, theirs))

    def view(self, s, n):
        choice = self.rng.randrange(6)
        x = s.theirs
        if choice <= 2:
            key = self.basic_key(x.shape)
            theirs = self.read(s, key)
            if isinstance(theirs, np.ndarray):
                self.add(s.ours[key], theirs, f"v{n}[{key}]")
        elif choice == 3:
            axes = self.rng.sample(range(x.ndim), x.ndim)
            self.add(ds.transpose(s.ours, axes), x.transpose(axes), f"v{n}.transpose({axes})")
        elif choice == 4 and x.size and x.flags.c_contiguous:
            shape = self.rng.choice(((-1,), (1, -1), x.shape[::-1]))
            self.add(s.ours.reshape(shape), x.reshape(shape), f"v{n}.reshape({shape})")
        else:
            self.add(ds.expand_dims(s.ours, 0)[0, ...], x[None][0, ...], f"v{n}[None][0]")

    def read(self, s, key):
        """What NumPy finds there; where it finds nothing but an error, so must we, and None comes back."""
        try:
            return s.theirs[key]
        except IndexError:
            self.log.append(f"no such element: {key!r}")
            with pytest.raises(IndexError):
                s.ours[key].numpy()
            return None

    def write(self, s, n):
        key = self.basic_key(s.theirs.shape)
        if (part := self.read(s, key)) is None:
            return
        value = self.value(np.shape(part), s.theirs.dtype)
        self.log.append(f"v{n}[{key}] = {value!r}")
        s.theirs[key] = value
        s.ours[key] = value

    def array_write(self, s, n):
        if not s.theirs.ndim:
            return
        key = self.array_key(s.theirs.shape)
        if (part := self.read(s, key)) is None:
            return
        value = self.value(np.shape(part), s.theirs.dtype)
        self.log.append(f"v{n}[{key!r}] = {value!r}")
        s.theirs[key] = value
        s.ours[key] = value

    def self_write(self, s, n):
        """Reads and writes overlapping views of one array; NumPy and we both read first."""
        other = self.rng.choice(self.pairs)
        m = self.pairs.index(other)
        if self.fits(s, other):
            self.log.append(f"v{n}[...] = v{m}")
            s.theirs[...] = other.theirs.copy()
            s.ours[...] = other.ours

    @staticmethod
    def fits(s, other):
        try:
            return np.broadcast_shapes(s.theirs.shape, other.theirs.shape) == s.theirs.shape and s.theirs.ndim > 0
        except ValueError:
            return False

    def inplace(self, s, n):
        symbol = self.rng.choice("+-*")
        value = self.value(s.theirs.shape, s.theirs.dtype)
        self.log.append(f"v{n} {symbol}= {value!r}")
        if symbol == "+":
            s.theirs += value
            s.ours += value
        elif symbol == "-":
            s.theirs -= value
            s.ours -= value
        else:
            s.theirs *= value
            s.ours *= value

    def copy(self, s, n):
        if self.rng.random() < 0.5:
            self.add(s.ours.copy(), s.theirs.copy(), f"v{n}.copy()")
        else:
            self.add(s.ours * 2 - 1, np.asarray(s.theirs * 2 - 1), f"v{n} * 2 - 1")

    def look(self, s, n):
        self.log.append(f"look at v{n}")
        self.compare(s, n)

    def compare(self, s, n):
        ours = s.ours.numpy()
        assert ours.shape == s.theirs.shape, f"v{n}: shape {ours.shape} {s.theirs.shape}"
        assert ours.dtype == s.theirs.dtype, f"v{n}: dtype"
        assert np.array_equal(ours, s.theirs), f"v{n}:\n{ours}\nNumPy:\n{s.theirs}"

    def run(self):
        for _ in range(self.rng.randint(3, 9)):
            if len(self.pairs) < 7:
                self.step()
        for n, pair in enumerate(self.pairs):
            self.compare(pair, n)


def fails(seed):
    """What went wrong in the program of this seed, or None."""
    program = Program(seed)
    try:
        with np.errstate(all="ignore"):
            program.run()
    except Exception as error:
        return f"seed {seed}\n" + "\n".join(program.log) + f"\n{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("batch", range(BATCHES))
def test_views_and_writes(batch):
    print(f"seed {SEED + batch * PROGRAMS}")
    for i in range(PROGRAMS // BATCHES):
        failure = fails(SEED + batch * PROGRAMS + i)
        assert failure is None, failure


# ---- ten planted bugs: each must be found by a few hundred programs --------------------------------------------------
def view_becomes_copy(patch):
    get = _native.Tensor.__getitem__
    patch(ds.Tensor, "__getitem__", lambda self, key: get(self, key).copy())


def transpose_copies(patch):
    real = ds.functions.TABLE["transpose"]
    patch(ds, "transpose", lambda x, axes=None: real(x, axes).copy())


def reshape_copies(patch):
    patch(ds.Tensor, "reshape", lambda self, *shape: ds.functions.TABLE["reshape"](self.copy(), shape[0]))


def inplace_rebinds(patch):
    patch(ds.Tensor, "__iadd__", lambda self, other: self + other)


def inplace_multiply_lost(patch):
    patch(ds.Tensor, "__imul__", lambda self, other: self)


def write_ignores_step(patch):
    put = _native.Tensor.__setitem__

    def write(self, key, value):
        drop = lambda part: slice(part.start, part.stop) if isinstance(part, slice) and part.step == 2 else part  # noqa: E731
        wider = tuple(drop(part) for part in key) if isinstance(key, tuple) else drop(key)
        put(self, wider if np.shape(value) == () else key, value)

    patch(ds.Tensor, "__setitem__", write)


def negative_index_off_by_one(patch):
    get = _native.Tensor.__getitem__
    shift = lambda part: part + 1 if isinstance(part, int) and part < -1 else part  # noqa: E731
    patch(ds.Tensor, "__getitem__", lambda self, key: get(self, tuple(map(shift, key)) if isinstance(key, tuple) else key))


def copy_is_view(patch):
    patch(ds.Tensor, "copy", lambda self: self[...])


def mask_write_inverted(patch):
    put = _native.Tensor.__setitem__

    def write(self, key, value):
        first = key[0] if isinstance(key, tuple) and len(key) == 1 else key
        put(self, ~first if getattr(first, "dtype", None) == bool else key, value)

    patch(ds.Tensor, "__setitem__", write)


def expand_copies(patch):
    real = ds.functions.TABLE["expand_dims"]
    patch(ds, "expand_dims", lambda x, axis=0: real(x, axis).copy())


BUGS = (view_becomes_copy, transpose_copies, reshape_copies, inplace_rebinds, inplace_multiply_lost, write_ignores_step,
        negative_index_off_by_one, copy_is_view, mask_write_inverted, expand_copies)  # fmt: skip


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_planted_bug_is_found(bug, monkeypatch):
    ds.transpose, ds.expand_dims  # noqa: B018  looked up once, so that patching them has an effect
    bug(lambda owner, name, value: monkeypatch.setattr(owner, name, value, raising=False))
    assert any(fails(SEED + i) for i in range(1500)), f"1500 programs did not notice {bug.__name__}"
