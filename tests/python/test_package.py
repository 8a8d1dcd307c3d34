"""The package: how light it is, what it offers, its texts, the examples."""

import importlib
import inspect
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import deepseek as ds
from deepseek import operators

ROOT = pathlib.Path(__file__).resolve().parents[2]


def python(program, *arguments, **environment):
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=240,
                          env={**os.environ, **environment})  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_is_light():
    program = """
import resource, sys, time
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before, start = peak(), time.process_time()
import deepseek
print(time.process_time() - start, peak() - before, "numpy" in sys.modules)
"""
    seconds, megabytes, numpy = min(python(program).split() for _ in range(3))
    assert float(seconds) <= 0.3 and float(megabytes) <= 50 and numpy == "False", (seconds, megabytes, numpy)


def test_namespace():
    names = dir(ds)
    for name in ("exp", "concatenate", "arctan2", "nn", "optim", "save", "randn", "float32", "Tensor", "ShapeError"):
        assert name in names and getattr(ds, name) is not None
    missing = [name for name in names if not name.startswith("_") and getattr(ds, name, None) is None and name != "newaxis"]
    assert not missing
    assert ds.pi == np.pi and ds.ndarray is ds.Tensor and ds.__version__.count(".") >= 1


def test_every_operator_is_reachable_and_described():
    names = operators.names()
    assert len(names) > 100
    for name in names:
        op = operators.get(name)
        assert op.schema.name == name and op.__name__ == name and isinstance(inspect.signature(op), inspect.Signature)
        assert len(op.__doc__) > 40 and op.info("summary")[0] and op.info("plugin")[0].startswith("ops.")
    assert "matmul" in dir(ds.ops) and ds.ops.matmul is operators.get("matmul")
    assert "matmul(a: " in repr(ds.ops.matmul)


def test_schemas_parse():
    parsed = operators.parse('f.g(x: float, y: int?, z: any*, *, a: ints = [1,2], s: string = "a,b", d: dtype = f32, n: int) -> float, i64*')
    assert parsed.name == "f.g" and [entry.kind for entry in parsed.inputs] == ["1", "?", "*"] and parsed.outputs == -1
    assert [(a.name, a.kind, a.default) for a in parsed.attributes] == [
        ("a", "I", "[1,2]"), ("s", "s", '"a,b"'), ("d", "d", "f32"), ("n", "i", None)]  # fmt: skip
    assert operators.default_value(parsed.attributes[0]) == [1, 2] and operators.default_value(parsed.attributes[1]) == "a,b"
    with pytest.raises(ValueError):
        operators.parse("no schema")


def test_calling_conventions():
    a, b = ds.ones(2, 3), ds.ones(3, 2)
    assert ds.ops.matmul(a, b).shape == ds.ops.matmul(b=b, a=a).shape == (2, 2)
    assert ds.ops.sum(a, axis=1).shape == ds.ops.sum(a, 1).shape == ds.ops.sum(a, axis=[1]).shape == (2,)
    assert ds.ops.sum(a, axis=np.int64(0)).shape == (3,) and ds.ops.sum(a, axis=None).shape == ()
    assert ds.ops.concat([a, a]).shape == ds.ops.concat(a, a).shape == (4, 3) and ds.ops.concat([a, a], axis=1).shape == (2, 6)
    assert len(ds.ops.split(a, sizes=[1, 2], axis=1)) == 2
    many = [ds.full((1,), i) for i in range(300)]
    assert ds.ops.concat(many).tolist() == list(range(300))
    assert len(ds.ops.split(ds.arange(60), sizes=[1] * 60)) == 60


# Namespaces of the package; what is public in them is theirs.
PUBLIC = ("", ".autograd", ".checkpoint", ".data", ".dtypes", ".engine", ".errors", ".functions", ".nn", ".nn.functional",
          ".nn.init", ".ops", ".optim", ".random", ".typing", ".vision")  # fmt: skip


def public_callables():
    """(name, function or class) of the package, methods and properties of classes included, each once."""
    found = {}
    for module in (importlib.import_module("deepseek" + name) for name in PUBLIC):
        for name in dir(module):
            value = getattr(module, name)
            if name.startswith("_") or not (inspect.isfunction(value) or inspect.isclass(value)):
                continue
            found.setdefault(value, f"{module.__name__}.{name}")
            for kind in value.__mro__ if inspect.isclass(value) else ():
                if kind.__module__.startswith("deepseek"):
                    for member, entry in vars(kind).items():
                        entry = entry.__func__ if isinstance(entry, classmethod) else entry
                        if not member.startswith("_") and (inspect.isfunction(entry) or isinstance(entry, property)):
                            found.setdefault(entry, f"{module.__name__}.{name}.{member}")
    return [(name, value) for value, name in found.items()]


# Functions with arguments that raise nothing of their own, and why.
CANNOT_FAIL = {
    "set_grad_enabled": "takes any truth value", "train": "takes any truth value", "register_buffer": "stores it",
    "register_parameter": "stores it", "append": "stores it", "LeakyReLU": "stores its slope",
    "named_modules": "its prefix only goes in front of names", "apply": "errors are those of its function",
    "Identity.forward": "answers its input", "Checkpoint": "a dict", "DType": "made by the package",
    "RemovableHandle": "made by register_hook", "SupportsArray": "a protocol", "SupportsDLPack": "a protocol",
}  # fmt: skip


def test_docstrings():
    """A sentence each; shapes where tensors go in, errors where something can fail. Operators' texts come from schemas."""
    wrong, found = [], public_callables()
    for name, value in found:
        text = inspect.getdoc(value) or ""
        if not re.match(r"(.+ ){2}.*[.:]$", text.partition("\n\n")[0].replace("\n", " ")):
            wrong.append(f"{name}: no sentence")
        if inspect.isclass(value) and (issubclass(value, Exception) or not {"__init__", "__new__"} & vars(value).keys()):
            continue
        function = value.fset or value.fget if isinstance(value, property) else value
        parameters = [p for p in inspect.signature(function).parameters.values() if p.name not in ("self", "cls")]
        if any("Tensor" in str(p.annotation) for p in parameters) and not re.search(r"\[.*\]|shape|broadcast", text, re.I):
            wrong.append(f"{name}: no shape")
        exempt = [key for key in CANNOT_FAIL if name.endswith("." + key)]
        if parameters and bool(exempt) == bool(re.search(r"\w+Error", text)):
            wrong.append(f"{name}: {'exempt, but names an error' if exempt else 'no error'}")
    assert len(found) > 250 and not wrong, "\n".join(wrong)


def test_names_with_nothing_of_their_own():
    x = ds.arange(6).reshape(2, 3)
    assert ds.permute_dims(x, (1, 0)).tolist() == ds.matrix_transpose(x).tolist() == x.T.tolist()
    assert ds.vecdot(x, x).tolist() == [5, 50] and ds.zeros(2, 3).copy_(x).tolist() == x.tolist()
    layer = ds.nn.Linear(2, 2)
    assert ds.nn.init.ones_(layer.weight) is layer.weight and layer.weight.tolist() == [[1, 1], [1, 1]]
    assert not ds.nn.init.zeros_(layer.weight).tolist()[0][0]
    assert len(ds.nn.ModuleList([layer]).extend([layer, layer])) == 3
    optimizer = ds.optim.SGD(layer.parameters(), lr=0.5)
    assert optimizer.param_groups is optimizer.groups and optimizer.groups[0]["lr"] == 0.5


def test_namespaces_hold_their_own():
    """No helper of ours, and nothing of `typing`, looks like a part of a public module."""
    for module in (importlib.import_module("deepseek" + name) for name in PUBLIC if name != ".typing"):
        for name in dir(module):
            value = getattr(module, name)
            if not name.startswith("_") and (inspect.isfunction(value) or inspect.isclass(value) or hasattr(value, "__origin__")):
                home = "deepseek" + "".join(f".{part}" for part in module.__name__.split(".")[1:2])
                nonzero = module is ds.functions and name == "nonzero"  # indexing with masks needs it first
                assert value.__module__.startswith(home) or nonzero, (module.__name__, name)
    assert pathlib.Path(ds.__file__).with_name("py.typed").exists()


def test_plugins_devices_counters():
    rows = ds.plugins()
    assert {"ops.math", "device.cpu"} <= {row["name"] for row in rows} and "ops.math" in repr(rows)
    assert ds.devices()[0].startswith("cpu") and "safetensors" in ds.formats()
    before = ds.counters()
    assert before and all(isinstance(value, (int, float)) for value in before.values())


def test_graph_text():
    x = ds.ones(8) * 2 + 1
    text = ds.graph_text(x)
    assert text.startswith("graph\n") and "mul(" in text and "add(" in text and "return %" in text


@pytest.mark.parametrize("example", sorted(path.name for path in (ROOT / "examples").glob("*.py") if path.name != "demo.py"))
def test_example(example, tmp_path):
    done = subprocess.run([sys.executable, str(ROOT / "examples" / example)], capture_output=True, text=True, timeout=240,
                          cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0 and done.stdout, done.stderr
