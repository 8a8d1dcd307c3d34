"""What oracles share: calls written as the registry's samples are, the dtypes they run in, how results are compared.

An oracle takes NumPy arrays, floats widened to float64, and every attribute by name; what it answers is rounded to the
operator's dtype here. `exact` results must agree in every bit but those of NaN, `close` ones within one rounding of
small floats, 2e-6 (float32) or 1e-12 (float64) of each element, `sums` within that of the largest element or of 1.
"""

import dataclasses
import re
import warnings
from collections.abc import Callable

import numpy as np

import deepseek as ds
from deepseek import dtypes, operators

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TOLERANCE = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2e-6, "float64": 1e-12}
SMALLEST = {"float16": 2.0**-24, "bfloat16": 2.0**-133, "float32": 2.0**-149, "float64": 5e-324}
TOKEN = re.compile(r"(\w+)\[([\d,]*)\](?:\((-?[\d.]+),(-?[\d.]+)\)|<(\d+)|(>0))?|-")


@dataclasses.dataclass
class Oracle:
    """A function of arrays and attributes, and how closely operators follow it."""

    function: Callable
    kind: str


def exact(**functions):
    return {name: Oracle(function, "exact") for name, function in functions.items()}


def close(**functions):
    return {name: Oracle(function, "close") for name, function in functions.items()}


def sums(**functions):
    return {name: Oracle(function, "sums") for name, function in functions.items()}


def to_bfloat16(x):
    """float64 to the nearest bfloat16, halves to even, kept as float32."""
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        quantum = np.exp2(np.maximum(np.frexp(x)[1] - 8, -133).astype(np.float64))
        rounded = np.where(np.isfinite(x), np.rint(x / quantum) * quantum, x)
        largest = (2 - 2.0**-7) * 2.0**127
        return np.where(abs(rounded) > largest, np.copysign(np.inf, x), rounded).astype(np.float32)


def as_dtype(x, name):
    """x in a dtype as `cast` has it: NaN and what lies out of range become 0 in integers."""
    x = np.asarray(x)
    if name == "bfloat16":
        return to_bfloat16(x)
    target = np.dtype(name)
    with np.errstate(all="ignore"):
        if target.kind in "iu" and x.dtype.kind == "f":
            info, whole = np.iinfo(target), np.trunc(x.astype(np.float64))
            fits = (whole >= float(info.min)) & (whole < float(info.max + 1))
            return np.where(fits, whole, 0).astype(target)
        return x.astype(target)


def tensor(x, bfloat16=False, strided=False):
    """x as a tensor, with strided one whose elements do not lie side by side."""
    if x is None or isinstance(x, list):
        return x and [tensor(entry, bfloat16, strided) for entry in x]
    x = np.asarray(x)
    dtype = "bfloat16" if bfloat16 and x.dtype == np.float32 else None
    if not strided or not x.ndim:
        return ds.asarray(x, dtype)
    spread = np.repeat(np.repeat(x, 2, axis=-1), 2, axis=0)[::-1].T
    return ds.asarray(np.ascontiguousarray(spread), dtype).T[::-1][::2][..., ::2]


def arrays(x, bfloat16):
    if x is None or isinstance(x, list):
        return x and [arrays(entry, bfloat16) for entry in x]
    x = np.asarray(x)
    return to_bfloat16(x) if bfloat16 and x.dtype == np.float32 else x


def widened(x):
    if isinstance(x, list):
        return [widened(entry) for entry in x]
    return x.astype(np.float64) if x is not None and x.dtype.kind == "f" else x


def float_result(inputs, bfloat16):
    for x in inputs:
        for entry in x if isinstance(x, list) else [x]:
            if entry is not None and entry.dtype.kind == "f":
                return "bfloat16" if bfloat16 and entry.dtype == np.float32 else entry.dtype.name
    return "float64"


def check(name, oracle, inputs, attributes, bfloat16=False, strided=False):
    """Runs an operator and its oracle on arrays and compares all results: dtype, shape, values."""
    op = operators.get(name)
    inputs = arrays(list(inputs), bfloat16)
    ours = [tensor(x, bfloat16, strided) for x in inputs]
    random = [i for i, entry in enumerate(op.schema.inputs[: len(ours)]) if entry.name == "state"]
    by_name = {"state": ours.pop(i) for i in random}  # not by position
    ours = op(*ours, **by_name, **attributes)
    every = {entry.name: operators.default_value(entry) for entry in op.schema.attributes} | attributes
    named = dtypes.dtype(every["dtype"]).name if "dtype" in every else None
    missing = [None] * (len(op.schema.inputs) - len(inputs))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = oracle.function(*map(widened, inputs), *missing, **every)
    ours, theirs = (list(x) if isinstance(x, (tuple, list)) else [x] for x in (ours, theirs))
    assert len(ours) == len(theirs)
    for x, y in zip(ours, theirs):
        y = np.asarray(y)
        result = named or (y.dtype.name if y.dtype.kind != "f" else float_result(inputs, bfloat16))
        note = f"{name} of {[getattr(i, 'shape', i) for i in inputs]} {attributes} in {result}"
        assert x.dtype.name == result and x.shape == y.shape, f"{note}: {x.dtype} {x.shape}, not {result} {y.shape}"
        agree(x.numpy(), as_dtype(y, result), oracle.kind, result, note)


def agree(ours, theirs, kind, dtype, note):
    if theirs.dtype.kind != "f" or kind == "exact":
        np.testing.assert_array_equal(ours, theirs, err_msg=note)
        if theirs.dtype.kind == "f":
            signs = np.where(np.isnan(theirs), False, np.signbit(ours) != np.signbit(theirs))
            assert not signs.any(), f"{note}: the signs of zeros differ: {ours}, not {theirs}"
        return
    ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    tolerance, finite = TOLERANCE[dtype], theirs[np.isfinite(theirs)]
    scale = tolerance * max(1, abs(finite).max(initial=0)) if kind == "sums" else SMALLEST[dtype]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=scale, err_msg=note)


def values(rng, dtype, shape, low, high, below, positive):
    """Elements of an input of a sample."""
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in INTEGERS:
        first = 1 if positive else 0 if dtype[0] == "u" else -9
        bounds = (0, int(below)) if below else (first, 10)
        if low:
            first = int(np.ceil(float(low)))
            bounds = (max(first, 0) if dtype[0] == "u" else first, max(int(float(high)), first, 0) + 1)
        return rng.integers(*bounds, shape).astype(dtype)
    x = rng.normal(0, 1, shape) if not (low or positive) else rng.uniform(float(low or 0.1), float(high or 2), shape)
    return to_bfloat16(x) if dtype == "bfloat16" else x.astype(dtype)


def sample(name, text, dtype, kinds):
    """Inputs and attributes of a sample with dtype in the place of float32 inputs of those classes, of int32 ones if
    the class is int; None when the dtype has no place."""
    schema, rng = operators.get(name).schema, np.random.default_rng(len(text))
    calls, _, rest = text.partition(";")
    inputs, used = [], False
    for i, token in enumerate(TOKEN.finditer(calls)):
        entry = schema.inputs[min(i, len(schema.inputs) - 1)]
        given, shape, low, high, below, positive = token.groups()
        x = None
        if given:
            given = dtypes.dtype(given).name
            if entry.type in kinds and given == ("int32" if entry.type == "int" else "float32"):
                given, used = dtype, True
            dims = tuple(int(n) for n in shape.split(",") if n)
            x = values(rng, given, dims, low, high, below, positive)
        inputs.append(x)
    if schema.inputs and schema.inputs[-1].kind == "*":
        first = len(schema.inputs) - 1
        inputs = [*inputs[:first], inputs[first:]]
    attributes = {}
    for part in operators.split_list(rest):
        key, _, value = (piece.strip() for piece in part.partition("="))
        entry = next(entry for entry in schema.attributes if entry.name == key)
        literal = operators.default_value(entry._replace(default=value))
        attributes[key] = bytes.fromhex(value) if entry.kind == "y" else literal
    return (inputs, attributes) if used or dtype == "float32" else None
