"""The process's one context, and calls of the C ABI that need not be fast."""

from __future__ import annotations

import glob
import linecache
import os
import sys
from typing import Any

from . import _native, dtypes, errors

ffi, lib = _native.ffi, _native.lib

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _create() -> int:
    place = ffi.new("ds_handle*")
    status = lib.ds_context_create(place)
    if status:
        text = ffi.new("ds_text*")
        lib.ds_error(0, ffi.NULL, text, ffi.NULL)
        raise errors.BY_STATUS.get(status, errors.InternalError)(ffi.buffer(text.data, text.size)[:].decode())
    return place[0]


# Waiting threads of libgomp spin about 30 us and then sleep: on shared cores its own default costs more than the work.
# It reads this once, when the cpu device loads it.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
context: int = _create()


def check(status: int) -> None:
    """Raises the exception of a failed status."""
    if status:
        _native.raise_status(status)


def _resolve(code, offset: int) -> str:
    """"train.py:12   logits = h @ w" of a code object and a bytecode offset in it."""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= offset < end and number is not None:
            line = number
    source = linecache.getline(code.co_filename, line).strip()
    name = os.path.basename(code.co_filename)
    return f"{name}:{line}   {source}" if source else f"{name}:{line}"


def text_args(text: str) -> tuple[bytes, int]:
    """A string as the pointer and length the C ABI takes."""
    data = text.encode()
    return data, len(data)


def set_option(name: str, value: Any) -> None:
    """Sets an option of the engine: "eager", "numerics", "check_finite", "flush_nodes", "flush_bytes", "float",
    "kernels", "composites". See ds.h. ValueError for an unknown name or value."""
    _native.set_option(name, value)


_native.start(context, PACKAGE)
_native.configure(
    errors=errors.BY_STATUS, resolve=_resolve, dtypes=dtypes.BY_CODE, dtype_code=dtypes.code_of, devices={},
    cast_error=errors.DTypeError,
)  # fmt: skip


def _offers(path: str) -> bool:
    with open(path, encoding="utf-8") as stream:
        return "[deepseek.plugins]" in stream.read()


def _entry_point_folders() -> None:
    """Folders that installed packages offer under the entry point group "deepseek.plugins"."""
    if "DS_NO_ENTRY_POINTS" in os.environ:
        return
    for folder in sys.path:
        try:
            offers = any(map(_offers, glob.glob(os.path.join(folder or ".", "*.dist-info", "entry_points.txt"))))
        except OSError:
            continue
        if not offers:
            continue
        from importlib.metadata import entry_points

        for entry in entry_points(group="deepseek.plugins"):
            found = entry.load()
            path = os.path.abspath(found() if callable(found) else getattr(found, "__path__", [found])[0])
            check(lib.ds_plugin_folder(context, *text_args(path)))
        return


_entry_point_folders()
