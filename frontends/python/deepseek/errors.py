"""What can go wrong. Every error is a DeepSeekError and also the built-in class NumPy users would catch.

The text tells the story: the operator, the shapes, and where it was recorded::

    ShapeError: matmul inner sizes differ: [2,3] @ [4,5]
      recorded at train.py:12   logits = h @ w
"""

from __future__ import annotations


class DeepSeekError(Exception):
    """Base of all errors of deepseek."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ArgumentError(DeepSeekError, ValueError):
    """A wrong value, attribute or number of arguments."""


class ShapeError(DeepSeekError, ValueError):
    """Shapes do not fit together."""


class DTypeError(DeepSeekError, TypeError):
    """Dtypes do not fit the operator."""


class DeviceError(DeepSeekError, RuntimeError):
    """Values live on different devices, or the device is absent."""


class OutOfRangeError(DeepSeekError, IndexError, ValueError):
    """An index or axis is outside its range."""


class NotFoundError(DeepSeekError, KeyError, AttributeError):
    """No operator, plugin or file of that name."""


class OutOfMemoryError(DeepSeekError, MemoryError):
    """An allocation failed."""


class SizeError(DeepSeekError, OverflowError, ValueError):
    """A size does not fit in 63 bits."""


class UnsupportedError(DeepSeekError, NotImplementedError):
    """Understood, but not possible here."""


class StaleHandleError(DeepSeekError, ReferenceError):
    """A tensor that was released, or belongs to another context."""


class PluginError(DeepSeekError, ImportError):
    """A plugin that cannot be loaded or breaks the contract."""


class FileError(DeepSeekError, OSError):
    """Reading or writing failed."""


class CheckpointError(DeepSeekError, OSError, ValueError):
    """A file of tensors that cannot be read, does not hold together, or could not be written."""


class MissingFileError(CheckpointError, FileNotFoundError):
    """A file of tensors that is not there: a CheckpointError and the built-in FileNotFoundError."""


class NonFiniteError(DeepSeekError, FloatingPointError):
    """NaN or infinity where it was asked to be reported (`deepseek.set_option("check_finite", True)`)."""


class ReadOnlyError(DeepSeekError, ValueError):
    """A write to a read-only tensor."""


class InternalError(DeepSeekError, RuntimeError):
    """A broken invariant of deepseek itself: please report."""


BY_STATUS = {
    1: ArgumentError,
    2: ShapeError,
    3: DTypeError,
    4: DeviceError,
    5: OutOfRangeError,
    6: NotFoundError,
    7: OutOfMemoryError,
    8: SizeError,
    9: UnsupportedError,
    10: UnsupportedError,
    11: StaleHandleError,
    12: PluginError,
    13: FileError,
    14: CheckpointError,
    15: NonFiniteError,
    16: ReadOnlyError,
    17: InternalError,
}
