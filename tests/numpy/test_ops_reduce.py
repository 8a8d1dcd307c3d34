"""Operators of ops/reduce: oracles, and axes, NaN, infinities, ties, corrections, large sums, no elements."""

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, exact, sums
from oracle import check as check_with

import deepseek as ds


def over(function):
    """axis = [] means all axes."""
    return lambda x, axis, keepdims: function(x, axis=tuple(axis) or None, keepdims=keepdims)


def var(x, axis, correction, keepdims):
    axis = tuple(axis) or tuple(range(x.ndim))
    count = np.prod([x.shape[i] for i in axis])
    squares = (x - x.sum(axis, keepdims=True) / count) ** 2
    return squares.sum(axis, keepdims=keepdims) / np.maximum(count - correction, 0)


def logsumexp(x, axis, keepdims):
    axis = tuple(axis) or None
    top = x.max(axis, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(top), top, 0)
    y = np.log(np.exp(x - shift).sum(axis, keepdims=True)) + shift
    return y if keepdims else y.reshape(x.sum(axis).shape)


def sum_to(x, shape):
    y = x.sum(tuple(range(x.ndim - len(shape))), dtype=x.dtype)
    return y.sum(tuple(i for i, n in enumerate(shape) if n == 1 and y.shape[i] != 1), keepdims=True, dtype=x.dtype)


def var_root(x, axis, correction, keepdims):
    return np.sqrt(var(x, axis, correction, keepdims))


ORACLES = exact(
    all=over(np.all), any=over(np.any), argmax=np.argmax, argmin=np.argmin, max=over(np.max), min=over(np.min)
) | sums(
    cumsum=np.cumsum, logsumexp=logsumexp, mean=over(np.mean), prod=over(np.prod), std=var_root, sum=over(np.sum),
    sum_to=sum_to, var=var,
)  # fmt: skip
AXES = ([], [0], [1], [-1], [0, 2], [-1, 0], [0, 1, 2])


def check(name, *inputs, bfloat16=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16)


def cube(dtype, shape=(3, 4, 5)):
    rng = np.random.default_rng(1)
    if dtype in FLOATS:
        return rng.normal(0, 1, shape).astype("float32" if dtype == "bfloat16" else dtype)
    return rng.integers(0, 2 if dtype == "bool" else 5, shape).astype(dtype)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_reductions(dtype, axis):
    x = cube(dtype)
    for name in ("sum", "prod", "max", "min", "all", "any"):
        for keepdims in (False, True):
            check(name, x, bfloat16=dtype == "bfloat16", axis=axis, keepdims=keepdims)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_means_and_spreads(dtype, axis):
    x, bfloat16 = cube(dtype), dtype == "bfloat16"
    for keepdims in (False, True):
        check("mean", x, bfloat16=bfloat16, axis=axis, keepdims=keepdims)
        check("logsumexp", x, bfloat16=bfloat16, axis=axis, keepdims=keepdims)
        for correction in (0, 1, 0.5, 2):
            for name in ("var", "std"):
                check(name, x, bfloat16=bfloat16, axis=axis, correction=correction, keepdims=keepdims)


def test_corrections_of_the_whole_count():
    """No degrees of freedom are left: 0 / 0, or something / 0."""
    for name in ("var", "std"):
        check(name, np.array([2.0]), correction=1)
        check(name, np.array([2.0, 3.0]), correction=2)
        check(name, np.array([2.0, 3.0]), correction=3)
        check(name, np.array(5.0))


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_spread_around_a_large_mean(dtype):
    """A sum of squares minus a square of sums would lose every digit here."""
    x = (np.random.default_rng(1).integers(0, 9, (3, 50)) + (1e4 if dtype == "float32" else 1e6)).astype(dtype)
    for name in ("var", "std"):
        check(name, x, axis=[1])
        check(name, x, axis=[0], correction=1)


@pytest.mark.parametrize("name", ("sum", "mean", "max", "min", "prod", "logsumexp", "var", "std", "any", "all"))
@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_and_infinities(name, dtype):
    inf, nan = np.inf, np.nan
    rows = [[1, nan, 2], [inf, 1, 2], [-inf, 1, 0], [-inf, inf, 0], [-inf] * 3, [inf] * 3, [nan] * 3]
    x = np.array(rows, "float32" if dtype == "bfloat16" else dtype)
    for axis in ([1], [0], []):
        check(name, x, bfloat16=dtype == "bfloat16", axis=axis)


@pytest.mark.parametrize("axis", (None, 0, 1, 2, -1))
@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_first_of_equals(dtype, axis):
    x, bfloat16 = cube(dtype).round(), dtype == "bfloat16"
    for name in ("argmax", "argmin"):
        for keepdims in (False, True):
            check(name, x, bfloat16=bfloat16, axis=axis, keepdims=keepdims)
        if dtype in FLOATS:
            y = x.copy()
            y[1, 2, 3:] = np.nan
            y[0, 0] = np.inf
            y[2, 0] = -np.inf
            check(name, y, bfloat16=bfloat16, axis=axis)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_ends_of_integers(dtype):
    info = np.iinfo(dtype)
    x = np.array([[info.min, info.max, 0], [info.max, info.max - 1, 1]], dtype)
    for name in ("sum", "prod", "max", "min", "any", "all"):
        check(name, x)
        check(name, x, axis=[1])
    for name in ("argmax", "argmin"):
        check(name, x, axis=1)
    check("cumsum", x, axis=1)
    check("sum_to", x, shape=[3])


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
@pytest.mark.parametrize("axis", (0, 1, 2, -1, -3))
def test_cumsum(dtype, axis):
    check("cumsum", cube(dtype), bfloat16=dtype == "bfloat16", axis=axis)
    check("cumsum", cube(dtype)[:, :0], bfloat16=dtype == "bfloat16", axis=axis)


@pytest.mark.parametrize("shape", ([], [1], [5], [4, 1], [4, 5], [1, 5], [3, 1, 5], [1, 1, 1], [3, 4, 5]))
@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_sum_to(dtype, shape):
    check("sum_to", cube(dtype), bfloat16=dtype == "bfloat16", shape=shape)


@pytest.mark.parametrize("name", ("sum", "mean", "logsumexp"))
@pytest.mark.parametrize("dtype", ("float32", "float16", "bfloat16"))
def test_many_elements(name, dtype):
    """Sums do not stop growing where an element is below half a unit of the sum."""
    x = np.full((2, 70000 if dtype == "float32" else 5000), 0.1, "float32" if dtype == "bfloat16" else dtype)
    check(name, x, bfloat16=dtype == "bfloat16", axis=[1])
    check(name, np.ascontiguousarray(x.T), bfloat16=dtype == "bfloat16", axis=[0])


@pytest.mark.parametrize("shape", ((0,), (0, 3), (3, 0), (2, 0, 3)))
def test_no_elements(shape):
    x = np.zeros(shape)
    for axis in ([], *([i] for i in range(len(shape)))):
        for name in ("sum", "prod", "any", "all", "mean", "logsumexp", "var", "std"):
            check(name, x, axis=axis)
        if axis and shape[axis[0]]:
            for name in ("max", "min"):
                check(name, x, axis=axis)
        else:
            with pytest.raises(ValueError):
                ds.ops.max(ds.asarray(x), axis=axis)


def test_zero_dimensions():
    for name in set(ORACLES) - {"cumsum", "sum_to"}:
        check(name, np.array(0.75))
    check("sum_to", np.array(0.75), shape=[])
