"""Random numbers under one seed: `deepseek.manual_seed`. The generator counts, so reruns repeat bit for bit."""

from __future__ import annotations

import typing

from . import dtypes
from ._runtime import check as _check, context as _context, ffi as _ffi, lib as _lib
from .creation import asarray as _asarray, shape_of as _shape_of
from .sugar import use as _use

if typing.TYPE_CHECKING:
    from typing import Any, Sequence

    from .tensors import Tensor
    from .typing import DTypeLike, TensorLike


def manual_seed(seed: int) -> None:
    """Starts the random counter anew: the same calls give the same numbers afterwards. TypeError unless an int."""
    _check(_lib.ds_seed(_context, seed & 0xFFFFFFFFFFFFFFFF))


seed = manual_seed


def get_state() -> tuple[int, int]:
    """Seed and offset of the random counter, which all threads share; `set_state` puts them back."""
    state = _ffi.new("uint64_t[2]")
    _check(_lib.ds_random_state(_context, state, 0))
    return state[0], state[1]


def set_state(state: tuple[int, int]) -> None:
    """Puts back what `get_state` answered. TypeError or IndexError for anything else."""
    _check(_lib.ds_random_state(_context, _ffi.new("uint64_t[2]", list(state)), 1))


def _made(tensor: Any, requires_grad: bool) -> Any:
    return tensor.requires_grad_() if requires_grad else tensor


def _float(dtype: Any) -> Any:
    return dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)


def rand(*shape: Any, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Uniform in [0, 1), of a shape: `rand(2, 3)` or `rand((2, 3))`, in the default dtype.

    Philox 4x32-10 on the counter (Salmon et al., 2011). DTypeError unless dtype is floating, ArgumentError if an extent
    is negative.
    """
    return _made(_use.random_uniform(shape=_shape_of(shape), dtype=_float(dtype)), requires_grad)


def randn(*shape: Any, dtype: DTypeLike | None = None, requires_grad: bool = False) -> Tensor:
    """Normal with mean 0, standard deviation 1; shape, dtype and errors (DTypeError, ArgumentError) as for `rand`."""
    return _made(_use.random_normal(shape=_shape_of(shape), dtype=_float(dtype)), requires_grad)


def uniform(low: float = 0.0, high: float = 1.0, size: int | Sequence[int] = (),
            dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Uniform in [low, high), of shape size; errors (DTypeError, ArgumentError) as for `rand`."""
    return rand(*_size(size), dtype=dtype) * (high - low) + low


def normal(loc: float = 0.0, scale: float = 1.0, size: int | Sequence[int] = (),
           dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Normal with this mean and standard deviation, of shape size; errors (DTypeError, ArgumentError) as for `rand`."""
    return randn(*_size(size), dtype=dtype) * scale + loc


def _size(size: Any) -> tuple:
    return (size,) if isinstance(size, int) else ((),) if not size else tuple(size)


def bernoulli(p: TensorLike, size: int | Sequence[int] | None = None) -> Tensor:
    """True (bool) with probability p, by element for a tensor; of shape size, by default p's.

    ShapeError if p does not broadcast with size.
    """
    shape = _asarray(p).shape if size is None else _size(size)
    return _use.less(rand(tuple(shape)), p)


def randint(low: int, high: int | None = None, size: int | Sequence[int] = (),
            dtype: DTypeLike | None = None) -> Tensor:  # fmt: skip
    """Integers from low (inclusive) to high (exclusive), of shape size, int64 by default; randint(n) draws below n.

    ArgumentError unless low < high, DTypeError if dtype is no integer.
    """
    low, high = (0, low) if high is None else (low, high)
    shape = (size,) if isinstance(size, int) else tuple(size)
    return _use.randint(low=low, high=high, shape=shape, dtype=dtypes.dtype(dtype or dtypes.int64))


def permutation(x: TensorLike) -> Tensor:
    """0 .. n-1 in random order, int64 [n], for an int n, else a copy of the rows of x [n, ..] in random order.

    ArgumentError if n is negative, IndexError if x has no axes.
    """
    if isinstance(x, int):
        return _use.random_permutation(n=x)
    x = _asarray(x)
    return _use.take(x, _use.random_permutation(n=x.shape[0]), axis=0)


def shuffle(x: Tensor) -> None:
    """Puts the rows of x [n, ..] in random order, in place. ReadOnlyError, IndexError if x has no axes."""
    x[...] = permutation(x)


def choice(x: TensorLike, size: int | Sequence[int] = (), replace: bool = True) -> Tensor:
    """Rows drawn from x [n, ..] (or from 0 .. x-1), equally probable: [*size, ..].

    ArgumentError if there are none, ShapeError for more rows than there are without replace.
    """
    count = x if isinstance(x, int) else len(x)
    shape = (size,) if isinstance(size, int) else tuple(size)
    if replace:
        picked = randint(count, size=shape)
    else:
        wanted = 1
        for extent in shape:
            wanted *= extent
        picked = permutation(count)[:wanted].reshape(shape)
    return picked if isinstance(x, int) else _use.take(_asarray(x), picked, axis=0)
