"""Looking into the engine: plugins, devices, why something was slow, options."""

from __future__ import annotations

import json
import typing

from . import _native
from ._runtime import check as _check, context as _context, ffi as _ffi, lib as _lib, text_args as _text_args

if typing.TYPE_CHECKING:
    from typing import Any

    from .tensors import Tensor


class Plugins(list["dict[str, Any]"]):
    """Rows of `plugins()`: dicts with name, version, path, loaded, provides, error. Printing shows a table."""

    def __repr__(self) -> str:
        lines = []
        for row in self:
            state = row.get("error") or ("loaded" if row.get("loaded") else "found")
            lines.append(f"{row['name']:<24} {row.get('version', ''):<10} {state}")
        return "\n".join(lines)


def plugins() -> Plugins:
    """All plugins found, loaded or not, by their manifests; see `Plugins`."""
    return Plugins(json.loads(row) for row in _native.texts("plugins"))


def load_plugin(path: Any) -> None:
    """Loads one plugin file now. NotFoundError if there is none, PluginError says why it cannot be loaded."""
    import os

    _check(_lib.ds_plugin_load(_context, *_text_args(os.path.abspath(os.fspath(path)))))


def add_plugin_folder(path: Any) -> None:
    """Also looks for plugins in this folder. NotFoundError if there is none."""
    import os

    _check(_lib.ds_plugin_folder(_context, *_text_args(os.path.abspath(os.fspath(path)))))


def devices() -> list[str]:
    """Devices of all device plugins, such as "cpu:0 AMD EPYC .. avx512"."""
    return _native.texts("devices")


def _tensors_only(name: str, values: tuple[Any, ...]) -> None:
    for value in values:
        if not isinstance(value, _native.Tensor):
            raise TypeError(f"{name} takes tensors, not {type(value).__name__}")


class Explanation(str):
    """Text that shows its lines in an interactive session."""

    def __repr__(self) -> str:
        return str(self)


def explain(x: Tensor) -> Explanation:
    """Why a value was flushed, replayed or compiled, fused or not, and what memory it held, whatever its shape.

    One fact a line. TypeError if x is no tensor.
    """
    _tensors_only("explain", (x,))
    _native.drain()
    return Explanation("\n".join(_native.texts("explain", x)))


def graph_text(*tensors: Tensor) -> str:
    """What was recorded and not run yet, that these tensors of any shape need, as text. TypeError for others."""
    _tensors_only("graph_text", tensors)
    return "\n".join(_native.texts("graph", list(tensors)))


def _collect(value: Any, found: list[Any]) -> None:
    """Appends the tensors in lists, tuples and dicts. A function of its own: a recursive closure is a reference cycle,
    which would keep the tensors until the garbage collector runs."""
    if isinstance(value, _native.Tensor):
        found.append(value)
    elif isinstance(value, dict):
        for entry in value.values():
            _collect(entry, found)
    elif isinstance(value, (list, tuple)):
        for entry in value:
            _collect(entry, found)


def evaluate(*tensors: Any) -> None:
    """Runs what this thread recorded; afterwards these tensors, also inside lists and dicts, are computed.

    TypeError for what is no tensor, list, tuple, dict or None. Errors of what was recorded, such as OutOfRangeError or
    OutOfMemoryError, arise here.
    """
    _tensors_only("evaluate", tuple(x for x in tensors if x is not None and not isinstance(x, (list, tuple, dict))))
    found: list[Any] = []
    _collect(tensors, found)
    _native.drain()
    handles = _ffi.new("ds_handle[]", [x._handle for x in found] or [0])
    _check(_lib.ds_evaluate(_context, handles, len(found), _native.location()))


def counters() -> dict[str, int | float]:
    """The engine's counters by name: nodes, flushes and their reasons, programs, hits, bytes, peak .."""
    return {name: value for name, value in _native.counters()}


def version() -> str:
    """The version of the core, as `deepseek.__version__` shows it."""
    major, minor, text = _ffi.new("uint32_t*"), _ffi.new("uint32_t*"), _ffi.new("ds_text*")
    _check(_lib.ds_version(major, minor, text))
    return _ffi.buffer(text.data, text.size)[:].decode() if text.size else f"{major[0]}.{minor[0]}"
