"""The process's one context, and calls of the C ABI that need not be fast."""

from __future__ import annotations

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
        raise errors.InternalError(f"no context: {ffi.string(lib.ds_status_name(status)).decode()}")
    return place[0]


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


# ---- listings and answers: C calls back with a handle of a Python callable -------------------------------------------
@ffi.def_extern(error=17)
def ds_py_text(user, text, length):
    ffi.from_handle(user)(ffi.buffer(text, length)[:].decode("utf-8", "replace"))
    return 0


@ffi.def_extern(error=17)
def ds_py_answer(user, values, count):
    ffi.from_handle(user)([unpack(values[i]) for i in range(count)])
    return 0


def unpack(value) -> Any:
    """A packed value as a Python object. Pointers stay cffi pointers, handles become owned tensors."""
    tag, u, count = value.tag, value.u, value.count
    if tag in (lib.DS_INT, lib.DS_TYPE):
        return u.i
    if tag == lib.DS_FLOAT:
        return u.f
    if tag == lib.DS_FLAG:
        return bool(u.i)
    if tag == lib.DS_STRING:
        return ffi.buffer(u.s, count)[:].decode("utf-8", "replace") if count else ""
    if tag == lib.DS_INTS:
        return list(ffi.unpack(getattr(u, "is"), count)) if count else []
    if tag == lib.DS_FLOATS:
        return list(ffi.unpack(u.fs, count)) if count else []
    if tag == lib.DS_BYTES:
        return ffi.buffer(u.p, count)[:] if count else b""
    if tag == lib.DS_HANDLE:
        return _native.wrap_handle(u.h)
    if tag == lib.DS_POINTER:
        return u.p
    if tag == lib.DS_VALUES:
        return [unpack(u.vs[i]) for i in range(count)]
    return None


def pack(value: Any, place, keep: list) -> None:
    """A Python object into a packed value; what it borrows is appended to keep."""
    if value is None:
        place.tag = lib.DS_NONE
    elif isinstance(value, bool):
        place.tag, place.u.i = lib.DS_FLAG, value
    elif isinstance(value, int):
        place.tag, place.u.i = lib.DS_INT, value
    elif isinstance(value, float):
        place.tag, place.u.f = lib.DS_FLOAT, value
    elif isinstance(value, str):
        text = value.encode()
        keep.append(ffi.from_buffer(text))
        place.tag, place.count, place.u.s = lib.DS_STRING, len(text), keep[-1]
    elif isinstance(value, bytes):
        keep.append(ffi.from_buffer(value))
        place.tag, place.count, place.u.p = lib.DS_BYTES, len(value), keep[-1]
    elif isinstance(value, dtypes.DType):
        place.tag, place.u.i = lib.DS_TYPE, value.code
    elif isinstance(value, _native.Tensor):
        keep.append(value)
        place.tag, place.u.h = lib.DS_HANDLE, value._handle
    elif isinstance(value, (list, tuple)):
        values = ffi.new("ds_value[]", max(len(value), 1))
        keep.append(values)
        for i, entry in enumerate(value):
            pack(entry, values[i], keep)
        place.tag, place.count, place.u.vs = lib.DS_VALUES, len(value), values
    else:
        raise TypeError(f"cannot pass a {type(value).__name__} to a service")


def texts(function, *args) -> list[str]:
    """What a listing function of ds.h yields."""
    rows: list[str] = []
    user = ffi.new_handle(rows.append)
    check(function(context, *args, lib.ds_py_text, user))
    return rows


def text_args(text: str) -> tuple[bytes, int]:
    data = text.encode()
    return data, len(data)


def invoke(kind: str, name: str, method: str, *args: Any, row=None) -> list[list[Any]]:
    """Calls a method of a service and answers its rows; with `row`, calls that for each instead."""
    rows: list[list[Any]] = []
    failure: list[BaseException] = []

    def take(values: list[Any]) -> None:
        try:
            (row or rows.append)(values)
        except BaseException as error:
            failure.append(error)

    user = ffi.new_handle(take)
    keep: list[Any] = []
    values = ffi.new("ds_value[]", max(len(args), 1))
    for i, value in enumerate(args):
        pack(value, values[i], keep)
    _native.drain()
    status = lib.ds_invoke(context, *text_args(kind), *text_args(name), *text_args(method), values, len(args),
                           lib.ds_py_answer, user)  # fmt: skip
    if failure:
        raise failure[0]
    check(status)
    return rows


def set_option(name: str, value: Any) -> None:
    """Sets an option of the engine: "eager", "numerics", "check_finite", "flush_nodes", "flush_bytes", "float",
    "kernels", "composites". See ds.h. ValueError for an unknown name or value."""
    place, keep = ffi.new("ds_value*"), []
    pack(value, place[0], keep)
    check(lib.ds_set_option(context, *text_args(name), place))


_native.start(context, PACKAGE)
_native.configure(
    errors=errors.BY_STATUS, resolve=_resolve, dtypes=dtypes.BY_CODE, dtype_code=dtypes.code_of, devices={},
    cast_error=errors.DTypeError,
)  # fmt: skip


def _entry_point_folders() -> None:
    """Folders that installed packages offer under the entry point group "deepseek.plugins"."""
    if "DS_NO_ENTRY_POINTS" in os.environ:
        return
    for folder in sys.path:
        try:
            offers = any(
                name.endswith(".dist-info") and os.path.isfile(os.path.join(folder, name, "entry_points.txt"))
                and "[deepseek.plugins]" in open(os.path.join(folder, name, "entry_points.txt"), encoding="utf-8").read()
                for name in os.listdir(folder or ".")
            )  # fmt: skip
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
