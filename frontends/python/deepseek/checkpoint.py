"""Files of named tensors. Which format: the file's extension; who writes it: a plugin of kind "format"."""

from __future__ import annotations

import json
import os
import typing
from collections.abc import Mapping as _Mapping

from . import _native, errors
from .creation import asarray as _asarray

if typing.TYPE_CHECKING:
    from typing import Any, Mapping

    from .tensors import Tensor


class Checkpoint(dict[str, "Tensor"]):
    """Tensors of any shape by name, as `load` answers them; `metadata` holds the file's texts."""

    metadata: dict[str, str]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.metadata = {}

    def part(self, name: str) -> Checkpoint:
        """What was saved below a name, under the rest of theirs: part("model") has "weight" for "model.weight".

        NotFoundError if there is nothing.
        """
        found = Checkpoint({key[len(name) + 1 :]: value for key, value in self.items() if key.startswith(f"{name}.")})
        if not found:
            first = sorted({key.partition(".")[0] for key in self})
            raise errors.NotFoundError(f"nothing is saved below '{name}'; there are: {', '.join(first)}")
        found.metadata = self.metadata
        return found


def formats() -> list[str]:
    """Names of the installed formats; a file's extension picks one."""
    return sorted(_native.texts("services", "format"))


def _format_of(path: str) -> str:
    extension = os.path.splitext(path)[1].lstrip(".")
    known = formats()
    if extension not in known:
        raise errors.CheckpointError(
            f"{path}: no installed format writes '.{extension}'; there are: {' '.join('.' + name for name in known)}"
        )
    return extension


def _flatten(value: Any, prefix: str, into: dict[str, Any]) -> dict[str, Any]:
    if hasattr(value, "state_dict"):
        value = value.state_dict()
    if isinstance(value, (list, tuple)) and any(map(_holds_tensors, value)):
        value = dict(enumerate(value))
    if isinstance(value, _Mapping):
        for key, entry in value.items():
            _flatten(entry, f"{prefix}.{key}" if prefix else str(key), into)
        return into
    name = prefix or "tensor"
    if name in into:
        raise errors.CheckpointError(f"two tensors would be saved as '{name}'; nested names are joined by dots")
    try:
        into[name] = _exact(value)
    except errors.DTypeError as error:
        raise errors.DTypeError(f"'{name}': {error}") from None
    return into


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_tensors, value))
    return isinstance(value, _Mapping) or hasattr(value, "state_dict") or bool(getattr(value, "shape", ()))


def _exact(value: Any) -> Tensor:
    """A tensor of a value; Python's floats stay what they are, of 64 bits."""
    tensor = _asarray(value)
    if isinstance(value, (float, list, tuple)) and tensor.dtype.kind == "f":
        import numpy

        tensor = _asarray(numpy.asarray(value))
    return tensor


def _path(value: Any) -> str:
    return os.fsdecode(os.fspath(value))


def save(value: Any, path: Any, metadata: Mapping[str, Any] | None = None) -> None:
    """Writes a module, an optimizer, a tensor of any shape or a (nested) dict or list of those to a file.

    Nested names are joined by dots; entries of a list are called "0", "1" ..; numbers and lists of numbers are tensors
    too, float64 where Python's floats are, so nothing is lost. Arguments may come in either order. The old file stays
    whole until the new one is complete and on disk. CheckpointError says what went wrong (disk full, unknown extension,
    two values of one name ..), DTypeError that a value is no tensor. Nothing is executable in these files.

    >>> deepseek.save({"model": model, "optimizer": optimizer}, "run.safetensors")
    >>> found = deepseek.load("run.safetensors")
    >>> optimizer.load_state_dict(found.part("optimizer"))
    """
    paths = (str, bytes, os.PathLike)
    if isinstance(value, paths) and not isinstance(path, paths):
        value, path = path, value
    path = _path(path)
    tensors = _flatten(value, "", {})
    rows = [text if isinstance(text, str) else json.dumps(text) for pair in (metadata or {}).items() for text in pair]
    try:
        arguments = [os.path.abspath(path), list(tensors), list(tensors.values()), rows]
        _native.invoke("format", _format_of(path), "save", arguments)
    except (errors.FileError, errors.ArgumentError) as error:
        raise errors.CheckpointError(_named(path, str(error))) from None


def load(path: Any) -> Checkpoint:
    """Reads a file of tensors: a dict by name, with `.metadata`.

    Everything is checked first; CheckpointError tells what does not hold (truncated, changed) and nothing is loaded. It
    is a FileNotFoundError too if there is no such file.
    """
    path = _path(path)
    name = _format_of(path)
    found = Checkpoint()
    try:
        rows = _native.invoke("format", name, "load", [os.path.abspath(path)])
    except (errors.FileError, errors.CheckpointError, errors.NotFoundError) as error:
        text = _named(path, str(error))
        kind = errors.CheckpointError if os.path.exists(path) else errors.MissingFileError
        raise kind(text if "nothing was loaded" in text else text + "; nothing was loaded") from None
    for what, key, value in rows:
        (found if what == "tensor" else found.metadata)[key] = value
    return found


def _named(path: str, text: str) -> str:
    """The text with the path as the user wrote it in front, once."""
    text = text.replace(os.path.abspath(path), path)
    return text if path in text else f"{path}: {text}"
