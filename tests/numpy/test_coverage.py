"""Every registered operator has an oracle in a test_ops_*.py here, and agrees with it on the samples it registers."""

import importlib
import pathlib

import pytest
from oracle import FLOATS, INTEGERS, check, sample

from deepseek import operators

WITHOUT: dict[str, str] = {}  # operator: why an oracle makes no sense

MODULES = [importlib.import_module(path.stem) for path in sorted(pathlib.Path(__file__).parent.glob("test_ops_*.py"))]
ORACLES = {name: oracle for module in MODULES for name, oracle in module.ORACLES.items()}
OURS = [name for name in operators.names() if operators.get(name).info("plugin")[0].startswith("ops.")]


def test_every_operator_has_an_oracle():
    assert len(ORACLES) == sum(len(module.ORACLES) for module in MODULES), "an operator has two oracles"
    assert sorted(set(OURS) - set(ORACLES) - set(WITHOUT)) == [], "each needs an oracle in a tests/numpy/test_ops_*.py"
    assert sorted(set(ORACLES) - set(OURS)) == [], "oracles of operators that are not registered"
    assert not set(ORACLES) & set(WITHOUT)


def classes(name, dtype):
    """Classes of inputs that dtype can have in the samples. Next to a float, `any` is what goes with it."""
    found = {entry.type for entry in operators.get(name).schema.inputs}
    if dtype in FLOATS:
        return found & ({"any", "number", "real", "float"} | ({"float2"} if dtype in ("float32", "float64") else set()))
    if name == "map":
        return set()  # the programs of its samples compute exponentials
    if dtype == "bool" or "float" in found:
        return found & ({"any", "number"} if "float" not in found else set())
    return found & {"any", "number", "real"} or ({"int"} if found == {"int"} else set())


def run(name, dtype, **options):
    """Runs the samples that have a place for dtype; answers how many."""
    found = [sample(name, text, dtype, classes(name, dtype)) for text in operators.get(name).info("samples")]
    found = [call for call in found if call]
    for inputs, attributes in found:
        check(name, ORACLES[name], inputs, attributes, bfloat16=dtype == "bfloat16", **options)
    return len(found)


@pytest.mark.parametrize("name", ORACLES)
def test_samples(name):
    assert run(name, "float32") == len(operators.get(name).info("samples"))


@pytest.mark.parametrize("name", [name for name in ORACLES if operators.get(name).schema.inputs])
def test_samples_of_strided_inputs(name):
    assert run(name, "float32", strided=True)


@pytest.mark.parametrize("name, dtype", [(n, d) for n in ORACLES for d in FLOATS[1:] if classes(n, d)])
def test_samples_of_other_floats(name, dtype):
    assert run(name, dtype)


@pytest.mark.parametrize("name, dtype", [(n, d) for n in ORACLES for d in (*INTEGERS, "bool") if classes(n, d)])
def test_samples_of_integers(name, dtype):
    assert run(name, dtype)
