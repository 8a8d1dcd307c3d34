"""Operators of ops/linalg: oracles, and vectors, stacks that broadcast, sizes around tiles, integers and bool."""

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, sums
from oracle import check as check_with

import deepseek as ds


def matmul(a, b):
    """Products summed over the last axis of a and the last but one of b, one row and column after the other."""
    left, right = a[None] if a.ndim == 1 else a, b[:, None] if b.ndim == 1 else b
    columns = np.swapaxes(right, -1, -2)
    y = (left[..., :, None, :] * columns[..., None, :, :]).sum(-1, dtype=a.dtype)
    if b.ndim == 1:
        y = y[..., 0]
    return y[..., 0, :] if a.ndim == 1 and b.ndim > 1 else y[..., 0] if a.ndim == 1 else y


def linear(x, weight, bias):
    return matmul(x, weight.T) + (0 if bias is None else bias)


ORACLES = sums(linear=linear, matmul=matmul)
SHAPES = [
    ((4,), (4,)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (2, 4, 5)), ((2, 3, 4), (4,)), ((3, 4), (4, 5)),
    ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (5, 4, 2)), ((1, 3, 4), (2, 4, 1)), ((5, 1, 4), (1, 4, 6)),
    ((2, 1, 1, 4), (1, 3, 4, 1)), ((1, 1), (1, 1)), ((1,), (1,)), ((0, 4), (4, 5)), ((3, 0), (0, 5)), ((0,), (0,)),
    ((0,), (0, 5)), ((3, 4), (4, 0)), ((0, 3, 4), (4, 5)), ((0, 3, 4), (1, 4, 5)),
]  # fmt: skip


def check(name, *inputs, bfloat16=False, strided=False):
    check_with(name, ORACLES[name], inputs, {}, bfloat16, strided)


def normal(shape, dtype="float64", seed=2):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32" if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_matmul(dtype, shapes):
    a, b = normal(shapes[0], dtype), normal(shapes[1], dtype, 3)
    for strided in (False, True):
        check("matmul", a, b, bfloat16=dtype == "bfloat16", strided=strided)


@pytest.mark.parametrize("shapes", SHAPES[:10])
@pytest.mark.parametrize("dtype", (*INTEGERS, "bool"))
def test_matmul_of_integers_wraps(dtype, shapes):
    rng, store = np.random.default_rng(4), "uint8" if dtype == "bool" else dtype
    least, most = (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    a, b = (rng.integers(least, most, shape, store, endpoint=True) for shape in shapes)
    check("matmul", a.astype(dtype), b.astype(dtype))


SIZES = ((1, 1, 70), (7, 5, 3), (8, 16, 32), (17, 33, 9), (65, 31, 47), (64, 64, 64), (2, 300, 2))


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_sizes_around_tiles(dtype, sizes):
    rows, inner, columns = sizes
    a, b = normal((rows, inner), dtype), normal((inner, columns), dtype, 3)
    check("matmul", a, b, bfloat16=dtype == "bfloat16")
    t, u = (ds.asarray(np.ascontiguousarray(x.T)).T for x in (a, b))
    np.testing.assert_allclose((t @ u).numpy(), (ds.asarray(a) @ ds.asarray(b)).numpy(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("turned", ("a", "b", "ab"))
@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_transposed_operands(turned, dtype):
    a, b = normal((2, 13, 21), dtype), normal((2, 21, 18), dtype, 3)
    s, t = (ds.asarray(np.ascontiguousarray(np.swapaxes(x, 1, 2))).mT if name in turned else ds.asarray(x)
            for name, x in (("a", a), ("b", b)))  # fmt: skip
    tolerance = 1e-12 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(ds.matmul(s, t).numpy(), matmul(np.float64(a), np.float64(b)), rtol=0, atol=tolerance)


def test_nan_and_infinities_stay_in_their_rows():
    a, b = normal((3, 4)), normal((4, 3), seed=3)
    a[0, 1], a[1, 2], b[3, 2] = np.nan, np.inf, -np.inf
    check("matmul", a, b)
    check("linear", a, b.T.copy(), normal(3))


@pytest.mark.parametrize("shape", ((4,), (3, 4), (2, 3, 4), (2, 1, 3, 4), (0, 4), (2, 0, 4)))
@pytest.mark.parametrize("dtype", FLOATS)
def test_linear(dtype, shape):
    x, weight, bias = normal(shape, dtype), normal((5, 4), dtype, 3), normal(5, dtype, 4)
    for strided in (False, True):
        check("linear", x, weight, bias, bfloat16=dtype == "bfloat16", strided=strided)
        check("linear", x, weight, bfloat16=dtype == "bfloat16", strided=strided)


def test_linear_of_nothing():
    check("linear", np.zeros((3, 0)), np.zeros((2, 0)), np.array([1.0, 2.0]))
    check("linear", np.zeros((3, 4)), np.zeros((0, 4)), np.zeros(0))


@pytest.mark.parametrize("shapes", (((3,), (4,)), ((3, 4), (3, 4)), ((2, 3, 4), (3, 4, 5)), ((), (3,)), ((3,), ())))
def test_what_does_not_fit(shapes):
    with pytest.raises(ds.ShapeError):
        ds.matmul(ds.ones(*shapes[0]), ds.ones(*shapes[1]))
