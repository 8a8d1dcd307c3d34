"""Random numbers under one seed: `deepseek.manual_seed`. The generator counts, so reruns repeat bit for bit."""

from __future__ import annotations

import numbers as _numbers
import operator as _operator
import threading as _threading
import typing

from . import _native, dtypes, errors
from ._runtime import check as _check, context as _context, ffi as _ffi, lib as _lib
from .creation import asarray as _asarray, shape_of as _shape_of
from .sugar import use as _use

if typing.TYPE_CHECKING:
    from typing import Any, Sequence

    from .tensors import Tensor
    from .typing import DTypeLike, TensorLike


_MASK = 0xFFFFFFFFFFFFFFFF
_local = _threading.local()


def manual_seed(seed: int) -> None:
    """Starts the random counter anew: the same calls give the same numbers afterwards. DTypeError (a TypeError) unless
    seed is an integer, of which 64 bits count.
    """
    try:
        number = _operator.index(seed) & _MASK
    except TypeError:
        raise errors.DTypeError(f"manual_seed: a seed is an integer, not {seed!r:.80}") from None
    stream = getattr(_local, "stream", None)
    if stream is not None:
        stream[:] = number, 0
    else:
        _check(_lib.ds_seed(_context, number))


seed = manual_seed


def get_state() -> tuple[int, int]:
    """Seed and offset of the random counter, which all threads share (but for a DataLoader's workers); `set_state` puts
    them back.
    """
    stream = getattr(_local, "stream", None)
    if stream is not None:
        return stream[0], stream[1]
    state = _ffi.new("uint64_t[2]")
    _check(_lib.ds_random_state(_context, state, 0))
    return state[0], state[1]


def set_state(state: tuple[int, int]) -> None:
    """Puts back what `get_state` answered. ArgumentError (a ValueError) for anything else."""
    try:
        parts = [_operator.index(part) for part in state]
    except TypeError:
        parts = []
    if len(parts) != 2 or not all(0 <= part <= _MASK for part in parts):
        raise errors.ArgumentError(f"set_state: a state is two integers of 64 bits, seed and offset, not {state!r:.80}")
    stream = getattr(_local, "stream", None)
    if stream is not None:
        stream[:] = parts
    else:
        _check(_lib.ds_random_state(_context, _ffi.new("uint64_t[2]", parts), 1))


class _Stream:
    """A random counter of this thread's own, in place of the shared one, for a block."""

    def __init__(self, seed: int) -> None:
        # Neighbouring seeds of batches must not look like the user's own: mixed (Steele et al., 2014).
        mixed = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) & _MASK
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        self.state = [mixed ^ mixed >> 31, 0]

    def __enter__(self) -> None:
        self.outer, _local.stream = getattr(_local, "stream", None), self.state

    def __exit__(self, *_: Any) -> None:
        _local.stream = self.outer


def _counter() -> Tensor | None:
    """The state that a random operator draws from here: None for the shared counter, which the core moves on."""
    stream = getattr(_local, "stream", None)
    if stream is None:
        return None
    import numpy

    seed, offset = stream
    # Every offset is a sequence of its own, however much of it is drawn.
    stream[1] = (offset + 1) & _MASK
    return _asarray(numpy.array([seed, offset], numpy.uint64))


def _made(tensor: Any, requires_grad: bool) -> Any:
    return tensor.requires_grad_() if requires_grad else tensor


def _float(dtype: Any) -> Any:
    return dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)


def rand(*shape: Any, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Uniform in [0, 1), of a shape: `rand(2, 3)` or `rand((2, 3))`, in the default dtype.

    Philox 4x32-10 on the counter (Salmon et al., 2011). DTypeError unless dtype is floating, ArgumentError if an extent
    is negative.
    """
    return _made(_use.random_uniform(state=_counter(), shape=_shape_of(shape), dtype=_float(dtype)), requires_grad)


def randn(*shape: Any, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Normal with mean 0, standard deviation 1; shape, dtype and errors (DTypeError, ArgumentError) as for `rand`."""
    return _made(_use.random_normal(state=_counter(), shape=_shape_of(shape), dtype=_float(dtype)), requires_grad)


def uniform(low: float = 0.0, high: float = 1.0, size: int | Sequence[int] = (),
            dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Uniform in [low, high), of shape size; errors (DTypeError, ArgumentError) as for `rand`."""
    return rand(*_size(size), dtype=dtype) * (high - low) + low


def normal(loc: float = 0.0, scale: float = 1.0, size: int | Sequence[int] = (),
           dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Normal with this mean and standard deviation, of shape size; errors (DTypeError, ArgumentError) as for `rand`.

    Also ArgumentError for a number as scale that is negative.
    """
    if isinstance(scale, _numbers.Real) and not scale >= 0:
        raise errors.ArgumentError(f"normal: scale must not be negative, it is {scale!r}")
    return randn(*_size(size), dtype=dtype) * scale + loc


def _size(size: Any) -> tuple:
    return (int(size),) if isinstance(size, _numbers.Integral) else ((),) if len(size) == 0 else tuple(size)


def bernoulli(p: TensorLike, size: int | Sequence[int] | None = None) -> Tensor:
    """True (bool) with probability p, by element for a tensor; of shape size, by default p's.

    ShapeError if p does not broadcast with size, ArgumentError unless 0 <= p <= 1, which is not looked at for a tensor.
    """
    if not isinstance(p, _native.Tensor):
        import numpy

        values = numpy.asarray(p)
        if values.dtype.kind in "buif" and not ((values >= 0) & (values <= 1)).all():
            raise errors.ArgumentError(f"bernoulli: p must be a probability in 0 .. 1, not {p!r:.80}")
    shape = _asarray(p).shape if size is None else _size(size)
    return _use.less(rand(tuple(shape)), p)


def randint(low: int, high: int | None = None, size: int | Sequence[int] = (),
            dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Integers from low (inclusive) to high (exclusive), of shape size, int64 by default; randint(n) draws below n.

    ArgumentError unless low < high, DTypeError if dtype is no integer.
    """
    low, high = (0, low) if high is None else (low, high)
    shape = (int(size),) if isinstance(size, _numbers.Integral) else tuple(size)
    return _use.randint(state=_counter(), low=low, high=high, shape=shape, dtype=dtypes.dtype(dtype or dtypes.int64))


def permutation(x: TensorLike) -> Tensor:
    """0 .. n-1 in random order, int64 [n], for an int n, else a copy of the rows of x [n, ..] in random order.

    ArgumentError if n is negative, OutOfRangeError (an IndexError) if x has no axes.
    """
    if isinstance(x, _numbers.Integral):
        return _use.random_permutation(state=_counter(), n=int(x))
    x = _rows("permutation", x)
    return _use.take(x, _use.random_permutation(state=_counter(), n=x.shape[0]), axis=0)


def _rows(owner: str, x: Any) -> Tensor:
    x = _asarray(x)
    if not x.ndim:
        raise errors.OutOfRangeError(f"{owner}: an integer or a tensor with rows is needed, not one of shape []")
    return x


def shuffle(x: Tensor) -> None:
    """Puts the rows of x [n, ..] in random order, in place. ReadOnlyError, DTypeError (a TypeError) unless x is a
    tensor, OutOfRangeError (an IndexError) if x has no axes.
    """
    if not isinstance(x, _native.Tensor):
        raise errors.DTypeError(f"shuffle: a tensor is needed, which is changed in place, not {type(x).__name__}")
    x[...] = permutation(x)


def choice(x: TensorLike, size: int | Sequence[int] = (), replace: bool = True) -> Tensor:
    """Rows drawn from x [n, ..] (or from 0 .. x-1), equally probable: [*size, ..].

    ArgumentError if there are none, ShapeError for more rows than there are without replace, OutOfRangeError (an
    IndexError) if x has no axes.
    """
    whole = isinstance(x, _numbers.Integral)
    rows = None if whole else _rows("choice", x)
    count = int(x) if rows is None else rows.shape[0]
    shape = (int(size),) if isinstance(size, _numbers.Integral) else tuple(size)
    if replace:
        picked = randint(count, size=shape)
    else:
        wanted = 1
        for extent in shape:
            wanted *= extent
        if wanted > count:
            raise errors.ShapeError(f"choice: {wanted} rows without replace, of shape {list(shape)}, of only {count}")
        picked = permutation(count)[:wanted].reshape(shape)
    return picked if rows is None else _use.take(rows, picked, axis=0)
