"""Starting values of parameters, written in place."""

from __future__ import annotations

import math
import typing

from .. import _native, autograd, errors, random

if typing.TYPE_CHECKING:
    from typing import Any, TypeVar

    from ..tensors import Tensor

    T = TypeVar("T", bound=Tensor)


def _write(x: T, value: Any) -> T:
    if not isinstance(x, _native.Tensor):
        raise errors.DTypeError(f"init: a tensor is needed, which is written in place, not {x!r:.80}")
    with autograd.no_grad():
        x[...] = value
    return x


def fans(x: Tensor) -> tuple[int, int]:
    """How many inputs and outputs an element of a weight [out, in, ..] connects: in and out times the window's size.

    ShapeError for fewer than two axes or no elements, DTypeError unless x is a tensor.
    """
    if not isinstance(x, _native.Tensor):
        raise errors.DTypeError(f"init: a tensor is needed, which is written in place, not {x!r:.80}")
    if x.ndim < 2 or not x.size:
        raise errors.ShapeError(f"init: inputs and outputs need a weight [out, in, ..] that is not empty, this one is "
                                f"{list(x.shape)}")  # fmt: skip
    field = math.prod(x.shape[2:])
    return x.shape[1] * field, x.shape[0] * field


def constant_(x: T, value: float) -> T:
    """Writes one value everywhere into x [..] and answers x. ReadOnlyError."""
    return _write(x, value)


def zeros_(x: T) -> T:
    """Writes zeros into x [..] and answers x. ReadOnlyError."""
    return _write(x, 0.0)


def ones_(x: T) -> T:
    """Writes ones into x [..] and answers x. ReadOnlyError."""
    return _write(x, 1.0)


def uniform_(x: T, low: float = 0.0, high: float = 1.0) -> T:
    """Writes uniform numbers in [low, high) into x [..] and answers x. DTypeError unless x is floating."""
    return _write(x, random.uniform(low, high, x.shape, x.dtype) if isinstance(x, _native.Tensor) else None)


def normal_(x: T, mean: float = 0.0, std: float = 1.0) -> T:
    """Writes normal numbers of this mean and deviation into x [..] and answers x. DTypeError unless x is floating."""
    return _write(x, random.normal(mean, std, x.shape, x.dtype) if isinstance(x, _native.Tensor) else None)


def xavier_uniform_(x: T, gain: float = 1.0) -> T:
    """Writes uniform numbers of variance 2 * gain^2 / (fan_in + fan_out) into x [out, in, ..] (Glorot, Bengio, 2010).

    ShapeError for fewer than two axes, DTypeError unless x is floating.
    """
    bound = gain * math.sqrt(6.0 / sum(fans(x)))
    return uniform_(x, -bound, bound)


def xavier_normal_(x: T, gain: float = 1.0) -> T:
    """Writes normal numbers of variance 2 * gain^2 / (fan_in + fan_out) into x [out, in, ..] (Glorot, Bengio, 2010).

    ShapeError for fewer than two axes, DTypeError unless x is floating.
    """
    return normal_(x, 0.0, gain * math.sqrt(2.0 / sum(fans(x))))


def kaiming_uniform_(x: T, gain: float = math.sqrt(2.0)) -> T:
    """Writes uniform numbers of variance gain^2 / fan_in into x [out, in, ..]; the gain is that of ReLU (He et al.,
    2015). ShapeError for fewer than two axes, DTypeError unless x is floating.
    """
    bound = gain * math.sqrt(3.0 / fans(x)[0])
    return uniform_(x, -bound, bound)


def kaiming_normal_(x: T, gain: float = math.sqrt(2.0)) -> T:
    """Writes normal numbers of variance gain^2 / fan_in into x [out, in, ..] (He et al., 2015).

    ShapeError for fewer than two axes, DTypeError unless x is floating.
    """
    return normal_(x, 0.0, gain / math.sqrt(fans(x)[0]))
