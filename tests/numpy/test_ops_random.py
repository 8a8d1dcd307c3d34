"""Operators of ops/random: every draw again by Philox4x32-10 in NumPy, then ranges, moments and independence."""

import itertools

import numpy as np
import pytest
from oracle import FLOATS, INTEGERS, exact, sums
from oracle import check as check_with

import deepseek as ds
from deepseek import dtypes


def philox(counter, key):
    """Ten rounds of Philox4x32 (Salmon et al. 2011, section 4) on counters [n, 4] with one key."""
    c, low = [np.uint64(1) * column for column in np.asarray(counter, np.uint64).T], np.uint64(0xFFFFFFFF)
    k, half = [np.uint64(key[0]), np.uint64(key[1])], np.uint64(32)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(b >> half) ^ c[1] ^ k[0], b & low, (a >> half) ^ c[3] ^ k[1], a & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return np.stack(c, axis=1)


def words(state, count):
    """32-bit words of a state [seed, offset]: block b has the key seed and the counter b, offset."""
    seed, offset = (int(part) for part in state)
    counter = [[b & 0xFFFFFFFF, b >> 32, offset & 0xFFFFFFFF, offset >> 32] for b in range(-(-count // 4))]
    return philox(np.array(counter, np.uint64).reshape(-1, 4), (seed & 0xFFFFFFFF, seed >> 32)).ravel()[:count]


def integers(state, count):
    pairs = words(state, 2 * count).reshape(-1, 2)
    return pairs[:, 0] | pairs[:, 1] << np.uint64(32)


def uniform24(state, count):
    return (words(state, count) >> np.uint64(8)) * 2.0**-24


def uniform53(state, count):
    return (integers(state, count) >> np.uint64(11)) * 2.0**-53


def draws(state, dtype, count):
    """Uniforms in [0, 1) with as many bits as the dtype takes."""
    name = dtypes.dtype(dtype).name
    if name in ("float32", "float64"):
        return uniform24(state, count) if name == "float32" else uniform53(state, count)
    bits = 11 if name == "float16" else 8
    return (words(state, count) >> np.uint64(32 - bits)) * 2.0**-bits


def size(shape):
    return int(np.prod(shape, dtype=np.int64))


def random_uniform(state, shape, low, high, dtype):
    return (low + draws(state, dtype, size(shape)) * (high - low)).reshape(shape)


def random_normal(state, shape, mean, std, dtype):
    """Box and Muller: elements 2 i and 2 i + 1 are the cosine and the sine of one pair."""
    count = size(shape)
    uniforms = uniform53 if dtypes.dtype(dtype).name == "float64" else uniform24
    uniforms = uniforms(state, count + count % 2).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log1p(-uniforms[:, 0])), 2 * np.pi * uniforms[:, 1]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return (mean + std * pairs.ravel()[:count]).reshape(shape)


def random_bernoulli(state, shape, p, dtype):
    return uniform24(state, size(shape)).reshape(shape) < p


def randint(state, shape, low, high, dtype):
    """The upper half of the 128-bit product with the range."""
    numbers = [low + (int(word) * (high - low) >> 64) for word in integers(state, size(shape))]
    return np.array(numbers, np.int64 if low < 0 or high < 2**63 else np.uint64).reshape(shape)


def random_permutation(state, n, dtype):
    y, random = np.arange(n), integers(state, n)
    for i in range(n - 1, 0, -1):
        j = int(random[i]) * (i + 1) >> 64
        y[i], y[j] = y[j], y[i]
    return y


ORACLES = exact(
    random_uniform=random_uniform, random_bernoulli=random_bernoulli, randint=randint,
    random_permutation=random_permutation,
) | sums(random_normal=random_normal)  # fmt: skip
STATES = ((0, 0), (42, 7), (2**32, 1), (2**64 - 1, 2**64 - 1), (5, 2**40 + 3), (2**63 + 12345, 2**33))


def check(name, state, **attributes):
    check_with(name, ORACLES[name], [np.array(state, np.uint64)], attributes)


def test_known_answers():
    """Random123's, and the oracle against them: nothing else here rests on our own implementation."""
    for counter, key, answer in (
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
         (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ):  # fmt: skip
        assert philox([counter], key).tolist() == [list(answer)]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_bit_by_bit(dtype, state):
    for shape in ((), (0,), (1,), (2,), (3,), (4,), (5,), (7, 9), (3, 0, 2), (1031,)):
        check("random_uniform", state, shape=shape, dtype=dtype)
        check("random_bernoulli", state, shape=shape, p=0.3, dtype=dtype)
        check("random_normal", state, shape=shape, dtype=dtype)
    check("random_uniform", state, shape=(65,), low=-2, high=6, dtype=dtype)
    check("random_normal", state, shape=(65,), mean=3, std=0.5, dtype=dtype)
    check("random_normal", state, shape=(65,), mean=-1, std=0, dtype=dtype)


@pytest.mark.parametrize("dtype", FLOATS)
def test_long_draws(dtype):
    """Every part of what threads share has the elements it would have alone."""
    for name in ("random_uniform", "random_normal", "random_bernoulli"):
        check(name, (2**33 + 1, 5), shape=(50_003,), dtype=dtype)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_bit_by_bit(dtype, state):
    info = np.iinfo(dtype)
    for low, high in ((0, 1), (0, 10), (5, 100), (info.min, min(info.max, 2**63 - 1)), (min(info.min, 0), 3)):
        for shape in ((), (0,), (3,), (4, 7)):
            check("randint", state, shape=shape, low=low, high=high, dtype=dtype)
    for n in (0, 1, 2, 3, 100):
        check("random_permutation", state, n=n, dtype=dtype)


@pytest.mark.parametrize("p", (0, 2.0**-24, 0.1, 0.5, 1))
@pytest.mark.parametrize("dtype", ("bool", "int8", "int64", "uint64"))
def test_bernoulli(dtype, p):
    check("random_bernoulli", (3, 4), shape=(500,), p=p, dtype=dtype)


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform_moments(dtype):
    """Within five standard errors; grids of 8 bits have their mean half a step below 1/2."""
    n = 100_000
    state = ds.asarray(np.array([1, 2], np.uint64))
    x = np.float64(ds.ops.random_uniform(state=state, shape=(n,), dtype=dtype).numpy())
    step = {"float16": 2.0**-11, "bfloat16": 2.0**-8}.get(dtype, 0)
    assert x.min() >= 0 and x.max() < 1 and abs(x.mean() + step / 2 - 0.5) < 5 * np.sqrt(1 / 12 / n)
    assert abs(x.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / n) + step**2
    counts = np.histogram(x, 16, (0, 1))[0]
    assert ((counts - n / 16) ** 2 / (n / 16)).sum() < 45, "chi-squared of 15 degrees of freedom, 1e-4"
    for lag in (1, 2, 3, 4):
        assert abs(np.corrcoef(x[lag:], x[:-lag])[0, 1]) < 5 / np.sqrt(n)


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_normal_moments(dtype):
    n = 100_000
    state = ds.asarray(np.array([1, 3], np.uint64))
    x = np.float64(ds.ops.random_normal(state=state, shape=(n,), dtype=dtype).numpy())
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((x**power).mean() - moment) < 5 * np.sqrt(variance / n), power
    assert abs(x).max() < 5.8 and abs((abs(x) < 1).mean() - 0.6826895) < 5 * np.sqrt(0.22 / n)
    for lag in (1, 2, 3, 4):
        assert abs(np.corrcoef(x[lag:], x[:-lag])[0, 1]) < 5 / np.sqrt(n)


def test_permutations_are_equally_likely():
    states = [ds.asarray(np.array([8, i], np.uint64)) for i in range(1200)]
    found = [tuple(ds.ops.random_permutation(state=state, n=3).tolist()) for state in states]
    counts = np.array([found.count(order) for order in itertools.permutations(range(3))])
    assert counts.sum() == 1200 and ((counts - 200) ** 2 / 200).sum() < 26, "chi-squared of 5 degrees of freedom, 1e-4"


def test_states_do_not_overlap():
    """Neighbouring offsets and seeds share no word."""
    x = [ds.ops.random_uniform((999,), dtype="f64", state=ds.asarray(np.array(state, np.uint64))).tolist()
         for state in ((1, 0), (1, 1), (2, 0), (0, 1))]  # fmt: skip
    assert len({value for part in x for value in part}) == 4 * 999


def test_seed_gives_the_same_calls_again():
    ds.manual_seed(5)
    first = [ds.rand(7).tolist(), ds.randn(7).tolist(), ds.rand(7).tolist()]
    ds.manual_seed(5)
    assert [ds.rand(7).tolist(), ds.randn(7).tolist(), ds.rand(7).tolist()] == first and first[0] != first[2]
