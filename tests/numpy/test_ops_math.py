"""Elementwise operators: oracles, and special values, all pairs of them, every float and integer dtype, casts."""

import math

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, as_dtype, close, exact
from oracle import check as check_with

import deepseek as ds


def each(function):
    """A function of one float, over arrays."""
    return np.vectorize(function, otypes=[np.float64])


def floor_divide(a, b):
    if a.dtype.kind == "f":
        return np.floor_divide(a, b)
    return np.where(b == 0, a * 0, np.floor_divide(a, np.where(b == 0, 1, b).astype(b.dtype)))


def mod(a, b):
    if a.dtype.kind == "f":
        return np.remainder(a, b)
    return np.where(b == 0, a * 0, np.remainder(a, np.where(b == 0, 1, b).astype(b.dtype)))


def shift(function, beyond):
    def shifted(a, b):
        bits = a.dtype.itemsize * 8
        return np.where(b < bits, function(a, np.minimum(b, bits - 1).astype(b.dtype)), beyond(a)).astype(a.dtype)

    return shifted


def arange(start, stop, step, dtype):
    count = max(math.ceil((stop - start) / step), 0)
    return start + np.arange(count) * float(step)


def eye(rows, columns, diagonal, dtype):
    columns = rows if columns is None else columns
    return np.subtract.outer(np.arange(columns), np.arange(rows)).T == diagonal


def linspace(start, stop, count, endpoint, dtype):
    steps = count - 1 if endpoint else count
    return np.array([start + (stop - start) * k / steps if steps else start for k in range(count)], np.float64)


UNARY = close(
    acos=np.arccos, acosh=np.arccosh, asin=np.arcsin, asinh=np.arcsinh, atan=np.arctan, atanh=np.arctanh, cos=np.cos,
    cosh=np.cosh, erf=each(math.erf), erfc=each(math.erfc), exp=np.exp, exp2=np.exp2, expm1=np.expm1, log=np.log,
    log10=np.log10, log1p=np.log1p, log2=np.log2, reciprocal=lambda x: 1 / x, rsqrt=lambda x: 1 / np.sqrt(x),
    sigmoid=lambda x: np.where(x < 0, np.exp(x), 1) / (1 + np.exp(-abs(x))), sin=np.sin, sinh=np.sinh, sqrt=np.sqrt,
    tan=np.tan, tanh=np.tanh,
)  # fmt: skip
EXACT_UNARY = exact(
    abs=np.abs, ceil=np.ceil, copy=lambda x: x, floor=np.floor, neg=np.negative, round=np.round, sign=np.sign,
    square=np.square, trunc=np.trunc,
)  # fmt: skip
TESTS = exact(isfinite=np.isfinite, isinf=np.isinf, isnan=np.isnan, logical_not=np.logical_not, signbit=np.signbit)
ARITHMETIC = close(
    add=np.add, sub=np.subtract, mul=np.multiply, div=np.divide, maximum=np.maximum, minimum=np.minimum, pow=np.power,
    floor_divide=floor_divide, mod=mod, atan2=np.arctan2, hypot=np.hypot, logaddexp=np.logaddexp,
)  # fmt: skip
COMPARE = exact(
    equal=np.equal, not_equal=np.not_equal, less=np.less, less_equal=np.less_equal, greater=np.greater,
    greater_equal=np.greater_equal, logical_and=np.logical_and, logical_or=np.logical_or, logical_xor=np.logical_xor,
)  # fmt: skip
BITS = exact(
    bitwise_and=np.bitwise_and, bitwise_or=np.bitwise_or, bitwise_xor=np.bitwise_xor, bitwise_not=np.invert,
    shift_left=shift(np.left_shift, np.zeros_like),
    shift_right=shift(np.right_shift, lambda a: np.where(a < 0, ~(a * 0), a * 0)),
)  # fmt: skip
OTHERS = exact(
    copysign=np.copysign, cast=lambda x, dtype: x, eye=eye,
    fill=lambda shape, value, dtype: np.full(shape, float(value)),
    clip=lambda x, low, high: np.where(x < low, low, np.where(x > high, high, x)), where=np.where,
) | close(arange=arange, linspace=linspace)  # fmt: skip
ORACLES = UNARY | EXACT_UNARY | TESTS | ARITHMETIC | COMPARE | BITS | OTHERS


def check(name, *inputs, bfloat16=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16)


def specials(dtype):
    """NaN, infinities, zeros, subnormals, the ends of the range, numbers around 1."""
    tiny, least, most = {
        "float16": (2.0**-14, 2.0**-24, 65504.0), "bfloat16": (2.0**-126, 2.0**-133, 3.38e38),
        "float32": (2.0**-126, 2.0**-149, 3.4e38), "float64": (2.0**-1022, 5e-324, 1.7e308),
    }[dtype]  # fmt: skip
    x = np.array([np.nan, np.inf, 0, tiny, least, tiny / 4, most, 1, 0.5, 0.75, 1.5, 2, 2.5, 3, 10, 100])
    return np.concatenate([x, -x[1:]]).astype("float32" if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY | EXACT_UNARY | TESTS)
def test_special_values(name, dtype):
    check(name, specials(dtype), bfloat16=dtype == "bfloat16")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ARITHMETIC | COMPARE | {"copysign": None})
def test_pairs_of_special_values(name, dtype):
    x = specials(dtype)
    check(name, x, x[:, None], bfloat16=dtype == "bfloat16")
    check(name, x[:5, None], x[5:6], bfloat16=dtype == "bfloat16")


LIMITS = {"tanh": (-1, 1), "erf": (-1, 1), "erfc": (2, 0), "sigmoid": (0, 1), "exp": (0, np.inf), "exp2": (0, np.inf),
          "expm1": (-1, np.inf), "sinh": (-np.inf, np.inf), "cosh": (np.inf, np.inf)}  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_reached(name, dtype):
    """Exactly, at infinities and far out."""
    x = ds.asarray(np.array([-np.inf, -3e38, -2000, 2000, 3e38, np.inf])).astype(dtype)
    low, high = LIMITS[name]
    np.testing.assert_array_equal(getattr(ds.ops, name)(x).numpy(), [low] * 3 + [high] * 3)


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_has_no_sign(dtype):
    """Unlike in NumPy, as the operators' summaries say: ds.expr/1 has no operation that sees it."""
    x = ds.asarray(np.array([np.nan, -np.nan])).astype(dtype)
    assert ds.signbit(x).tolist() == [False, False] and ds.copysign(ds.ones(2), x).tolist() == [1, 1]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", UNARY)
def test_many_arguments(name, dtype):
    usual = (0.001, 50) if name in ("log", "log2", "log10", "sqrt", "rsqrt", "reciprocal") else (-6, 6)
    low, high = {"acos": (-1, 1), "asin": (-1, 1), "atanh": (-1, 1), "acosh": (1, 50), "log1p": (-1, 9),
                 "exp": (-20, 20), "exp2": (-20, 20)}.get(name, usual)  # fmt: skip
    x = np.random.default_rng(1).uniform(low, high, 20_011)
    check(name, x.astype("float32" if dtype == "bfloat16" else dtype), bfloat16=dtype == "bfloat16")


def ends(dtype):
    """Both ends of an integer dtype, their neighbours, numbers around 0."""
    info = np.iinfo(dtype)
    x = [info.min, info.min + 1, info.max, info.max - 1, info.max // 2, info.max // 2 + 1, 0, 1, 2, 3, 7, 10]
    return np.array(x + [-n for n in (1, 2, 3, 7, 10) if info.min], dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_ends_of_integers(dtype):
    x = ends(dtype)
    for name in (*EXACT_UNARY, "logical_not", "isnan", "isinf", "isfinite", "bitwise_not"):
        check(name, x)
    for name in (*COMPARE, "add", "sub", "mul", "maximum", "minimum", "bitwise_and", "bitwise_or", "bitwise_xor"):
        check(name, x, x[:, None])
    check("where", x > 3, x, x[::-1])
    check("clip", x, np.array(1, dtype), np.array(7, dtype))


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ("floor_divide", "mod"))
def test_integer_division(name, dtype):
    x = ends(dtype)
    check(name, x, x[:, None])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_powers_wrap(dtype):
    check("pow", ends(dtype), np.arange(8, dtype=dtype)[:, None])


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", ("shift_left", "shift_right"))
def test_shifts_up_to_the_width(name, dtype):
    check(name, ends(dtype), np.arange(np.dtype(dtype).itemsize * 8 + 2, dtype=dtype)[:, None])


@pytest.mark.parametrize("dtype", ("uint64", "int64"))
def test_no_way_through_float64(dtype):
    """2^63 - 1 and its neighbours differ though their float64 are one."""
    x = np.array([2**62 + 1, 2**63 - 1, 2**63 - 2, 2**53 + 1], dtype)
    for name in ("equal", "less", "maximum", "minimum", "sub", "floor_divide", "mod"):
        check(name, x, x[::-1])
    check("cast", x, dtype="i64")
    check("cast", x, dtype="u64")
    check("cast", x, dtype="bool")


@pytest.mark.parametrize("target", (*INTEGERS, *FLOATS, "bool"))
@pytest.mark.parametrize("source", (*INTEGERS, "bool"))
def test_casts_of_integers(source, target):
    check("cast", np.array([True, False]) if source == "bool" else ends(source), dtype=target)


@pytest.mark.parametrize("target", (*INTEGERS, *FLOATS, "bool"))
@pytest.mark.parametrize("source", FLOATS)
def test_casts_of_floats(source, target):
    some = np.random.default_rng(2).normal(0, 300, 500).astype("float32")
    x = np.concatenate([specials(source), some.astype("float32" if source == "bfloat16" else source)])
    check("cast", x, bfloat16=source == "bfloat16", dtype=target)


@pytest.mark.parametrize("target, bits", (("float16", 11), ("bfloat16", 8), ("float32", 24)))
def test_casts_round_halves_to_even(target, bits):
    step = 2.0 ** (1 - bits)
    for source in ("float64", "float32") if bits < 24 else ("float64",):
        x = [1 + step * k / 2 for k in range(8)] + [1 + step / 2 * (1 + 2.0**-8), 2 - step / 4]
        check("cast", np.array(x, source), dtype=target)


@pytest.mark.parametrize("target, bits", (("float16", 11), ("bfloat16", 8)))
def test_casts_of_float64_round_once(target, bits):
    half = 2.0**-bits
    check("cast", np.array([1 + half + 2.0**-40, 1 + 3 * half - 2.0**-40]), dtype=target)


@pytest.mark.parametrize("dtype", FLOATS)
def test_where_and_clip_of_special_values(dtype):
    x, bfloat16 = specials(dtype), dtype == "bfloat16"
    check("where", np.isnan(x), x, x[::-1], bfloat16=bfloat16)
    check("where", np.array(True), x[0], x[1], bfloat16=bfloat16)
    for low, high in ((-1, 1), (-np.inf, 0.5), (2, -2), (np.nan, 1), (0, np.nan)):
        check("clip", x, *np.array([[low], [high]]).astype(x.dtype), bfloat16=bfloat16)


@pytest.mark.parametrize("dtype", (*FLOATS, *INTEGERS, "bool"))
def test_created(dtype):
    for shape, value in (((2, 3), 1), ((), 0), ((0, 2), 1), ((5,), 7 if dtype != "bool" else 1)):
        check("fill", shape=shape, value=value, dtype=dtype)
    for rows, columns, diagonal in ((3, None, 0), (2, 4, 1), (4, 2, -2), (0, 3, 0), (3, 0, 0), (2, 2, 9), (2, 2, -9)):
        check("eye", rows=rows, columns=columns, diagonal=diagonal, dtype=dtype)
    if dtype != "bool":
        for start, stop, step in ((0, 5, 1), (1, 9, 3), (9, 1, -2), (0, 0, 1), (3, 1, 1)):
            check("arange", start=start, stop=stop, step=step, dtype=dtype)
    if dtype in FLOATS:
        check("fill", shape=(2,), value=0.1, dtype=dtype)
        check("fill", shape=(2,), value=math.nan, dtype=dtype)
        check("fill", shape=(2,), value=-0.0, dtype=dtype)
        check("arange", start=0.25, stop=2, step=0.125, dtype=dtype)
        for start, stop, count in ((0, 1, 5), (-1, 3, 7), (2, 1, 2), (3, 4, 1), (0, 1, 0)):
            for endpoint in (True, False):
                check("linspace", start=start, stop=stop, count=count, endpoint=endpoint, dtype=dtype)


def test_linspace_ends_where_it_should():
    for stop in (0.1, 0.3, 1 / 3, 1e300):
        assert float(ds.ops.linspace(start=-0.7, stop=stop, count=11, dtype="f64")[-1]) == stop


@pytest.mark.parametrize("dtype", (*FLOATS, "int8", "int32", "uint64"))
def test_long_operands(dtype):
    """As many elements as kernels cut into vectors and threads, in rows, columns and single numbers."""
    rng, bfloat16 = np.random.default_rng(4), dtype == "bfloat16"
    a, b = (rng.uniform(1, 9, (67, 1021)).astype("float32" if bfloat16 else dtype) for _ in range(2))
    for name in ("add", "sub", "mul", "floor_divide", "mod", "maximum", "less", "equal"):
        for other in (b, b[:1], b[:, :1], b[0, 0]):
            check(name, a, other, bfloat16=bfloat16)
            check(name, other, a, bfloat16=bfloat16)
    check("where", a > b, a, b[:1], bfloat16=bfloat16)
    check("clip", a, b[:1], b[:1] + b[:1], bfloat16=bfloat16)
    check("cast", a, bfloat16=bfloat16, dtype="i16")


def test_zero_dimensions_and_no_elements():
    for shape in ((), (0,), (0, 3), (3, 0, 2), (1, 1)):
        x = np.full(shape, 0.25)
        for name in UNARY | EXACT_UNARY | TESTS:
            check(name, x + 1 if name == "acosh" else x)
        for name in ARITHMETIC | COMPARE:
            check(name, x, np.array(0.5))
            check(name, np.full(shape[-1:], 0.5), x)


def test_as_dtype_is_numpys_where_numpy_has_a_rule():
    x = np.array([0.1, -2.7, 100.5, 1 / 3])
    np.testing.assert_array_equal(as_dtype(x, "int32"), x.astype("int32"))
    np.testing.assert_array_equal(as_dtype(x, "bfloat16"), [0.10009765625, -2.703125, 100.5, 0.333984375])
