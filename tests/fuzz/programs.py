"""One random program of views and in-place writes, run by us and by NumPy.

NumPy's results of operators are brought into C order, as ours are: NumPy keeps the order of a transposed operand, so
that a reshape of such a result would be a view here and a copy there.
"""

import operator
import random

import numpy as np

import deepseek as ds
from deepseek import _native

from keys import Keys, fits, whole

MOST = 9  # tensors alive at once
DTYPES = ("float32", "float32", "float64", "int32", "int64", "int8", "float16")
MODES = ({"eager": True}, {"numerics": "strict"}, {"flush_nodes": 3}, {"kernels": False}, {"composites": False})
NORMAL = {"eager": False, "numerics": "default", "flush_nodes": 4096, "kernels": True, "composites": True}
STEPS = {
    "view": 7, "write": 4, "tensor write": 5, "shift": 2, "array write": 2, "inplace": 2, "copy": 2, "chain": 3,
    "look": 2, "strided": 1, "share": 1, "export": 1, "numpy write": 2, "release": 2, "mode": 0.3, "missing": 0.3,
}  # fmt: skip
INPLACE = {"+=": operator.iadd, "-=": operator.isub, "*=": operator.imul}


class Mismatch(AssertionError):
    """NumPy and we disagree about a value."""


class Pair:
    """A tensor and the array it must equal. whole: its storage is the array's, in C order. loose: elements of it may
    coincide; the last write in C order wins, which NumPy does not promise."""

    def __init__(self, name, ours, theirs, whole=False, loose=False):
        self.name, self.ours, self.theirs, self.whole, self.loose = name, ours, theirs, whole, loose


class Program:
    """`log` is what it did."""

    def __init__(self, seed, turn=0):
        self.rng = random.Random(seed)
        self.turn = turn  # other numbers, the same graphs: what was compiled runs again
        self.normal = True
        self.keys = Keys(self.rng)
        self.chance = self.keys.chance
        self.log = []
        self.pairs = []
        self.made = 0
        self.windows = []  # arrays of NumPy's upon our memory, and the arrays they must equal
        self.dtype = self.rng.choice(DTYPES)
        self.base()
        if self.chance(0.3):
            self.base()

    def base(self):
        dtype = self.dtype if self.chance(0.8) else self.rng.choice(DTYPES)
        theirs = self.counted(self.keys.shape(), dtype)
        text = f"(arange + {3 * self.turn}) % 7, {theirs.shape} {dtype}"
        self.add(ds.asarray(theirs.copy()), theirs, text, whole=True)

    def counted(self, shape, dtype):
        return ((np.arange(int(np.prod(shape))) + 3 * self.turn) % 7).reshape(shape).astype(dtype)

    def add(self, ours, theirs, text, **flags):
        name = f"v{self.made}"
        self.made += 1
        self.log.append(f"{name} = {text}")
        self.pairs.append(Pair(name, ours, theirs, **flags))

    # ---- writing -----------------------------------------------------------------------------------------------------
    @staticmethod
    def put(target, value, loose):
        """target[...] = value in NumPy: everything is read first; where elements coincide the last one wins."""
        value = np.array(value)
        if not loose:
            target[...] = value
            return
        value = np.broadcast_to(value, target.shape)
        for index in np.ndindex(target.shape):
            target[index] = value[index]

    @staticmethod
    def writable(s):
        return s.theirs.flags.writeable

    def store(self, s, key, symbol, ours, theirs, text):
        """s[key] = value, or an in-place operator in place of =."""
        if not self.writable(s):
            return self.refused(s, (...,), ds.errors.ReadOnlyError)
        self.log.append(f"{s.name}[{key!r}] {symbol} {text}")
        part = s.theirs[key]
        if symbol != "=":
            # Written out: NumPy changes arrays in place before it assigns them to their own key.
            theirs = INPLACE[symbol](np.array(part), np.array(theirs))
            mine = self.keys.maybe_ours(key)
            s.ours[mine] = INPLACE[symbol](s.ours[mine], ours)
        else:
            s.ours[self.keys.maybe_ours(key)] = ours
        if any(isinstance(entry, np.ndarray) for entry in key):
            s.theirs[key] = np.array(theirs)
        else:
            self.put(s.theirs[whole(key)], theirs, s.loose)

    def symbol(self):
        return "=" if self.chance(0.6) else self.rng.choice(tuple(INPLACE))

    def key(self, s):
        # A write by arrays through coinciding elements writes all of them back.
        arrays = not s.loose and self.chance(0.25)
        return (self.keys.arrays if arrays else self.keys.basic)(s.theirs.shape)

    # ---- steps -------------------------------------------------------------------------------------------------------
    def step(self):
        kind = self.rng.choices(tuple(STEPS), tuple(STEPS.values()))[0]
        getattr(self, kind.replace(" ", "_"))(self.rng.choice(self.pairs))

    def view(self, s):
        if self.chance(0.1):  # another handle of the same memory
            share = self.rng.choice((ds.from_dlpack, ds.Tensor.detach) if self.writable(s) else (ds.Tensor.detach,))
            return self.add(share(s.ours), s.theirs, f"{share.__name__}({s.name})", loose=s.loose)
        self.add(*self.keys.view(s.ours, s.theirs, s.name), loose=s.loose)

    def strided(self, s):
        if not s.whole or not s.theirs.size:
            return
        offset, shape, strides = self.keys.strided(s.theirs.size)
        theirs = np.lib.stride_tricks.as_strided(s.theirs.reshape(-1)[offset:], shape,
                                                 [stride * s.theirs.itemsize for stride in strides])  # fmt: skip
        ours = _native.strided(s.ours, offset, shape, strides)
        self.add(ours, theirs, f"strided({s.name}, {offset}, {shape}, {strides})", loose=True)

    def write(self, s):
        key = self.keys.basic(s.theirs.shape)
        value = self.keys.value(np.shape(s.theirs[key]), s.theirs.dtype)
        self.store(s, key, self.symbol(), value, value, repr(value))

    def array_write(self, s):
        if not s.loose:
            key = self.keys.arrays(s.theirs.shape)
            value = self.keys.value(np.shape(s.theirs[key]), s.theirs.dtype)
            self.store(s, key, self.symbol(), value, value, repr(value))

    def tensor_write(self, s):
        """The value is a tensor, or what a key finds in it, often of the same memory."""
        for _ in range(6):
            other, symbol, key = self.rng.choice(self.pairs), self.symbol(), self.key(s)
            key = key if self.chance(0.6) else (Ellipsis,)
            from_key = self.key(other) if self.chance(0.6) else (Ellipsis,)
            value, target = np.asarray(other.theirs[from_key]), np.asarray(s.theirs[key])
            if fits(value, target, symbol):
                text = f"{other.name}[{from_key!r}]"
                return self.store(s, key, symbol, other.ours[from_key], value, text)

    def shift(self, s):
        key, from_key = self.keys.neighbours(s.theirs.shape)
        text = f"{s.name}[{from_key!r}]"
        self.store(s, key, self.symbol(), s.ours[from_key], s.theirs[from_key], text)

    def inplace(self, s):
        """x += value, without a key."""
        if not self.writable(s):
            return
        symbol = self.rng.choice(tuple(INPLACE))
        other = self.rng.choice(self.pairs)
        if self.chance(0.5) and fits(other.theirs, s.theirs, symbol):
            ours, theirs, text = other.ours, other.theirs, other.name
        else:
            ours = theirs = self.keys.value(s.theirs.shape, s.theirs.dtype)
            text = repr(ours)
        self.log.append(f"{s.name} {symbol} {text}")
        result = INPLACE[symbol](s.theirs.copy(), np.array(theirs))
        s.ours = INPLACE[symbol](s.ours, ours)
        self.put(s.theirs, result, s.loose)

    def copy(self, s):
        x, other = s.theirs, self.rng.choice(self.pairs)
        if self.chance(0.5):
            self.add(s.ours.copy(), x.copy(), f"{s.name}.copy()", whole=True)
        elif fits(other.theirs, x, "+="):
            self.add(s.ours + other.ours, np.array(x + other.theirs, order="C"), f"{s.name} + {other.name}", whole=True)

    def chain(self, s):
        """Results that nobody holds but the next operator."""
        what = s.ours, s.theirs, s.name
        for _ in range(self.rng.randint(1, 4)):
            what = (self.keys.view if self.chance(0.5) else self.keys.result)(*what)
        ours, theirs, text = what
        self.add(ours.copy(), theirs.copy(), f"{text}.copy()", whole=True)

    def share(self, s):
        """Memory of NumPy's, in any layout, written from both sides; maybe some that is shared already."""
        if not self.windows or self.chance(0.7):
            memory = self.counted(self.keys.shape(), self.dtype)
            self.log.append(f"w{len(self.windows)} = (arange + {3 * self.turn}) % 7, {memory.shape} {self.dtype}")
            self.windows.append((memory, memory.copy()))
        n = self.rng.randrange(len(self.windows))
        memory, theirs = self.windows[n]
        if not memory.size:  # its views are read-only here, as NumPy's strides of 0 look like a broadcast
            return
        axes = self.rng.sample(range(memory.ndim), memory.ndim)
        key = self.keys.basic(memory.transpose(axes).shape)
        lay = lambda array: array.transpose(axes)[whole(key)]  # noqa: E731
        self.add(ds.from_numpy(lay(memory)), lay(theirs), f"from_numpy(w{n}.transpose({axes})[{key}])")

    def export(self, s):
        if not s.loose and self.writable(s):
            array = s.ours.numpy(writable=True) if self.chance(0.7) else np.from_dlpack(s.ours)
            self.log.append(f"w{len(self.windows)} = {s.name} as NumPy's, {array.flags.writeable=}")
            if array.flags.writeable:
                self.windows.append((array, s.theirs))

    def numpy_write(self, s):
        if not self.windows:
            return
        n = self.rng.randrange(len(self.windows))
        array, theirs = self.windows[n]
        key = self.keys.basic(array.shape)
        value = self.keys.value(np.shape(array[key]), array.dtype)
        self.log.append(f"w{n}[{key}] = {value!r}, by NumPy")
        array[key] = theirs[key] = value

    def release(self, s):
        """Memory that nobody holds any more may be reused."""
        if self.windows and self.chance(0.3):
            self.log.append(f"del w{(n := self.rng.randrange(len(self.windows)))}, later ones move up")
            del self.windows[n]
        elif len(self.pairs) > 1:
            self.log.append(f"del {s.name}")
            self.pairs.remove(s)

    def mode(self, s):
        self.normal = False
        mode = {**NORMAL, **self.rng.choice(MODES)}
        self.log.append(f"options {mode}")
        for name, value in mode.items():
            ds.set_option(name, value)

    def missing(self, s):
        """Elements that are not there."""
        shape = s.theirs.shape
        beyond = (0,) * (len(shape) + 1)
        if shape and self.chance(0.5):
            beyond = (..., self.rng.choice((shape[-1], -shape[-1] - 1)))
        self.refused(s, beyond, IndexError)

    def refused(self, s, key, error):
        self.log.append(f"{s.name}[{key}] = 1 must fail")
        try:
            s.ours[key] = 1
        except error:
            return
        raise Mismatch(f"{s.name}[{key}] = 1 was accepted")

    def look(self, s):
        self.log.append(f"look at {s.name}")
        self.compare(s.name, self.rng.choice((ds.Tensor.numpy, np.asarray, np.array))(s.ours), s.theirs)

    @staticmethod
    def compare(name, ours, theirs):
        if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
            raise Mismatch(f"{name}: {ours.shape} {ours.dtype}, NumPy: {theirs.shape} {theirs.dtype}")
        if not np.array_equal(ours, theirs, equal_nan=True):
            raise Mismatch(f"{name}:\n{ours}\nNumPy:\n{theirs}")

    def run(self):
        try:
            if self.chance(0.1):
                self.mode(None)
            for _ in range(self.rng.randint(3, 15)):
                self.step()
                if len(self.pairs) > MOST:
                    self.release(self.rng.choice(self.pairs))
            for pair in self.pairs:
                self.compare(pair.name, pair.ours.numpy(), pair.theirs)
            for n, (array, theirs) in enumerate(self.windows):
                self.compare(f"w{n}", array, theirs)
        finally:
            for name, value in () if self.normal else NORMAL.items():
                ds.set_option(name, value)


def failure(seed, turn=0):
    """What went wrong in the program of this seed: the error and its story; or None."""
    program = Program(seed, turn)
    try:
        with np.errstate(all="ignore"):
            program.run()
    except Exception as error:
        return error, f"seed {seed}\n" + "\n".join(program.log) + f"\n{type(error).__name__}: {error}"
    return None
