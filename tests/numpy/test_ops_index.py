"""Operators of ops/index: oracles, and ties, NaN, negative, repeated and missing indices, every axis and dtype."""

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, exact
from oracle import check as check_with

import deepseek as ds


def argsort(x, axis, descending):
    """Stable, NaN the largest: Python's sort, which keeps the order of equals in reverse too."""

    def order(row):
        key = [(value != value, 0 if value != value else value) for value in row.tolist()]
        return np.array(sorted(range(len(row)), key=key.__getitem__, reverse=descending), np.int64)

    return np.apply_along_axis(order, axis, x) if x.size else np.zeros(x.shape, np.int64)


def sort(x, axis, descending):
    order = argsort(x, axis, descending)
    return np.take_along_axis(x, order, axis), order


def topk(x, k, axis, largest):
    values, order = sort(x, axis, largest)
    first = np.arange(k)
    return np.take(values, first, axis), np.take(order, first, axis)


def one_hot(index, depth, dtype):
    index = index.astype(np.int64)
    return np.where(index < 0, index + depth, index)[..., None] == np.arange(depth)


def scatter_add(x, index, value, axis):
    y = x.copy()
    for place in np.ndindex(index.shape):
        to = [i if size > 1 else 0 for i, size in zip(place, x.shape)]
        to[axis] = int(index[place])
        y[tuple(to)] += value[place]
    return y


def take_along_axis(x, index, axis):
    shape = np.broadcast_shapes(*(np.moveaxis(a, axis, -1).shape[:-1] for a in (x, index)))
    x, index = (np.broadcast_to(np.moveaxis(a, axis, -1), (*shape, a.shape[axis])) for a in (x, index))
    y = np.empty(index.shape, x.dtype)
    for place in np.ndindex(index.shape):
        y[place] = x[(*place[:-1], int(index[place]))]
    return np.moveaxis(y, -1, axis)


def key_of(x, indices, axes):
    key = [slice(None)] * x.ndim
    for axis, index in zip(axes, indices):
        key[axis] = index.astype(np.int64)
    return tuple(key)


def index_put(x, value, indices, axes, accumulate):
    """One element after the other, so what comes last stays."""
    y, numbers = x.copy(), np.arange(x.size).reshape(x.shape)
    places = numbers[key_of(x, indices, axes)]
    for place, new in zip(places.ravel(), np.broadcast_to(value, places.shape).ravel()):
        y.flat[place] = y.flat[place] + new if accumulate else new
    return y


def nonzero(x):
    places = [place for place in np.ndindex(x.shape) if x[place]]
    return np.array(places, np.int64).reshape(len(places), x.ndim)


ORACLES = exact(
    argsort=argsort,
    sort=sort,
    topk=topk,
    nonzero=nonzero,
    one_hot=one_hot,
    scatter_add=scatter_add,
    take=lambda x, index, axis: np.take(x, index.astype(np.int64), axis),
    take_along_axis=take_along_axis,
    index_get=lambda x, indices, axes: x[key_of(x, indices, axes)],
    index_put=index_put,
)


def check(name, *inputs, bfloat16=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16)


def ties(dtype, shape=(4, 5, 3)):
    """Few different values, so most have equals; NaN, infinities and both zeros in floats."""
    rng = np.random.default_rng(5)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in INTEGERS:
        info = np.iinfo(dtype)
        return rng.choice(np.array([info.min, info.max, info.max - 1, 0, 1, 2], dtype), shape)
    x = rng.choice(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -1.5, 1.0]), shape)
    return x.astype("float32" if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
@pytest.mark.parametrize("axis", (0, 1, 2, -1, -2))
def test_orders(axis, dtype):
    x, bfloat16 = ties(dtype), dtype == "bfloat16"
    for descending in (False, True):
        check("argsort", x, bfloat16=bfloat16, axis=axis, descending=descending)
        check("sort", x, bfloat16=bfloat16, axis=axis, descending=descending)
        for k in (0, 1, 2, x.shape[axis]):
            check("topk", x, bfloat16=bfloat16, k=k, axis=axis, largest=descending)


@pytest.mark.parametrize("shape", ((1,), (0,), (0, 3), (3, 0), (1, 1, 1), (257,), (3, 100)))
def test_orders_of_other_shapes(shape):
    x = np.random.default_rng(1).integers(-20, 20, shape).astype(np.float64)
    for axis in range(-len(shape), len(shape)):
        for descending in (False, True):
            check("sort", x, axis=axis, descending=descending)
            check("topk", x, k=min(2, shape[axis]), axis=axis, largest=descending)


def test_long_rows():
    rng = np.random.default_rng(9)
    x, index = rng.integers(0, 99, (3, 5003)).astype(np.float32), rng.integers(-5003, 5003, (3, 5003))
    for axis in (0, 1):
        check("sort", x, axis=axis)
        check("topk", x, k=3, axis=axis)
        check("take", x, index[0, :7] % 3, axis=axis)
    check("take_along_axis", x, index)
    check("scatter_add", x, index, np.ones_like(x))
    check("index_put", x, np.float32(7), [index[0]], axes=(1,))
    check("index_get", x, [index[0]], axes=(1,))
    check("nonzero", x > 90)


def test_sort_is_numpys():
    for dtype in ("float32", "int16", "uint64"):
        x = ties(dtype)
        for axis in range(3):
            np.testing.assert_array_equal(sort(x, axis, False)[0], np.sort(x, axis, kind="stable"))
            np.testing.assert_array_equal(argsort(x, axis, False), np.argsort(x, axis, kind="stable"))


@pytest.mark.parametrize("k", (-1, 6))
def test_topk_of_too_many(k):
    with pytest.raises(ds.OutOfRangeError):
        ds.ops.topk(ds.ones(5), k=k)


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_one_hot(dtype):
    for index in ("int8", "int32", "int64", "uint8", "uint64"):
        check("one_hot", np.array([[0, 3, 1], [2, 2, 0]], index), depth=4, dtype=dtype)
    check("one_hot", np.array([-1, -4, 3, 0]), depth=4, dtype=dtype)
    check("one_hot", np.array(-2), depth=2, dtype=dtype)
    check("one_hot", np.zeros((0, 2), np.int64), depth=3, dtype=dtype)
    check("one_hot", np.zeros((2, 0), np.int64), depth=0, dtype=dtype)


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS))
@pytest.mark.parametrize("axis", (0, 1, -1))
def test_scatter_add(axis, dtype):
    rng, store = np.random.default_rng(3), "float32" if dtype == "bfloat16" else dtype
    x, value = rng.integers(0, 9, (4, 3, 5)).astype(store), rng.integers(0, 9, (4, 3, 5)).astype(store)
    size = x.shape[axis]
    bfloat16 = dtype == "bfloat16"
    check("scatter_add", x, np.full(x.shape, size - 1), value, bfloat16=bfloat16, axis=axis)
    check("scatter_add", x, rng.integers(-size, size, x.shape), value, bfloat16=bfloat16, axis=axis)
    check("scatter_add", x, rng.integers(-size, size, x.shape).astype("int8"), value, bfloat16=bfloat16, axis=axis)
    more = np.concatenate([value, value], axis)
    check("scatter_add", x, rng.integers(0, size, more.shape), more, bfloat16=bfloat16, axis=axis)
    fewer = value.take(range(2), axis)
    check("scatter_add", x, rng.integers(0, size, fewer.shape), fewer, bfloat16=bfloat16, axis=axis)
    none = value.take([], axis)
    check("scatter_add", x, np.zeros(none.shape, np.int64), none, bfloat16=bfloat16, axis=axis)


def test_scatter_add_into_one():
    """Where x has size 1, all go there."""
    rng = np.random.default_rng(3)
    index, value = rng.integers(-4, 4, (3, 6)), rng.integers(-9, 9, (3, 6)).astype(np.float64)
    check("scatter_add", np.arange(4.0)[None], index, value, axis=1)
    check("scatter_add", np.arange(4.0)[:, None], index, value, axis=0)
    check("scatter_add", np.array([250, 1], np.uint8), np.array([0, 0, 0]), np.array([1, 2, 255], np.uint8))


INDEX = np.array([[0, -1, 2], [2, 2, -3]])


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
@pytest.mark.parametrize("axis", (0, 1, 2, -1, -3))
def test_take(axis, dtype):
    x = ties(dtype)
    for index in (INDEX, INDEX[0], INDEX[0, 1], INDEX[:, :0], INDEX.astype("int8"), np.array([1, 0], "uint16")):
        check("take", x, index, bfloat16=dtype == "bfloat16", axis=axis)


@pytest.mark.parametrize("axis", (0, 1, 2, -1))
def test_take_along_axis(axis):
    x, rng = ties("float64"), np.random.default_rng(6)
    size = x.shape[axis]
    for length in (0, 1, 2, 7):
        shape = list(x.shape)
        shape[axis] = length
        check("take_along_axis", x, rng.integers(-size, size, shape), axis=axis)
        ones = [1] * 3
        ones[axis] = length
        check("take_along_axis", x, rng.integers(-size, size, ones), axis=axis)
        single = x.take([0], (axis + 1) % 3)
        check("take_along_axis", single, rng.integers(-size, size, shape), axis=axis)


AXES = {(0,): (2, 3), (2,): (4,), (0, 1): (2,), (1, 2): (2, 1), (0, 2): (3,), (0, 1, 2): (5,), (-1,): (2,)}


@pytest.mark.parametrize("dtype", ("float32", "float64", "bfloat16", "int16", "uint64", "bool"))
@pytest.mark.parametrize("axes", AXES)
def test_index_get_and_put(axes, dtype):
    rng, x, bfloat16 = np.random.default_rng(7), ties(dtype), dtype == "bfloat16"
    indices = [rng.integers(-x.shape[axis], x.shape[axis], AXES[axes]) for axis in axes]
    check("index_get", x, indices, bfloat16=bfloat16, axes=axes)
    place = x[key_of(x, indices, axes)]
    value = rng.permutation(x.ravel())[: place.size] if place.size <= x.size else rng.choice(x.ravel(), place.size)
    value = value.reshape(place.shape)
    check("index_put", x, value, indices, bfloat16=bfloat16, axes=axes)
    check("index_put", x, value.ravel()[0], indices, bfloat16=bfloat16, axes=axes)
    whole = (np.arange(x.size) % 7).reshape(x.shape).astype(x.dtype)
    check("index_put", whole, np.ones_like(value), indices, bfloat16=bfloat16, axes=axes, accumulate=True)
    nothing = [index[:0] for index in indices]
    check("index_get", x, nothing, bfloat16=bfloat16, axes=axes)
    check("index_put", x, x[key_of(x, nothing, axes)], nothing, bfloat16=bfloat16, axes=axes)


def test_repeated_indices():
    x, index, value = np.zeros(3), np.array([0, 1, 0, -3, 1]), np.array([1.0, 2, 3, 4, 5])
    check("index_put", x, value, [index], axes=(0,))
    check("index_put", x, value, [index], axes=(0,), accumulate=True)
    check("index_put", np.zeros((2, 3)), value, [index % 2, index], axes=(0, 1))
    check("index_put", np.zeros((2, 3)), value, [index % 2, index], axes=(0, 1), accumulate=True)


@pytest.mark.parametrize("name", ("take", "take_along_axis", "one_hot", "scatter_add", "index_get", "index_put"))
@pytest.mark.parametrize("index", (4, -5, 2**62))
def test_out_of_bounds(name, index):
    x, i = ds.ones(4), ds.asarray(np.array([1, index]))
    with pytest.raises(ds.OutOfRangeError):
        {"take": lambda: ds.ops.take(x, i), "take_along_axis": lambda: ds.ops.take_along_axis(x, i),
         "one_hot": lambda: ds.ops.one_hot(i, depth=4), "scatter_add": lambda: ds.ops.scatter_add(x, i, x[:2]),
         "index_get": lambda: ds.ops.index_get(x, [i], axes=(0,)),
         "index_put": lambda: ds.ops.index_put(x, x[:2], [i], axes=(0,))}[name]().numpy()  # fmt: skip


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_nonzero(dtype):
    x = ties(dtype)
    for y in (x, x[0, 0], x[0, 0, 0], x[:0], np.zeros_like(x), np.ones_like(x)):
        check("nonzero", y, bfloat16=dtype == "bfloat16")
