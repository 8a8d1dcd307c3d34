"""The operator map: its oracle interprets ds.expr/1 as draft/expr.h describes it; every operation, types, outputs."""

import struct

import numpy as np
import pytest
import test_ops_math
from oracle import FLOATS, INTEGERS, as_dtype, close
from oracle import check as check_with

import deepseek as ds

NAMES = {
    1: "add", 2: "sub", 3: "mul", 4: "div", 5: "neg", 6: "abs", 7: "sign", 8: "minimum", 9: "maximum", 10: "pow",
    11: "mod", 12: "floor", 13: "ceil", 14: "round", 15: "trunc", 16: "sqrt", 17: "rsqrt", 18: "exp", 19: "exp2",
    20: "expm1", 21: "log", 22: "log2", 23: "log10", 24: "log1p", 25: "sin", 26: "cos", 27: "tan", 28: "asin",
    29: "acos", 30: "atan", 31: "atan2", 32: "sinh", 33: "cosh", 34: "tanh", 35: "asinh", 36: "acosh", 37: "atanh",
    38: "erf", 39: "erfc", 40: "sigmoid", 41: "reciprocal", 43: "floor_divide", 64: "equal", 65: "not_equal",
    66: "less", 67: "less_equal", 68: "greater", 69: "greater_equal", 70: "isnan", 71: "isinf", 72: "isfinite",
    80: "logical_and", 81: "logical_or", 82: "logical_xor", 83: "logical_not", 84: "bitwise_and", 85: "bitwise_or",
    86: "bitwise_xor", 87: "bitwise_not", 88: "shift_left", 89: "shift_right",
}  # fmt: skip
FUNCTIONS = {number: test_ops_math.ORACLES[name].function for number, name in NAMES.items()} | {
    42: lambda a, b, c: a * b + c,
    96: lambda a, b, c: np.where(a, b, c),
    97: lambda a: a,
    98: lambda a: a,
}
TYPES = ("T", "bool", *INTEGERS, "float16", "bfloat16", "float32", "float64")
COUNTS = {42: 3, 96: 3} | {n: 1 for n in (*range(5, 8), *range(12, 31), *range(32, 42), *range(70, 73), 83, 87, 97, 98)}


def interpret(x, expr):
    """Floats all in float64, rounded by casts alone."""
    inputs, constants, instructions, outputs = struct.unpack_from("<4xHHHH", expr)
    assert struct.unpack_from("<I8xI", expr) == (0x31707865, len(expr)) and inputs == len(x)
    common = np.result_type(*x).name
    results = [*x, *(np.float64(c) for c in struct.unpack_from(f"<{constants}d", expr, 16))]
    for i in range(instructions):
        op, kind, operand, a, b, c = struct.unpack_from("<BBBxHHH", expr, 16 + 8 * constants + 12 * i)
        kind, operand = (common if k == 0 else TYPES[k] for k in (kind, operand))
        computes = operand if 64 <= op <= 72 or op == 97 else "bool" if 80 <= op <= 83 else kind
        computes = [np.dtype("float64" if "float" in computes else computes)] * COUNTS.get(op, 2)
        computes[:1] = [np.dtype(bool)] if op == 96 else computes[:1]
        y = FUNCTIONS[op](*(np.asarray(results[k]).astype(dtype) for k, dtype in zip((a, b, c), computes)))
        results.append(as_dtype(y, kind).astype("float64" if "float" in kind else kind) if op == 97 else y)
    numbers = struct.unpack_from(f"<{outputs}H", expr, 16 + 8 * constants + 12 * instructions)
    return [np.broadcast_to(results[k], np.broadcast_shapes(*(a.shape for a in x))) for k in numbers]


ORACLES = close(map=interpret)


def program(inputs, instructions, outputs, constants=()):
    """Instructions are (op, type, operand's type, a, b, c); types by name."""
    code = b"".join(struct.pack("<BBBxHHHH", op, TYPES.index(kind), TYPES.index(operand), *(*numbers, 0, 0, 0)[:4])
                    for op, kind, operand, *numbers in instructions)  # fmt: skip
    ends = struct.pack(f"<{len(outputs)}H", *outputs)
    body = struct.pack(f"<{len(constants)}d", *constants) + code + ends
    body += bytes(-len(body) % 8)
    counts = inputs, len(constants), len(instructions), len(outputs)
    return struct.pack("<IHHHHI", 0x31707865, *counts, 16 + len(body)) + body


def check(x, expr, bfloat16=False):
    check_with("map", ORACLES["map"], [[np.asarray(a) for a in x]], {"expr": expr}, bfloat16)


def single(op, operand="T"):
    """A program of one operation on as many inputs."""
    count, kind = COUNTS.get(op, 2), "bool" if 64 <= op <= 83 else "T"
    return program(count, [(op, kind, operand, *range(count))], [count])


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("op", [op for op in FUNCTIONS if op < 84], ids=lambda op: NAMES.get(op, op))
def test_operations_on_floats(op, dtype):
    x = np.random.default_rng(op).uniform(1.1 if op == 36 else 0.1, 2 if op == 36 else 0.9, (3, 4, 5))
    x = list(x.astype("float32" if dtype == "bfloat16" else dtype))[: COUNTS.get(op, 2)]
    check(x, single(op), bfloat16=dtype == "bfloat16")


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("op", (1, 2, 3, 5, 6, 7, 8, 9, 11, 43, *range(64, 70), *range(80, 90)), ids=NAMES.get)
def test_operations_on_integers(op, dtype):
    a, b = test_ops_math.ends(dtype), np.random.default_rng(1).integers(0, 7, (3, 1)).astype(dtype)
    check([a, b][: COUNTS.get(op, 2)], single(op))


@pytest.mark.parametrize("dtype", FLOATS)
def test_programs(dtype):
    rng, bfloat16 = np.random.default_rng(2), dtype == "bfloat16"
    x, y = (rng.normal(0, 1, shape).astype("float32" if bfloat16 else dtype) for shape in ((4, 1), (3,)))
    select = [(68, "bool", "T", 0, 1), (3, "T", "T", 1, 2), (96, "T", "T", 4, 0, 5), (8, "T", "T", 6, 3)]
    check([x, y], program(2, select, [7], (0.5, 0.25)), bfloat16)
    check([x, y], program(2, [(1, "T", "T", 0, 1), (66, "bool", "T", 2, 0), (98, "T", "T", 0)], [2, 3, 4, 2]), bfloat16)
    check([x], program(1, [(97, "int32", "T", 0), (97, "T", "int32", 1)], [2, 1]), bfloat16)
    check([x], program(1, [], [0, 0]), bfloat16)


def test_casts_in_the_middle_round():
    x = np.array([1 + 2.0**-30, 1 / 3, 1e300, 2.0**-140, -7.9])
    for kind in ("float32", "float16", "int8", "uint64", "bool"):
        check([x], program(1, [(97, kind, "T", 0), (97, "T", kind, 1)], [2]))


@pytest.mark.parametrize("change", (
    lambda p: p[:-1], lambda p: b"exp2" + p[4:], lambda p: p[:16] + b"\xfa" + p[17:],
    lambda p: p[:20] + b"\x09" + p[21:], lambda p: b"",
))  # fmt: skip
def test_what_is_no_program(change):
    with pytest.raises(ValueError):
        ds.ops.map([ds.ones(2), ds.ones(2)], expr=change(single(1)))
