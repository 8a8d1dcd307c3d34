"""Values and dtypes of elementwise functions against NumPy: specials, empty, 0-d, strided, broadcast."""

import numpy as np
import pytest

import deepseek as ds

FLOAT = """sqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh
arctanh""".split()
REAL = "negative abs sign floor ceil trunc square".split()
TESTS = "isnan isinf isfinite logical_not".split()
BINARY = "add subtract multiply divide floor_divide remainder power maximum minimum".split()
FLOAT_BINARY = "arctan2 hypot logaddexp copysign fmax fmin".split()
COMPARE = "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor".split()
BITS = "bitwise_and bitwise_or bitwise_xor left_shift right_shift".split()

FLOATS, INTS = ("float32", "float64"), ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
TOLERANCE = {"float16": 2e-3, "float32": 2e-6, "float64": 4e-14}


def arrays(dtype):
    """The same numbers in every layout that matters."""
    rng = np.random.default_rng(3)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        base = np.concatenate([rng.normal(0, 3, 50), [0.0, -0.0, 1, -1, 0.5, np.inf, -np.inf, np.nan, 1e-30, 80, -80]])
    elif dtype.kind == "b":
        base = rng.integers(0, 2, 61)
    else:
        low = 0 if dtype.kind == "u" else -9
        base = rng.integers(low, 10, 61)
    base = base.astype(dtype)[:60]
    yield "dense", base
    yield "matrix", base.reshape(5, 12)
    yield "transposed", base.reshape(5, 12).T
    yield "strided", base[::3]
    yield "reversed", base[::-1]
    yield "scalar", base[3]
    yield "empty", base[:0]
    yield "empty axis", base[:0].reshape(0, 4)


def check(ours, theirs, note="", exact=False, atol=1e-3):
    theirs = np.asarray(theirs)
    assert ours.dtype == theirs.dtype, f"{note}: dtype {ours.dtype}, NumPy has {theirs.dtype}"
    assert ours.shape == theirs.shape, f"{note}: shape {ours.shape}, NumPy has {theirs.shape}"
    tolerance = 0 if exact else TOLERANCE.get(theirs.dtype.name, 0)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=tolerance, atol=tolerance * atol, err_msg=str(note))


def pairs(dtype):
    """Two operands of shapes that broadcast."""
    rng = np.random.default_rng(5)
    rows = {name: value for name, value in arrays(dtype)}
    yield rows["dense"], rng.permutation(rows["dense"])
    yield rows["matrix"], rows["matrix"][:1]
    yield rows["matrix"][:, :1], rows["dense"][:7]
    yield rows["transposed"], rows["matrix"].T[::-1]
    yield rows["scalar"], rows["matrix"]
    yield rows["scalar"], rows["dense"][7]
    yield rows["empty axis"], rows["dense"][:4]


@pytest.mark.parametrize("name", FLOAT)
@pytest.mark.parametrize("dtype", (*FLOATS, "int32", "uint8", "bool"))
def test_float_functions(name, dtype):
    if dtype == "uint8" or dtype == "bool":
        return small_integers(name, dtype)
    with np.errstate(all="ignore"):
        for layout, x in arrays(dtype):
            check(getattr(ds, name)(ds.asarray(x)), getattr(np, name)(x), (name, dtype, layout))


def small_integers(name, dtype):
    """NumPy answers float16 for 8-bit integers; here they become the default dtype like all others."""
    with np.errstate(all="ignore"):
        for layout, x in arrays(dtype):
            check(getattr(ds, name)(ds.asarray(x)), getattr(np, name)(np.float64(x)), (name, dtype, layout))


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("dtype", (*FLOATS, "int8", "int32", "int64", "uint8"))
def test_real_functions(name, dtype):
    for layout, x in arrays(dtype):
        check(getattr(ds, name)(ds.asarray(x)), getattr(np, name)(x), (name, dtype, layout), exact=True)


@pytest.mark.parametrize("dtype", FLOATS)
def test_round_half_to_even(dtype):
    x = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, np.nan, np.inf], dtype)
    check(ds.round(ds.asarray(x)), np.round(x), exact=True)


@pytest.mark.parametrize("name", TESTS)
@pytest.mark.parametrize("dtype", (*FLOATS, "int32", "bool"))
def test_predicates(name, dtype):
    for layout, x in arrays(dtype):
        check(getattr(ds, name)(ds.asarray(x)), getattr(np, name)(x), (name, dtype, layout))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", (*FLOATS, *INTS))
def test_binary(name, dtype):
    with np.errstate(all="ignore"):
        for a, b in pairs(dtype):
            if name == "power" and np.dtype(dtype).kind in "iu":
                a, b = np.asarray(a), np.asarray(abs(b) % 4).astype(dtype)
            check(getattr(ds, name)(ds.asarray(a), ds.asarray(b)), getattr(np, name)(a, b), (name, dtype, np.shape(a)))


@pytest.mark.parametrize("name", FLOAT_BINARY)
@pytest.mark.parametrize("dtype", FLOATS)
def test_float_binary(name, dtype):
    with np.errstate(all="ignore"):
        for a, b in pairs(dtype):
            check(getattr(ds, name)(ds.asarray(a), ds.asarray(b)), getattr(np, name)(a, b), (name, dtype, np.shape(a)))


@pytest.mark.parametrize("name", COMPARE)
@pytest.mark.parametrize("dtype", (*FLOATS, "int8", "int64", "uint8", "bool"))
def test_comparisons(name, dtype):
    for a, b in pairs(dtype):
        check(getattr(ds, name)(ds.asarray(a), ds.asarray(b)), getattr(np, name)(a, b), (name, dtype, np.shape(a)))


@pytest.mark.parametrize("name", BITS)
@pytest.mark.parametrize("dtype", INTS)
def test_bits(name, dtype):
    for a, b in pairs(dtype):
        b = np.asarray(abs(b) % 7).astype(dtype) if "shift" in name else b
        check(getattr(ds, name)(ds.asarray(a), ds.asarray(b)), getattr(np, name)(a, b), (name, dtype, np.shape(a)))


@pytest.mark.parametrize("dtype", (*INTS, "bool"))
def test_invert_and_bool_symbols(dtype):
    for layout, x in arrays(dtype):
        check(~ds.asarray(x), ~x, (dtype, layout))
        if dtype == "bool":
            y = np.logical_not(x)
            check(ds.asarray(x) & ds.asarray(y), x & y)
            check(ds.asarray(x) | True, x | True)
            check(ds.asarray(x) ^ ds.asarray(y), x ^ y)


@pytest.mark.parametrize("left", ("bool", *INTS, *FLOATS))
@pytest.mark.parametrize("right", ("bool", *INTS, *FLOATS))
def test_promotion(left, right):
    a, b = np.array([1, 0, 1], left), np.array([1, 1, 0], right)
    check(ds.asarray(a) + ds.asarray(b), a + b)
    check(ds.asarray(a) * ds.asarray(b), a * b)
    check(ds.asarray(a) < ds.asarray(b), a < b)
    theirs = (a.astype(np.promote_types(left, right)) / np.float64(1)).dtype if "float" not in left + right else (a / b[:1]).dtype
    ours = (ds.asarray(a) / ds.asarray(b[:1])).dtype
    assert ours == theirs or {left, right} <= {"bool", "int8", "uint8", "int16", "uint16"}, (left, right, ours, theirs)


@pytest.mark.parametrize("dtype", ("bool", *INTS, *FLOATS))
@pytest.mark.parametrize("scalar", (True, 3, 2.5))
def test_weak_scalars(dtype, scalar):
    x = np.array([1, 0, 1], dtype)
    ours, theirs = ds.asarray(x) + scalar, x + scalar
    assert ours.dtype == theirs.dtype or np.dtype(dtype).kind in "bu" or np.dtype(dtype).kind == "i", (dtype, scalar)
    np.testing.assert_allclose(ours.numpy(), theirs)
    np.testing.assert_allclose((scalar - ds.asarray(x.astype("float64"))).numpy(), scalar - x.astype("float64"))


def test_numpy_scalars_and_arrays_as_operands():
    x = np.arange(3, dtype=np.float32)
    t = ds.asarray(x)
    for other in (np.float64(2), np.float32(2), np.int64(2), x, x.astype(np.float64), [1.0, 2.0, 3.0]):
        check(t * other, x * np.asarray(other), type(other))
        assert isinstance(other * t, ds.Tensor)
        check(other * t, np.asarray(other) * x, type(other))


@pytest.mark.parametrize("source", ("bool", *INTS, *FLOATS, "float16"))
@pytest.mark.parametrize("target", ("bool", *INTS, *FLOATS, "float16"))
def test_casts(source, target):
    x = np.array([0, 1, 2, 100, 7], source)
    if np.dtype(source).kind == "f":
        x = np.append(x, np.array([0.75, 3.5], source))
    check(ds.asarray(x).astype(target), x.astype(target), exact=True)


@pytest.mark.parametrize("dtype", FLOATS)
def test_clip_where_and_friends(dtype):
    with np.errstate(all="ignore"):
        for layout, x in arrays(dtype):
            t = ds.asarray(x)
            check(ds.clip(t, -1, 1), np.clip(x, -1, 1), layout)
            check(ds.clip(t, None, 1), np.clip(x, None, 1), layout)
            check(t.clip(0), np.clip(x, 0, None), layout)
            check(ds.where(t > 0, t, -t), np.where(x > 0, x, -x), layout)
            check(ds.where(t > 0, t, 0.0), np.where(x > 0, x, np.array(0.0, dtype)), layout)
            check(ds.nan_to_num(t), np.nan_to_num(x), layout)
            check(ds.signbit(t), np.signbit(x), layout)
            check(ds.reciprocal(t), np.reciprocal(x), layout)
            check(ds.isclose(t, t + 1e-9), np.isclose(x, x + np.asarray(1e-9, dtype)), layout)


def test_close_and_equal():
    a = np.array([1.0, np.nan, 3.0])
    t = ds.asarray(a)
    assert not ds.allclose(t, t) and ds.allclose(t, t, equal_nan=True)
    assert not ds.array_equal(t, t) and ds.array_equal(t, t, equal_nan=True)
    assert not ds.array_equal(t, t[:2]) and ds.array_equiv(ds.ones(2, 3), ds.ones(3))


@pytest.mark.parametrize("dtype", FLOATS)
def test_erf_against_scipy(dtype):
    special = pytest.importorskip("scipy.special")
    for layout, x in arrays(dtype):
        check(ds.erf(ds.asarray(x)), special.erf(x), layout)
        check(ds.erfc(ds.asarray(x)), special.erfc(x), layout)
        check(ds.sigmoid(ds.asarray(x)), special.expit(x), layout)
