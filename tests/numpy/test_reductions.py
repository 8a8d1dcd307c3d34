"""Reductions against NumPy: axes, keepdims, dtypes, NaN, empty."""

import numpy as np
import pytest
from test_elementwise import check

import deepseek as ds

AXES = (None, 0, 1, -1, (0, 2), (0, 1, 2))


def cube(dtype):
    rng = np.random.default_rng(1)
    if np.dtype(dtype).kind == "f":
        return rng.normal(0, 1, (3, 4, 5)).astype(dtype)
    return rng.integers(0, 2 if dtype == "bool" else 5, (3, 4, 5)).astype(dtype)


def layouts(dtype):
    x = cube(dtype)
    return x, x.transpose(2, 0, 1), x[:, ::2, ::-1], np.broadcast_to(x[:1], (2, 4, 5))


@pytest.mark.parametrize("name", "sum prod mean max min any all var std".split())
@pytest.mark.parametrize("dtype", "bool int8 int32 int64 uint8 float32 float64".split())
@pytest.mark.parametrize("axis", AXES)
def test_reduction(name, dtype, axis):
    for x in layouts(dtype):
        for keepdims in (False, True):
            ours = getattr(ds, name)(ds.asarray(x), axis=axis, keepdims=keepdims)
            theirs = getattr(np, name)(x, axis=axis, keepdims=keepdims)
            check(ours, theirs, (name, dtype, axis, keepdims))


@pytest.mark.parametrize("name", ("argmax", "argmin"))
@pytest.mark.parametrize("dtype", ("int32", "float32", "float64", "bool"))
@pytest.mark.parametrize("axis", (None, 0, 1, -1))
def test_arg(name, dtype, axis):
    for x in layouts(dtype):
        check(getattr(ds, name)(ds.asarray(x), axis=axis), getattr(np, name)(x, axis=axis))
    if dtype.startswith("float"):
        x = cube(dtype)
        x[1, 2, 3] = np.nan
        check(getattr(ds, name)(ds.asarray(x), axis=axis), getattr(np, name)(x, axis=axis))


@pytest.mark.parametrize("name", ("sum", "max", "min", "mean"))
def test_nan_and_infinity_come_through(name):
    x = np.array([[1.0, np.nan, 2.0], [np.inf, 1.0, 2.0], [-np.inf, np.inf, 0.0]])
    with np.errstate(all="ignore"):
        check(getattr(ds, name)(ds.asarray(x), axis=1), getattr(np, name)(x, axis=1))


@pytest.mark.parametrize("shape", ((0,), (0, 3), (3, 0)))
def test_empty(shape):
    x, t = np.zeros(shape), ds.zeros(shape)
    for name in ("sum", "prod", "any", "all"):
        check(getattr(ds, name)(t), getattr(np, name)(x))
        check(getattr(ds, name)(t, axis=0), getattr(np, name)(x, axis=0))
    with pytest.raises(ValueError):
        ds.max(t)
    with pytest.raises(ValueError):
        ds.argmax(t)


@pytest.mark.parametrize("dtype", ("int32", "float64", "bool"))
@pytest.mark.parametrize("axis", (None, 0, 2, -2))
def test_cumsum(dtype, axis):
    for x in layouts(dtype):
        check(ds.cumsum(ds.asarray(x), axis=axis), np.cumsum(x, axis=axis), atol=1)


def test_others():
    x = cube("float64")
    t = ds.asarray(x)
    check(ds.var(t, axis=1, ddof=1), np.var(x, axis=1, ddof=1))
    check(t.std(correction=1), np.std(x, ddof=1))
    check(ds.ptp(t, axis=0), np.ptp(x, axis=0))
    check(ds.count_nonzero(t > 0, axis=1), np.count_nonzero(x > 0, axis=1))
    check(ds.average(t, axis=1, weights=t[0, :, 0] ** 2), np.average(x, axis=1, weights=x[0, :, 0] ** 2))
    check(ds.logsumexp(t, axis=2), np.log(np.exp(x).sum(2)))
    check(ds.norm(t), np.linalg.norm(x))
    check(ds.sum(t, dtype="float32"), x.astype("float32").sum())
    large = np.array([1000.0, 1000.0])
    assert float(ds.logsumexp(ds.asarray(large))) == pytest.approx(1000 + np.log(2))


def test_wrong_axis():
    for axis in (3, -4, (0, 5)):
        with pytest.raises(IndexError):
            ds.sum(ds.ones(2, 3, 4), axis=axis)
    with pytest.raises(ValueError):
        ds.sum(ds.ones(2, 3), axis=(0, 0))


@pytest.mark.parametrize("dtype", ("float32", "float64"))
@pytest.mark.parametrize("shapes", (((3, 4), (4, 5)), ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((2, 3, 4), (4, 5)),
                                    ((2, 1, 3, 4), (5, 4, 2)), ((0, 4), (4, 5)), ((3, 0), (0, 5))))  # fmt: skip
def test_matmul(dtype, shapes):
    rng = np.random.default_rng(2)
    a, b = (rng.normal(0, 1, shape).astype(dtype) for shape in shapes)
    ours, theirs = ds.asarray(a) @ ds.asarray(b), a @ b
    assert ours.dtype == theirs.dtype and ours.shape == np.shape(theirs)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5 if dtype == "float32" else 1e-13, atol=1e-6)
    swapped = ds.asarray(np.swapaxes(b, -1, -2) if b.ndim > 1 else b)
    back = swapped.mT if b.ndim > 1 else swapped
    np.testing.assert_allclose((ds.asarray(a) @ back).numpy(), theirs, rtol=1e-5, atol=1e-6)


def test_products():
    rng = np.random.default_rng(4)
    a, b = rng.normal(0, 1, (3, 4)), rng.normal(0, 1, (4, 5))
    s, t = ds.asarray(a), ds.asarray(b)
    check(ds.dot(s, t), a @ b)
    check(ds.outer(s[0], t[0]), np.outer(a[0], b[0]))
    check(ds.inner(s, s), np.inner(a, a))
    check(ds.vdot(s, s), np.vdot(a, a))
    check(ds.tensordot(s, t, 1), np.tensordot(a, b, 1))
    check(ds.tensordot(s, t, ([1], [0])), np.tensordot(a, b, ([1], [0])))
    check(ds.trace(s), np.trace(a))
    check(ds.diagonal(s, 1), np.diagonal(a, 1))
    check(ds.diagonal(s, -1), np.diagonal(a, -1))
    integers = np.arange(6).reshape(2, 3)
    check(ds.asarray(integers) @ ds.asarray(integers.T), integers @ integers.T)
