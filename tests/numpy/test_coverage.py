"""Every registered operator has an oracle in a test_ops_*.py here, and agrees with it on the samples it registers."""

import importlib
import pathlib

import pytest
from oracle import FLOATS, INTEGERS, check, sample

from deepseek import operators

WITHOUT = {
    "map": "runs a program given as bytes; the bodies of all elementwise operators are such programs, with oracles",
}

MODULES = [importlib.import_module(path.stem) for path in sorted(pathlib.Path(__file__).parent.glob("test_ops_*.py"))]
ORACLES = {name: oracle for module in MODULES for name, oracle in module.ORACLES.items()}
OURS = [name for name in operators.names() if operators.get(name).info("plugin")[0].startswith("ops.")]


def test_every_operator_has_an_oracle():
    assert len(ORACLES) == sum(len(module.ORACLES) for module in MODULES), "an operator has two oracles"
    assert not set(OURS) - set(ORACLES) - set(WITHOUT), "operators without an oracle in tests/numpy/test_ops_*.py"
    assert not set(ORACLES) - set(OURS), "oracles of operators that are not registered"
    assert not set(ORACLES) & set(WITHOUT)


def classes(name):
    return {entry.type for entry in operators.get(name).schema.inputs}


def run(name, dtype, *kinds, **options):
    """Runs the samples that have a place for dtype; answers how many."""
    found = [sample(name, text, dtype, kinds) for text in operators.get(name).info("samples")]
    found = [call for call in found if call]
    for inputs, attributes in found:
        check(name, ORACLES[name], inputs, attributes, bfloat16=dtype == "bfloat16", **options)
    return len(found)


@pytest.mark.parametrize("name", ORACLES)
def test_samples(name):
    assert run(name, "float32", "any", "number", "real", "float", "float2")
    run(name, "float32", "any", "number", "real", "float", strided=True)


@pytest.mark.parametrize("dtype", FLOATS[1:])
@pytest.mark.parametrize("name", [name for name in ORACLES if classes(name) & {"any", "number", "real", "float"}])
def test_samples_of_floats(name, dtype):
    wide = ["float2"] if dtype == "float64" else []
    assert run(name, dtype, "any", "number", "real", "float", *wide) or "bool" in classes(name)


@pytest.mark.parametrize("dtype", (*INTEGERS, "bool"))
@pytest.mark.parametrize("name", [name for name in ORACLES if classes(name) & {"any", "number", "real", "int"}])
def test_samples_of_integers(name, dtype):
    kinds = {"any", "number"} if dtype == "bool" else {"any", "number", "real"}
    if classes(name) & kinds:
        run(name, dtype, *kinds)
    elif dtype != "bool" and classes(name) == {"int"}:
        run(name, dtype, "int")
