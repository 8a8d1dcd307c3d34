"""Types for annotations: what functions take as a tensor (`TensorLike`) and as a dtype (`DTypeLike`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any as _Any, Protocol as _Protocol, Sequence as _Sequence, Union as _Union

if TYPE_CHECKING:
    import numpy

    from .dtypes import DType
    from .tensors import Tensor


class SupportsArray(_Protocol):
    """What NumPy can make an array of: arrays, NumPy's scalars, tensors of other packages."""

    def __array__(self) -> _Any: ...


class SupportsDLPack(_Protocol):
    """What exports its memory by DLPack."""

    def __dlpack__(self) -> _Any: ...


TensorLike = _Union["Tensor", bool, int, float, SupportsArray, SupportsDLPack, _Sequence["TensorLike"]]
DTypeLike = _Union["DType", str, type, "numpy.dtype[_Any]"]
