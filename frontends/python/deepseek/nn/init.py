"""Starting values of parameters, written in place."""

from __future__ import annotations

import math
from typing import Any

from .. import autograd, random


def _write(x: Any, value: Any) -> Any:
    with autograd.no_grad():
        x[...] = value
    return x


def fans(x: Any) -> tuple[int, int]:
    """How many inputs and outputs an element of a weight [out, in, ...] connects."""
    field = math.prod(x.shape[2:])
    return x.shape[1] * field, x.shape[0] * field


def constant_(x: Any, value: float) -> Any:
    """One value everywhere."""
    return _write(x, value)


def zeros_(x: Any) -> Any:
    """Zeros."""
    return _write(x, 0.0)


def ones_(x: Any) -> Any:
    """Ones."""
    return _write(x, 1.0)


def uniform_(x: Any, low: float = 0.0, high: float = 1.0) -> Any:
    """Uniform in [low, high)."""
    return _write(x, random.uniform(low, high, x.shape, x.dtype))


def normal_(x: Any, mean: float = 0.0, std: float = 1.0) -> Any:
    """Normal."""
    return _write(x, random.normal(mean, std, x.shape, x.dtype))


def xavier_uniform_(x: Any, gain: float = 1.0) -> Any:
    """Uniform with variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""
    bound = gain * math.sqrt(6.0 / sum(fans(x)))
    return uniform_(x, -bound, bound)


def xavier_normal_(x: Any, gain: float = 1.0) -> Any:
    """Normal with variance 2 / (fan_in + fan_out)."""
    return normal_(x, 0.0, gain * math.sqrt(2.0 / sum(fans(x))))


def kaiming_uniform_(x: Any, gain: float = math.sqrt(2.0)) -> Any:
    """Uniform with variance gain^2 / fan_in (He et al., 2015); the gain is that of ReLU."""
    bound = gain * math.sqrt(3.0 / fans(x)[0])
    return uniform_(x, -bound, bound)


def kaiming_normal_(x: Any, gain: float = math.sqrt(2.0)) -> Any:
    """Normal with variance gain^2 / fan_in."""
    return normal_(x, 0.0, gain / math.sqrt(fans(x)[0]))
