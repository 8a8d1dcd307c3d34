"""How tensors look: NumPy's formatting under our name."""

from __future__ import annotations

from typing import Any

from . import dtypes


def representation(x: Any) -> str:
    """tensor([0.  , 0.5 ]), with dtype, device and requires_grad where they are not the default."""
    import numpy

    values = x.numpy()
    if x.size or x.shape == (0,):
        text = numpy.array2string(values, separator=", ", prefix="tensor(")
    else:
        text = f"[], shape={x.shape}"
    extras = []
    if x.size > numpy.get_printoptions()["threshold"]:
        extras.append(f"shape={x.shape}")
    if x.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or x.size == 0:
        extras.append(f"dtype={x.dtype.name}")
    if x.device != "cpu":
        extras.append(f"device='{x.device}'")
    if x.requires_grad:
        extras.append("requires_grad=True")
    name = type(x).__name__
    return f"{'tensor' if name == 'Tensor' else name}({', '.join([text, *extras])})"


def plain(x: Any) -> str:
    """What print shows: NumPy's str of the values."""
    return str(x.numpy())
