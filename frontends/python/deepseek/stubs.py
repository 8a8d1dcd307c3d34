"""Type stubs of what is only found at run time: `python -m deepseek.stubs FOLDER`, run by the build.

ops.pyi has the registered operators, tensors.pyi the Tensor with the methods that `methods` finds, __init__.pyi every
public name, imported from the module that defines it.
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import deepseek

from . import methods, operators
from .tensors import Tensor

OPS = '''"""Registered operators, written by the build from their schemas."""
from typing import Any, Sequence
from .tensors import Tensor
from .typing import DTypeLike, TensorLike
'''

TENSORS = '''"""The Tensor and all its methods, written by the build."""
import builtins
from typing import Any, Callable, Self, Sequence
from . import _native, autograd
from .typing import DTypeLike, TensorLike

class Tensor(_native.Tensor):
'''

INDENT = " " * 8


class _Code(str):
    """Text that a signature shows without quotes."""

    __repr__ = str.__str__


def _signature(given: inspect.Signature) -> str:
    """A signature as source; annotations are texts and shown without quotes."""
    code = lambda text: text if text is given.empty else _Code(text)  # noqa: E731
    parameters = [entry.replace(annotation=code(entry.annotation)) for entry in given.parameters.values()]
    return str(given.replace(parameters=parameters, return_annotation=code(given.return_annotation)))


def _text(doc: str | None, indent: str) -> str:
    """A docstring as source, "..." if there is none."""
    if not doc:
        return f"{indent}...\n"
    text = inspect.cleandoc(doc).replace("\\", "\\\\").replace('"""', "'''")
    return f'{indent}"""' + text.replace("\n", "\n" + indent).replace(f"\n{indent}\n", "\n\n") + '"""\n'


def ops() -> str:
    """The text of ops.pyi. Operators with dots in their names are reached through Any."""
    text, spaces = OPS, set()
    for name in operators.names():
        if "." in name:
            spaces.add(name.partition(".")[0])
            continue
        op = operators.get(name)
        text += f"\ndef {name}{_signature(inspect.signature(op))}:\n" + _text(" ".join(op.info("summary")), "    ")
    text += "".join(f"\n{space}: Any\n" for space in sorted(spaces))
    return text + "\n# Operators of plugins that are installed later.\ndef __getattr__(name: str) -> Any: ...\n"


def members() -> dict[str, Any]:
    """What tensors.py defines in the class and what `methods` finds, by name."""
    hidden = ("__getattr__", "__module__", "__doc__", "__slots__")
    found = {name: methods.find(name) for name in methods.names()}
    return {**found, **{name: value for name, value in vars(Tensor).items() if name not in hidden}}


def _method(name: str, value: Any) -> str:
    """A property, attribute or method of Tensor as source."""
    if isinstance(value, property):
        get, put = (function and _signature(inspect.signature(function)) for function in (value.fget, value.fset))
        setter = f"    @{name}.setter\n    def {name}{put}: ...\n" if put else ""
        return f"    @property\n    def {name}{get}:\n" + _text(value.__doc__, INDENT) + setter
    function = value.__func__ if isinstance(value, staticmethod) else value
    if not callable(function):
        return f"    {name}: {type(value).__name__}\n"
    given = inspect.signature(function)
    first, *others = given.parameters.values()
    first = first.replace(name="cls" if first.name == "cls" else "self", annotation=first.empty)
    given = given.replace(parameters=[first, *others])
    return f"    def {name}{_signature(given)}:\n" + _text(function.__doc__, INDENT)


def tensors() -> str:
    """The text of tensors.pyi."""
    found = members()
    text = TENSORS + _text(Tensor.__doc__, "    ")
    # In the class its method `float` hides the type.
    hidden = "|".join(name for name in found if isinstance(getattr(builtins, name, None), type))
    for name, value in sorted(found.items()):
        head, mark, doc = _method(name, value).partition(":\n")
        text += "\n" + re.sub(rf"\b(?<!\.)({hidden})\b(?!\()", r"builtins.\1", head) + mark + doc
    return text


def package() -> str:
    """The text of __init__.pyi."""
    lines = ['"""Public names, written by the build."""', "__version__: str"]
    for name in dir(deepseek):
        value = getattr(deepseek, name)
        if name.startswith("_"):
            continue
        if isinstance(value, ModuleType):
            lines.append(f"from . import {name} as {name}")
        elif isinstance(value, operators.Operator) or inspect.isclass(value) or inspect.isfunction(value):
            module = ".tensors" if value is Tensor else getattr(value, "__module__", "").removeprefix("deepseek")
            module = ".ops" if isinstance(value, operators.Operator) else module
            # Only what keeps its name is exported by an import.
            here = name if value.__name__ == name else "_" + name
            lines.append(f"from {module} import {value.__name__} as {here}")
            lines += [f"{name} = {here}"] if here != name else []
        else:
            lines.append(f"{name}: {'None' if value is None else type(value).__name__}")
    return "\n".join(lines) + "\n"


FILES = {"ops.pyi": ops, "tensors.pyi": tensors, "__init__.pyi": package}

if __name__ == "__main__":
    for file, text in FILES.items():
        Path(sys.argv[1], file).write_text(text(), encoding="utf-8")
