"""Products of vectors, matrices and tensors, and their diagonals."""

from __future__ import annotations

import builtins
import math
import operator as _operator
from typing import TYPE_CHECKING, Any

from .. import _native, errors
from .._runtime import check as _check, context, ffi, lib
from ..creation import asarray
from ..sugar import use
from .shapes import _axes_of, _is_int, ravel, transpose

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike


def _is_number(a: Any, b: Any) -> bool:
    """Whether one of them is a Python number, which stays weak in a product."""
    return type(a) in (bool, int, float) or type(b) in (bool, int, float)


def dot(a: TensorLike, b: TensorLike) -> Tensor:
    """NumPy's dot: products of scalars, inner products of vectors [n], `matmul` of matrices [m, k] and [k, n].

    For more axes, sums over a's last and b's second to last. ShapeError if their extents differ.
    """
    if _is_number(a, b):
        return use.mul(a, b)
    a, b = asarray(a), asarray(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return use.matmul(a, b) if b.ndim <= 2 else tensordot(a, b, axes=([-1], [-2]))


def inner(a: TensorLike, b: TensorLike) -> Tensor:
    """Sum of products over the last axes: [m, k], [n, k] -> [m, n]. ShapeError if their extents differ."""
    if _is_number(a, b):
        return use.mul(a, b)
    a, b = asarray(a), asarray(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, axes=([-1], [-1]))


def vdot(a: TensorLike, b: TensorLike) -> Tensor:
    """Inner product of the flattened tensors, of shape []. ShapeError if their sizes differ."""
    return use.sum(ravel(a) * ravel(b))


def vecdot(a: TensorLike, b: TensorLike, axis: int = -1) -> Tensor:
    """Inner products along an axis, the others broadcast: [m, k], [k] -> [m]. ShapeError, OutOfRangeError."""
    return use.sum(asarray(a) * b, axis=axis)


def outer(a: TensorLike, b: TensorLike) -> Tensor:
    """All products of the flattened tensors: [m], [n] -> [m, n]. TypeError for what is not tensor-like."""
    return ravel(a)[:, None] * ravel(b)[None, :]


def tensordot(a: TensorLike, b: TensorLike, axes: Any = 2) -> Tensor:
    """Sum of products over pairs of axes, or over the last n of a and the first n of b.

    axes: n, or (axes of a, axes of b): ([1], [0]) is [m, k], [k, n] -> [m, n]. ShapeError if extents differ,
    OutOfRangeError if there is no such axis, ArgumentError if one comes twice.
    """
    a, b = asarray(a), asarray(b)
    if _is_int(axes):
        count = _operator.index(axes)
        if not 0 <= count <= builtins.min(a.ndim, b.ndim):
            raise errors.OutOfRangeError(f"tensordot: {count} axes are not there")
        left, right = list(range(a.ndim - count, a.ndim)), list(range(count))
    else:
        left, right = _axes_of(axes[0], a.ndim), _axes_of(axes[1], b.ndim)
    free_a = [axis for axis in range(a.ndim) if axis not in left]
    free_b = [axis for axis in range(b.ndim) if axis not in right]
    if [a.shape[axis] for axis in left] != [b.shape[axis] for axis in right]:
        shapes = f"{list(a.shape)} and {list(b.shape)}"
        raise errors.ShapeError(f"tensordot: {shapes} do not fit along axes {left} and {right}")
    inner_size = math.prod(a.shape[axis] for axis in left)
    rows, columns = [a.shape[axis] for axis in free_a], [b.shape[axis] for axis in free_b]
    x = use.reshape(use.transpose(a, axes=free_a + left), shape=(math.prod(rows), inner_size))
    y = use.reshape(use.transpose(b, axes=right + free_b), shape=(inner_size, math.prod(columns)))
    return use.reshape(use.matmul(x, y), shape=rows + columns)


def diagonal(x: TensorLike, offset: int = 0) -> Tensor:
    """The diagonal, column - row = offset, of the first two axes, a view: [m, n, ..] -> [.., min(m, n)] for offset 0.

    ShapeError for fewer than two axes.
    """
    x = asarray(x)
    if x.ndim < 2:
        raise errors.ShapeError("diagonal needs at least two axes")
    x = transpose(x, (*range(2, x.ndim), 0, 1))
    x = x[..., :, offset:] if offset >= 0 else x[..., -offset:, :]
    count = builtins.min(x.shape[-2:])
    step = [stride // x.itemsize for stride in x.strides]
    return _native.strided(x, _offset(x), (*x.shape[:-2], count), (*step[:-2], step[-1] + step[-2]))


def _offset(x: Tensor) -> int:
    layout = ffi.new("ds_view_spec*")
    _check(lib.ds_tensor_layout(context, x._handle, layout))
    return layout.offset


def trace(x: TensorLike, offset: int = 0) -> Tensor:
    """Sum of the `diagonal`: [m, n, ..] -> [..]. ShapeError for fewer than two axes."""
    return use.sum(diagonal(x, offset), axis=-1)
