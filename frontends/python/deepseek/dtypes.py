"""Element types. `deepseek.float32` compares equal to NumPy's float32, its name and np.dtype("float32")."""

from __future__ import annotations

import typing

from . import _native

if typing.TYPE_CHECKING:
    from typing import Any

    import numpy

    from .tensors import Tensor
    from .typing import DTypeLike, TensorLike

_lib = _native.lib


class DType:
    """An element type: `name`, `itemsize` in bytes, `kind` as NumPy's letter ('b' bool, 'i', 'u', 'f', 'c').

    Calling one makes a tensor of that type: `deepseek.float32(3)`.
    """

    __slots__ = ("code", "itemsize", "kind", "name")

    def __init__(self, name: str, code: int, kind: str) -> None:
        self.name = name
        self.code = code
        self.kind = kind
        self.itemsize = (code >> 8 & 0xFF) // 8

    def __repr__(self) -> str:
        return f"deepseek.{self.name}"

    def __str__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: Any) -> bool:
        if isinstance(other, DType):
            return self is other
        try:
            return dtype(other) is self
        except TypeError:
            return False

    def __reduce__(self) -> tuple[Any, ...]:
        return dtype, (self.name,)

    def __call__(self, value: TensorLike = 0) -> Tensor:
        from .creation import asarray

        return asarray(value, dtype=self)

    @property
    def dtype(self) -> numpy.dtype[Any]:
        """The NumPy dtype; this is what makes `np.dtype(deepseek.float32)` work."""
        import numpy

        if self.name == "bfloat16":
            raise TypeError("NumPy has no bfloat16")
        return numpy.dtype(self.name)


_KINDS = (
    ("bool", "BOOL", "b"), ("int8", "I8", "i"), ("int16", "I16", "i"), ("int32", "I32", "i"), ("int64", "I64", "i"),
    ("uint8", "U8", "u"), ("uint16", "U16", "u"), ("uint32", "U32", "u"), ("uint64", "U64", "u"),
    ("float16", "F16", "f"), ("bfloat16", "BF16", "f"), ("float32", "F32", "f"), ("float64", "F64", "f"),
    ("complex64", "C64", "c"), ("complex128", "C128", "c"),
)  # fmt: skip

BY_NAME = {name: DType(name, getattr(_lib, "DS_" + constant), kind) for name, constant, kind in _KINDS}
BY_CODE = {entry.code: entry for entry in BY_NAME.values()}

bool_ = BY_NAME["bool"]
int8, int16, int32, int64 = (BY_NAME[f"int{bits}"] for bits in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (BY_NAME[f"uint{bits}"] for bits in (8, 16, 32, 64))
float16, bfloat16, float32, float64 = (BY_NAME[name] for name in ("float16", "bfloat16", "float32", "float64"))
complex64, complex128 = BY_NAME["complex64"], BY_NAME["complex128"]

_default = float32
_PYTHON = {bool: bool_, int: int64}
_SHORT = {"half": float16, "float": float64, "double": float64, "int": int64, "bool_": bool_,
          "f16": float16, "bf16": bfloat16, "f32": float32, "f64": float64, "i8": int8, "i16": int16, "i32": int32,
          "i64": int64, "u8": uint8, "u16": uint16, "u32": uint32,
          "u64": uint64, "c64": complex64, "c128": complex128}  # fmt: skip


def dtype(of: Any) -> DType:
    """The DType of a name, a Python type, a NumPy dtype or scalar type. TypeError for anything else.

    Python's `float` is the default float dtype (`set_default_dtype`), `int` is int64.
    """
    if isinstance(of, DType):
        return of
    if of is float:
        return _default
    if of is complex:
        return complex64 if _default is float32 else complex128
    if of.__class__ is type and of in _PYTHON:
        return _PYTHON[of]
    if isinstance(of, str) and (of in BY_NAME or of in _SHORT):
        return BY_NAME.get(of) or _SHORT[of]
    if isinstance(of, int) and not isinstance(of, bool) and of in BY_CODE:
        return BY_CODE[of]
    if of is not None:
        import numpy

        try:
            name = numpy.dtype(of).name
        except TypeError:
            name = None
        if name in BY_NAME:
            return BY_NAME[name]
    raise TypeError(f"no dtype is called {of!r}")


def code_of(of: Any) -> int:
    """The number of a dtype-like in the C ABI. TypeError if there is none."""
    return of.code if of.__class__ is DType else dtype(of).code


def get_default_dtype() -> DType:
    """What Python floats become: float32 unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(to: DTypeLike) -> None:
    """Sets what Python floats and integers in float operators become. A floating dtype, else TypeError."""
    global _default
    new = dtype(to)
    if new.kind != "f":
        raise TypeError(f"the default dtype must be a floating type, not {new}")
    from ._runtime import set_option

    set_option("float", new)
    _default = new
