"""Random numbers under one seed: `deepseek.manual_seed`. The generator counts, so reruns repeat bit for bit."""

from __future__ import annotations

from typing import Any

from . import dtypes
from ._runtime import check, context, ffi, lib
from .creation import asarray, shape_of
from .sugar import use


def manual_seed(seed: int) -> None:
    """Starts the random counter anew: the same calls give the same numbers afterwards."""
    check(lib.ds_seed(context, seed & 0xFFFFFFFFFFFFFFFF))


seed = manual_seed


def get_state() -> tuple[int, int]:
    """Seed and offset of the random counter."""
    state = ffi.new("uint64_t[2]")
    check(lib.ds_random_state(context, state, 0))
    return state[0], state[1]


def set_state(state: tuple[int, int]) -> None:
    """Puts back what `get_state` answered."""
    check(lib.ds_random_state(context, ffi.new("uint64_t[2]", list(state)), 1))


def _made(tensor: Any, requires_grad: bool) -> Any:
    return tensor.requires_grad_() if requires_grad else tensor


def _float(dtype: Any) -> Any:
    return dtypes.get_default_dtype() if dtype is None else dtypes.dtype(dtype)


def rand(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
    """Uniform in [0, 1)."""
    return _made(use.random_uniform(shape=shape_of(shape), dtype=_float(dtype)), requires_grad)


def randn(*shape: Any, dtype: Any = None, requires_grad: bool = False) -> Any:
    """Normal with mean 0 and standard deviation 1."""
    return _made(use.random_normal(shape=shape_of(shape), dtype=_float(dtype)), requires_grad)


def uniform(low: float = 0.0, high: float = 1.0, size: Any = (), dtype: Any = None) -> Any:
    """Uniform in [low, high)."""
    return rand(*_size(size), dtype=dtype) * (high - low) + low


def normal(loc: float = 0.0, scale: float = 1.0, size: Any = (), dtype: Any = None) -> Any:
    """Normal with this mean and standard deviation."""
    return randn(*_size(size), dtype=dtype) * scale + loc


def _size(size: Any) -> tuple:
    return (size,) if isinstance(size, int) else ((),) if not size else tuple(size)


def bernoulli(p: Any, size: Any = None) -> Any:
    """True with probability p, elementwise for a tensor of probabilities."""
    shape = asarray(p).shape if size is None else _size(size)
    return use.less(rand(tuple(shape)), p)


def randint(low: int, high: int | None = None, size: Any = (), dtype: Any = None) -> Any:
    """Integers from low (inclusive) to high (exclusive); randint(n) draws below n."""
    low, high = (0, low) if high is None else (low, high)
    shape = (size,) if isinstance(size, int) else tuple(size)
    return use.randint(low=low, high=high, shape=shape, dtype=dtypes.dtype(dtype or dtypes.int64))


def permutation(x: Any) -> Any:
    """0 .. n-1 in random order for an int n, else the rows of x in random order."""
    if isinstance(x, int):
        return use.random_permutation(n=x)
    x = asarray(x)
    return use.take(x, use.random_permutation(n=x.shape[0]), axis=0)


def shuffle(x: Any) -> None:
    """Puts the rows of x in random order, in place."""
    x[...] = permutation(x)


def choice(x: Any, size: Any = (), replace: bool = True) -> Any:
    """Rows drawn from x (or from 0 .. x-1)."""
    count = x if isinstance(x, int) else len(x)
    shape = (size,) if isinstance(size, int) else tuple(size)
    if replace:
        picked = randint(count, size=shape)
    else:
        wanted = 1
        for extent in shape:
            wanted *= extent
        picked = permutation(count)[:wanted].reshape(shape)
    return picked if isinstance(x, int) else use.take(asarray(x), picked, axis=0)
