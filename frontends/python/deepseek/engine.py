"""Looking into the engine: plugins, devices, why something was slow, options."""

from __future__ import annotations

import json
from typing import Any

from . import _native
from ._runtime import check, context, ffi, lib, text_args


class Plugins(list):
    """Rows of `plugins()`: dicts with name, version, path, loaded, provides, error. Printing shows a table."""

    def __repr__(self) -> str:
        lines = []
        for row in self:
            state = row.get("error") or ("loaded" if row.get("loaded") else "found")
            lines.append(f"{row['name']:<24} {row.get('version', ''):<10} {state}")
        return "\n".join(lines)


def plugins() -> Plugins:
    """All plugins found, loaded or not."""
    return Plugins(json.loads(row) for row in _native.texts("plugins"))


def load_plugin(path: Any) -> None:
    """Loads one plugin file now. PluginError says why it cannot be."""
    import os

    check(lib.ds_plugin_load(context, *text_args(os.path.abspath(os.fspath(path)))))


def add_plugin_folder(path: Any) -> None:
    """Also looks for plugins in this folder."""
    import os

    check(lib.ds_plugin_folder(context, *text_args(os.path.abspath(os.fspath(path)))))


def devices() -> list[str]:
    """Devices of all device plugins, such as "cpu:0 AMD EPYC .. avx512"."""
    return _native.texts("devices")


class Explanation(str):
    """Text that shows its lines in an interactive session."""

    def __repr__(self) -> str:
        return str(self)


def explain(x: Any) -> Explanation:
    """Why a value was flushed, replayed or compiled, fused or not, and what memory it held; one fact a line."""
    _native.drain()
    return Explanation("\n".join(_native.texts("explain", x)))


def graph_text(*tensors: Any) -> str:
    """What was recorded and not run yet, that these tensors need, as text."""
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
    """Runs what this thread recorded; afterwards these tensors, also inside lists and dicts, are computed."""
    found: list[Any] = []
    _collect(tensors, found)
    _native.drain()
    handles = ffi.new("ds_handle[]", [x._handle for x in found] or [0])
    check(lib.ds_evaluate(context, handles, len(found), _native.location()))


def counters() -> dict[str, int | float]:
    """The engine's counters: nodes, flushes and their reasons, programs, hits, bytes, peak .."""
    return {name: value for name, value in _native.counters()}


def version() -> str:
    """Version of the core."""
    major, minor, text = ffi.new("uint32_t*"), ffi.new("uint32_t*"), ffi.new("ds_text*")
    check(lib.ds_version(major, minor, text))
    return ffi.buffer(text.data, text.size)[:].decode() if text.size else f"{major[0]}.{minor[0]}"
