"""Operators as the registry describes them: schemas become callables with signatures and docstrings.

Nothing here knows an operator; plugins found later show up the same way. `deepseek.ops` is the namespace over it.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from typing import NamedTuple

from . import _native, errors
from ._runtime import check, context, ffi, lib, text_args

_KINDS = {"int": "i", "float": "f", "flag": "b", "string": "s", "ints": "I", "floats": "F", "dtype": "d", "bytes": "y"}
_HINTS = {"i": "int", "f": "float", "b": "bool", "s": "str", "I": "int | Sequence[int]", "F": "float | Sequence[float]",
          "d": "DTypeLike", "y": "bytes"}  # fmt: skip


class Input(NamedTuple):
    """An input of a schema; kind is '1' required, '?' optional, '*' variadic."""

    name: str
    type: str
    kind: str


class Attribute(NamedTuple):
    """An attribute of a schema; kind as in `_KINDS`, default is None when required."""

    name: str
    kind: str
    default: str | None


class Schema(NamedTuple):
    """A parsed schema. outputs is -1 when their number varies."""

    text: str
    name: str
    inputs: tuple[Input, ...]
    attributes: tuple[Attribute, ...]
    outputs: int


def split_list(text: str) -> list[str]:
    """Splits at commas outside of brackets and quotes."""
    parts = re.findall(r'(?:\[[^\]]*\]|"[^"]*"|[^,\["])+', text)
    return [part.strip() for part in parts if part.strip()]


def parse(text: str) -> Schema:
    """Parses "name(inputs, *, attributes) -> outputs"; the grammar is in draft/operator.h. ValueError otherwise."""
    found = re.fullmatch(r"\s*([\w.\-]+)\s*\((.*)\)\s*->\s*(.*?)\s*", text, re.S)
    if not found:
        raise ValueError(f"not a schema: {text!r}")
    name, arguments, results = found.groups()
    inputs, attributes, seen_star = [], [], False
    for part in split_list(arguments):
        if part == "*":
            seen_star = True
            continue
        key, _, rest = (piece.strip() for piece in part.partition(":"))
        if seen_star:
            kind, equals, default = (piece.strip() for piece in rest.partition("="))
            attributes.append(Attribute(key, _KINDS[kind], default if equals else None))
        else:
            kind = rest[-1] if rest[-1] in "?*" else "1"
            if key == STATE and rest == "u64":
                kind = "?"
            inputs.append(Input(key, rest.rstrip("?*"), kind))
    outputs = split_list(results)
    count = -1 if outputs and outputs[-1].endswith("*") else len(outputs)
    return Schema(text.strip(), name, tuple(inputs), tuple(attributes), count)


# The input that the host fills: the counter of a random operator. It goes by name only.
STATE = "state"


class Operator(_native.Operator):
    """A registered operator. Call it with its inputs, then its attributes by name or position."""

    schema: Schema
    __name__: str

    def info(self, what: str) -> list[str]:
        """What the registry says: "schema", "summary", "samples", "plugin", "class", "traits", "version", "role"."""
        return _native.texts("info", self.id, what)

    @property
    def __doc__(self) -> str:
        return documentation(self)

    @property
    def __signature__(self) -> inspect.Signature:
        return signature(self.schema)

    def __repr__(self) -> str:
        return f"<operator {self.schema.text}>"

    def __reduce__(self):
        return get, (self.schema.name,)


class RandomOperator(Operator):
    """An operator with a counter of random numbers: positional arguments skip it."""

    def __call__(self, *args, **kwargs):
        at = [entry.name for entry in self.schema.inputs].index(STATE)
        if len(args) >= at:
            args = (*args[:at], kwargs.pop(STATE, None), *args[at:])
        return super().__call__(*args, **kwargs)


def default_value(attribute: Attribute):
    """The default of an attribute as a Python value; strings that are no literal (dtypes) stay text."""
    text = attribute.default
    if text is None:
        return inspect.Parameter.empty
    if text in ("none", "true", "false"):
        return {"none": None, "true": True, "false": False}[text]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def signature(schema: Schema) -> inspect.Signature:
    """A Python signature of a schema; None stands for an attribute's default, which is told where that is a list."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters, state = [], []
    for entry in schema.inputs:
        hint = {"1": "TensorLike", "?": "TensorLike | None", "*": "Sequence[TensorLike]"}[entry.kind]
        default = None if entry.kind == "?" else inspect.Parameter.empty
        into = state if entry.name == STATE and entry.kind == "?" else parameters
        into.append(inspect.Parameter(entry.name, kind, annotation=hint, default=default))
    for attribute in schema.attributes:
        default = default_value(attribute)
        hint = _HINTS[attribute.kind] + (" | None" if default is None or default == [] else "")
        parameters.append(inspect.Parameter(attribute.name, kind, annotation=hint, default=default))
    # Python wants parameters without a default first; a required one after an optional one becomes keyword-only.
    seen_default = False
    for i, parameter in enumerate(parameters):
        if parameter.kind is kind and seen_default and parameter.default is inspect.Parameter.empty:
            parameters[i:] = [entry.replace(kind=inspect.Parameter.KEYWORD_ONLY) for entry in parameters[i:]]
            break
        seen_default |= parameter.default is not inspect.Parameter.empty
    parameters += [entry.replace(kind=inspect.Parameter.KEYWORD_ONLY) for entry in state]
    answer = "Tensor" if schema.outputs == 1 else "tuple[Tensor, ...]"
    return inspect.Signature(parameters, return_annotation=answer)


def documentation(op: Operator) -> str:
    """A docstring from the registry: summary, arguments with classes of dtypes, errors, plugin."""
    summary = " ".join(op.info("summary")) or op.schema.name
    lines = [summary if summary.endswith(".") else summary + ".", "", op.schema.text, ""]
    if op.info("class") == ["elementwise"]:
        lines += ["Shape", "    Inputs are broadcast against each other; the result has their common shape."]
    if op.schema.inputs:
        lines.append("Inputs")
        notes = {"1": "", "?": ", optional", "*": ", any number of them"}
        for entry in op.schema.inputs:
            lines.append(f"    {entry.name}: tensor or scalar of class {entry.type}{notes[entry.kind]}")
    if op.schema.attributes:
        lines.append("Attributes")
        for entry in op.schema.attributes:
            default = "required" if entry.default is None else f"default {entry.default}"
            lines.append(f"    {entry.name}: {_HINTS[entry.kind]}, {default}")
    lines += ["Errors", "    ShapeError, DTypeError or ArgumentError, at this line, when they do not fit together."]
    lines.append(f"Plugin {' '.join(op.info('plugin'))}, version {' '.join(op.info('version'))} of its meaning.")
    return "\n".join(lines)


_cache: dict[str, Operator] = {}


def names() -> list[str]:
    """Names of all registered operators, those of installed plugins included."""
    return sorted(_native.texts("operators"))


def find(name: str) -> Operator | None:
    """The operator of that name, or None."""
    op = _cache.get(name)
    if op is None:
        place = ffi.new("ds_operator_id*")
        status = lib.ds_operator_find(context, *text_args(name), place)
        if status == lib.DS_NOT_FOUND:
            return None
        check(status)
        schema = parse("".join(_native.texts("info", place[0], "schema")))
        drawing = any(entry.name == STATE and entry.kind == "?" for entry in schema.inputs)
        op = (RandomOperator if drawing else Operator)(
            place[0], schema.name, tuple((entry.name, entry.kind, entry.kind == "1") for entry in schema.inputs),
            tuple((entry.name, entry.kind, entry.default is None) for entry in schema.attributes), schema.outputs,
        )  # fmt: skip
        op.schema = schema
        op.__name__ = schema.name
        _cache[name] = op
    return op


def get(name: str) -> Operator:
    """The operator of that name; NotFoundError with what is close to it."""
    op = find(name)
    if op is None:
        close = difflib.get_close_matches(name, names(), 3)
        hint = f"; close to it: {', '.join(close)}" if close else ""
        raise errors.NotFoundError(f"no operator is called '{name}'{hint}")
    return op
