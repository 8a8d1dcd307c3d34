"""Operators of ops/shape: oracles, and negative steps, borders, repeats, views with any strides, no elements."""

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, as_dtype, exact, sums
from oracle import check as check_with

import deepseek as ds


def places(offset, shape, strides):
    """Position in memory of every element of a view."""
    grid = np.indices(shape).reshape(len(shape), *shape)
    return offset + sum((i * stride for i, stride in zip(grid, strides)), np.zeros(shape, np.int64))


def write_view(x, value, offset, shape, strides):
    y = x.copy()
    for place, new in zip(places(offset, shape, strides).ravel(), value.ravel()):
        y.flat[place] = new
    return y


def add_view(x, value, offset, shape, strides):
    y = x.copy()
    for place, new in zip(places(offset, shape, strides).ravel(), value.ravel()):
        y.flat[place] += new
    return y


def expand_dims(x, axes):
    rank = x.ndim + len(axes)
    sizes, new = iter(x.shape), {axis % rank for axis in axes}
    return x.reshape([1 if i in new else next(sizes) for i in range(rank)])


def pad(x, before, after, value):
    y = np.full([b + n + a for b, n, a in zip(before, x.shape, after)], as_dtype(float(value), x.dtype.name), x.dtype)
    y[tuple(slice(b, b + n) for b, n in zip(before, x.shape))] = x
    return y


def split(x, sizes, axis):
    ends = np.cumsum(sizes)
    return [np.take(x, range(end - size, end), axis) for end, size in zip(ends, sizes)]


def triangle(keep):
    def cut(x, diagonal):
        rows, columns = np.indices(x.shape[-2:])
        return np.where(keep(columns - rows, diagonal), x, np.zeros((), x.dtype))

    return cut


def slices(x, start, stop, step):
    return x[tuple(slice(*bounds) for bounds in zip(start, stop, list(step) + [1] * len(start)))]


ORACLES = exact(
    broadcast_to=np.broadcast_to,
    concat=lambda x, axis: np.concatenate(x, axis),
    expand_dims=expand_dims,
    flip=lambda x, axes: np.flip(x, axes if axes is None else tuple(axes)),
    pad=pad,
    read_view=lambda x, offset, shape, strides: x.ravel()[places(offset, shape, strides)],
    repeat=lambda x, count, axis: np.take(x, np.arange(x.shape[axis] * count) // max(count, 1), axis),
    reshape=np.reshape,
    slice=slices,
    split=split,
    squeeze=lambda x, axes: np.squeeze(x, axes if axes is None else tuple(axes)),
    stack=lambda x, axis: np.stack(x, axis),
    tile=lambda x, repeats: np.tile(x, repeats),
    transpose=lambda x, axes: np.transpose(x, axes or None),
    tril=triangle(np.less_equal),
    triu=triangle(np.greater_equal),
    write_view=write_view,
) | sums(add_view=add_view)


def check(name, *inputs, **attributes):
    check_with(name, ORACLES[name], inputs, attributes)


def cube(dtype="float64", shape=(2, 3, 4)):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


CALLS = [
    ("broadcast_to", {"shape": (5, 2, 3, 4)}), ("broadcast_to", {"shape": (2, 3, 4)}),
    ("broadcast_to", {"shape": (0, 2, 3, 4)}),
    ("expand_dims", {"axes": (0, 2, -1)}), ("expand_dims", {"axes": (-5, 1)}), ("expand_dims", {"axes": ()}),
    ("flip", {}), ("flip", {"axes": (0,)}), ("flip", {"axes": (-1, 1)}), ("flip", {"axes": ()}),
    ("pad", {"before": (0, 0, 0), "after": (0, 0, 0)}), ("pad", {"before": (1, 0, 2), "after": (0, 3, 1), "value": 7}),
    ("pad", {"before": (0, 0, 1), "after": (1, 0, 0), "value": 1}),
    ("repeat", {"count": 3}), ("repeat", {"count": 2, "axis": 1}), ("repeat", {"count": 2, "axis": -1}),
    ("repeat", {"count": 0, "axis": 1}), ("repeat", {"count": 1, "axis": -3}),
    ("reshape", {"shape": (4, 6)}), ("reshape", {"shape": (-1,)}), ("reshape", {"shape": (1, 24, 1)}),
    ("reshape", {"shape": (3, -1, 2)}),
    ("slice", {"start": (0, 1), "stop": (2, 3)}), ("slice", {"start": (-1,), "stop": (-9,), "step": (-1,)}),
    ("slice", {"start": (0, 0, 3), "stop": (9, 9, -9), "step": (1, 2, -2)}), ("slice", {"start": (), "stop": ()}),
    ("slice", {"start": (0, 0, -3), "stop": (1, 3, -1), "step": (1, 1, 1)}),
    ("slice", {"start": (1, 2), "stop": (0, 2)}),
    ("slice", {"start": (0, 2, 0), "stop": (2, 0, 4), "step": (5, -1, 3)}),
    ("split", {"sizes": (1, 1)}), ("split", {"sizes": (0, 2, 1), "axis": 1}), ("split", {"sizes": (4,), "axis": -1}),
    ("tile", {"repeats": (2,)}), ("tile", {"repeats": (2, 1, 3)}), ("tile", {"repeats": (2, 1, 1, 2)}),
    ("tile", {"repeats": (0, 1)}), ("tile", {"repeats": ()}),
    ("transpose", {}), ("transpose", {"axes": (1, 2, 0)}), ("transpose", {"axes": (-1, 0, 1)}),
    *((name, {"diagonal": diagonal}) for name in ("tril", "triu") for diagonal in (0, 1, 2, -1, -2, 9, -9)),
    ("read_view", {"offset": 23, "shape": (2, 3), "strides": (-12, -1)}),
    ("read_view", {"offset": 3, "shape": (4, 2, 3), "strides": (0, 5, 1)}),
    ("read_view", {"offset": 7, "shape": (), "strides": ()}),
    ("read_view", {"offset": 0, "shape": (3, 5, 0), "strides": (9, 9, 9)}),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ("float64", "float16", "int8", "uint64", "bool"))
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]}-{'-'.join(map(str, call[1].values()))}")
def test_calls(call, dtype):
    check(call[0], cube(dtype), **call[1])


@pytest.mark.parametrize("view", (
    {"offset": 5, "shape": (3, 2), "strides": (4, -2)},
    {"offset": 2, "shape": (4, 4), "strides": (1, 2)},
    {"offset": 9, "shape": (5,), "strides": (0,)},
    {"offset": 23, "shape": (24,), "strides": (-1,)},
    {"offset": 4, "shape": (), "strides": ()},
    {"offset": 0, "shape": (0, 4), "strides": (4, 1)},
))  # fmt: skip
@pytest.mark.parametrize("dtype", ("float64", "float32", "float16", "int8", "uint64", "bool"))
def test_writes_through_views(view, dtype):
    """Elements that come twice: the last one stays, or all are added."""
    value = (cube("int64", view["shape"]) + 1).astype(dtype)
    check("write_view", cube(dtype), value, **view)
    check("add_view", cube(dtype), value, **view)


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
@pytest.mark.parametrize("axis", (0, 1, 2, -1, -3))
def test_joining(axis, dtype):
    x = cube("float32" if dtype == "bfloat16" else dtype)
    parts = [x, np.take(x, [], axis), np.take(x, [0], axis), x]
    check_with("concat", ORACLES["concat"], [parts], {"axis": axis}, dtype == "bfloat16")
    check_with("stack", ORACLES["stack"], [[x, x[::-1], x * 0]], {"axis": axis}, dtype == "bfloat16")
    check("stack", [x], axis=axis)
    check("concat", [x], axis=axis)


def test_stack_of_numbers():
    check("stack", [np.array(1.0), np.array(2.0)])
    check("stack", [np.zeros((2, 0))] * 3, axis=-1)
    check("stack", [np.zeros((2, 3))] * 3, axis=2)


@pytest.mark.parametrize("value", (0, -1.5, np.nan, np.inf, 300, -1))
@pytest.mark.parametrize("dtype", ("float32", "float16", "int8", "uint8", "int64", "bool"))
def test_value_of_a_border(value, dtype):
    """It is cast as elements are: what a dtype cannot hold becomes 0."""
    check("pad", cube(dtype, (2, 2)), before=(1, 0), after=(0, 1), value=value)


@pytest.mark.parametrize("shape", ((0,), (3, 0), (0, 2)))
def test_no_elements(shape):
    x = np.zeros(shape)
    flat = (0,) * len(shape)
    for name, attributes in (("flip", {}), ("transpose", {}), ("reshape", {"shape": (5, 0)}), ("squeeze", {}),
                             ("pad", {"before": flat, "after": flat, "value": 3}), ("tile", {"repeats": (2, 2)}),
                             ("pad", {"before": (2, *flat[1:]), "after": flat, "value": 3}), ("repeat", {"count": 2}),
                             ("slice", {"start": (1,), "stop": (9,)}), ("expand_dims", {"axes": (0,)})):  # fmt: skip
        check(name, x, **attributes)


def test_squeeze():
    x = np.zeros((1, 3, 1, 2))
    for attributes in ({}, {"axes": (0,)}, {"axes": (-2,)}, {"axes": (0, 2)}, {"axes": ()}):
        check("squeeze", x, **attributes)
    check("squeeze", np.zeros((1, 1)))
    with pytest.raises(ValueError):
        ds.ops.squeeze(ds.asarray(x), axes=(1,))


def test_views_of_views():
    """Chains of views and what reads them: one stride after another."""
    x = cube("float64", (4, 6, 5))
    t = ds.asarray(x)
    np.testing.assert_array_equal(t.transpose(2, 0, 1)[::-2, 1:, ::3].numpy(), x.transpose(2, 0, 1)[::-2, 1:, ::3])
    flipped = ds.flip(t[:, ::2].reshape(4, 15)[1:3], 1)
    np.testing.assert_array_equal(flipped.numpy(), np.flip(x[:, ::2].reshape(4, 15)[1:3], 1))
    np.testing.assert_array_equal(ds.broadcast_to(t[:1, :, 2:3], (3, 6, 4)).sum(2).numpy(),
                                  np.broadcast_to(x[:1, :, 2:3], (3, 6, 4)).sum(2))  # fmt: skip


def test_nan_outside_of_a_triangle():
    x = np.full((3, 3), np.nan)
    check("tril", x)
    check("triu", -x, diagonal=1)
