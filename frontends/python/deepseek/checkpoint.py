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
    if isinstance(value, _Mapping):
        for key, entry in value.items():
            _flatten(entry, f"{prefix}.{key}" if prefix else str(key), into)
    else:
        into[prefix or "tensor"] = _asarray(value)
    return into


def save(value: Any, path: Any, metadata: Mapping[str, Any] | None = None) -> None:
    """Writes a module, a tensor of any shape or a (nested) dict of tensors to a file; nested names are joined by dots.

    Arguments may come in either order. The old file stays whole until the new one is complete and on disk.
    CheckpointError says what went wrong (disk full, unknown extension ..), DTypeError that a value is no tensor.
    Nothing is executable in these files.
    """
    if isinstance(value, (str, os.PathLike)) and not isinstance(path, (str, os.PathLike)):
        value, path = path, value
    path = os.fspath(path)
    tensors = _flatten(value, "", {})
    rows = [text if isinstance(text, str) else json.dumps(text) for pair in (metadata or {}).items() for text in pair]
    try:
        arguments = [os.path.abspath(path), list(tensors), list(tensors.values()), rows]
        _native.invoke("format", _format_of(path), "save", arguments)
    except (errors.FileError, errors.ArgumentError) as error:
        raise errors.CheckpointError(_named(path, str(error))) from None


def load(path: Any) -> Checkpoint:
    """Reads a file of tensors: a dict by name, with `.metadata`.

    Everything is checked first; CheckpointError tells what does not hold (truncated, changed) and nothing is loaded.
    """
    path = os.fspath(path)
    name = _format_of(path)
    found = Checkpoint()
    try:
        rows = _native.invoke("format", name, "load", [os.path.abspath(path)])
    except (errors.FileError, errors.CheckpointError, errors.NotFoundError) as error:
        text = _named(path, str(error))
        raise errors.CheckpointError(text if "nothing was loaded" in text else text + "; nothing was loaded") from None
    for what, key, value in rows:
        (found if what == "tensor" else found.metadata)[key] = value
    return found


def _named(path: str, text: str) -> str:
    """The text with the path as the user wrote it in front, once."""
    text = text.replace(os.path.abspath(path), path)
    return text if path in text else f"{path}: {text}"
