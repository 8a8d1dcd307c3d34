"""What type checkers see of the package agrees with what is there."""

import ast
import importlib
import inspect
import subprocess
import sys

import pytest

import deepseek as ds
from deepseek import stubs


def kinds(function):
    """(name, kind, whether there is a default) of every parameter of a function."""
    return [(p.name, p.kind, p.default is not p.empty) for p in inspect.signature(function).parameters.values()]


def arguments(node):
    """The same of a function in a stub, by running its head alone."""
    head = ast.FunctionDef(node.name, node.args, [ast.Pass()], [], lineno=1, col_offset=0)
    for part in ast.walk(head.args):
        if isinstance(part, ast.arg):
            assert part.arg in ("self", "cls") or part.annotation is not None, (node.name, part.arg)
            part.annotation = None
    space = {}
    exec(compile(ast.fix_missing_locations(ast.Module([head], [])), "stub", "exec"), space)
    return kinds(space[node.name])


def defined(body):
    """Names that statements define, with the statement."""
    found = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            # The getter of a property comes first, its setter has the same name.
            found.setdefault(node.name, node)
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            found[node.targets[0].id] = node
        elif isinstance(node, ast.ImportFrom):
            found.update({alias.asname or alias.name: (node, alias.name) for alias in node.names})
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Stubs as the build writes them."""
    place = tmp_path_factory.mktemp("stubs")
    subprocess.run([sys.executable, "-m", "deepseek.stubs", str(place)], check=True, timeout=240)
    return place


def parsed(folder, name):
    return defined(ast.parse((folder / name).read_text(encoding="utf-8")).body)


def test_every_public_name(folder):
    found = parsed(folder, "__init__.pyi")
    public = {name for name in dir(ds) if not name.startswith("_")}
    assert public == {name for name in found if not name.startswith("_")} and "__version__" in found
    for name in public:
        value, entry = getattr(ds, name), found[name]
        if isinstance(entry, ast.AnnAssign):
            assert ast.unparse(entry.annotation) == ("None" if value is None else type(value).__name__), name
        else:
            node, source = found[entry.value.id] if isinstance(entry, ast.Assign) else entry
            module = importlib.import_module("." * node.level + (node.module or ""), "deepseek")
            assert getattr(module, source) is value, name


def test_operators(folder):
    found = parsed(folder, "ops.pyi")
    for name in dir(ds.ops):
        op = getattr(ds.ops, name)
        if isinstance(op, type(ds.ops.matmul)):
            assert arguments(found[name]) == kinds(op), name
            assert ast.get_docstring(found[name]) and found[name].returns is not None


def test_tensor(folder):
    found = defined(parsed(folder, "tensors.pyi")["Tensor"].body)
    inherited = {name for name in dir(ds._native.Tensor)}
    public = {name for name in dir(ds.ones(1)) if not name.startswith("_")}
    assert not public - found.keys() - inherited
    for name, value in stubs.members().items():
        node = found[name]
        if isinstance(value, property):
            assert [entry.id for entry in node.decorator_list] == ["property"], name
        elif isinstance(node, ast.FunctionDef):
            function = value.__func__ if isinstance(value, staticmethod) else value
            assert arguments(node)[1:] == kinds(function)[1:] and node.returns is not None, name


def test_native():
    """_native.pyi is written by hand."""
    text = stubs.Path(ds.__file__).with_name("_native.pyi").read_text(encoding="utf-8")
    found = defined(ast.parse(text).body)
    names = {name for name in dir(ds._native) if not name.startswith("__")}
    assert names == {name for name in found if not isinstance(found[name], tuple)}
    body = found["Tensor"].body
    members = defined(body).keys() | {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets}
    assert {name for name in vars(ds._native.Tensor) if not name.startswith("__")} <= members
    slots = {name for name in vars(ds._native.Tensor) if name.startswith("__")} - {"__doc__", "__module__", "__delitem__"}
    assert slots <= members, slots - members


def test_annotations_are_complete():
    """Every parameter and result of public functions and methods has a type, and its names are known where it stands."""
    for module in (ds, ds.nn, ds.nn.functional, ds.nn.init, ds.optim, ds.data, ds.random, ds.vision, ds.autograd, ds.functions):
        for name, value in vars(module).items():
            members = vars(value).items() if inspect.isclass(value) else [(name, value)]
            for member, function in members:
                if name.startswith("_") or member.startswith("_") or not inspect.isfunction(function):
                    continue
                signature = inspect.signature(function)
                assert signature.return_annotation is not signature.empty, (module.__name__, name, member)
                for parameter in list(signature.parameters.values())[inspect.isclass(value) :]:
                    assert parameter.annotation is not parameter.empty, (module.__name__, name, member, parameter.name)
