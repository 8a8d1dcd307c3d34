"""deepseek: deep learning in C++ where everything is a plugin, with NumPy's names.

    import deepseek as ds
    w = ds.randn(3, requires_grad=True)
    loss = ((w * ds.tensor([1., 2., 3.])).sum() - 1) ** 2
    loss.backward()
    w.grad

Nothing runs until somebody looks at a value; then what was recorded is rewritten, compiled, run and remembered. Modules
are in `deepseek.nn`, optimizers in `deepseek.optim`, loading of data in `deepseek.data`, ready-made use of images in
`deepseek.vision`; every operator of every plugin is in `deepseek.ops`, types for annotations in `deepseek.typing`.
"""

import importlib as _importlib
import types as _types

from . import _native as _native
from . import dtypes, errors, sugar as _sugar
from ._runtime import set_option as set_option
from .autograd import (
    backward as backward, enable_grad as enable_grad, grad as grad, is_grad_enabled as is_grad_enabled,
    no_grad as no_grad, set_grad_enabled as set_grad_enabled,
)  # fmt: skip
from .creation import (
    array as array, asarray as asarray, empty as empty, empty_like as empty_like, from_dlpack as from_dlpack,
    from_numpy as from_numpy, frombuffer as frombuffer, full as full, full_like as full_like, ones as ones,
    ones_like as ones_like, tensor as tensor, zeros as zeros, zeros_like as zeros_like,
)  # fmt: skip
from .dtypes import (
    DType as DType, bfloat16 as bfloat16, bool_ as bool_, complex64 as complex64, complex128 as complex128,
    dtype as dtype, float16 as float16, float32 as float32, float64 as float64, get_default_dtype as get_default_dtype,
    int8 as int8, int16 as int16, int32 as int32, int64 as int64, set_default_dtype as set_default_dtype,
    uint8 as uint8, uint16 as uint16, uint32 as uint32, uint64 as uint64,
)  # fmt: skip
from .errors import (
    ArgumentError as ArgumentError, CheckpointError as CheckpointError, DTypeError as DTypeError,
    DeepSeekError as DeepSeekError, DeviceError as DeviceError, FileError as FileError,
    InternalError as InternalError, NonFiniteError as NonFiniteError, NotFoundError as NotFoundError,
    OutOfMemoryError as OutOfMemoryError, OutOfRangeError as OutOfRangeError, PluginError as PluginError,
    ReadOnlyError as ReadOnlyError, ShapeError as ShapeError, SizeError as SizeError,
    StaleHandleError as StaleHandleError, UnsupportedError as UnsupportedError,
)  # fmt: skip
from .tensors import Tensor as Tensor
from . import indexing as _indexing  # noqa: F401  installs advanced indexing

_sugar.install()

bool = dtypes.bool_  # noqa: A001
pi, e, inf, nan, newaxis = 3.141592653589793, 2.718281828459045, float("inf"), float("nan"), None
ndarray = Tensor

# Loaded when first used, so that `import deepseek` stays cheap.
_MODULES = frozenset(
    "autograd checkpoint data dtypes engine errors functions nn ops optim random typing vision".split()
)
_LAZY = {
    **dict.fromkeys(("save", "load", "formats", "Checkpoint"), "checkpoint"),
    **dict.fromkeys(("plugins", "load_plugin", "add_plugin_folder", "devices", "explain", "graph_text", "evaluate",
                     "counters"), "engine"),
    **dict.fromkeys(("manual_seed", "seed", "rand", "randn", "randint", "permutation", "bernoulli"), "random"),
}  # fmt: skip


def __getattr__(name: str):
    if name in _MODULES:
        return _importlib.import_module("." + name, __name__)
    if name == "__version__":
        from .engine import version

        return version()
    found = None
    if name in _LAZY:
        found = getattr(_importlib.import_module("." + _LAZY[name], __name__), name)
    elif not name.startswith("_"):
        from . import functions

        found = functions.TABLE[name] if name in functions.TABLE else _sugar.public(name)
    if found is None:
        raise AttributeError(f"module 'deepseek' has no attribute '{name}'")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    from . import functions

    # Without the modules behind all this, which importing makes attributes.
    here = (name for name, value in globals().items() if not isinstance(value, _types.ModuleType))
    return sorted({*here, *_MODULES, *_LAZY, *functions.TABLE, *_sugar.public_names()})
