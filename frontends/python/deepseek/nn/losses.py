"""Losses as modules."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

from .. import errors
from ..creation import asarray
from . import functional as F
from .layers import _count, _Layer, _text

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike


class _Loss(_Layer):
    """A loss of predictions and targets. reduction: "mean", "sum" or "none"; ArgumentError for others."""

    function = ""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        if not isinstance(reduction, str) or reduction not in ("mean", "sum", "none"):
            raise errors.ArgumentError(f"{type(self).__name__}: reduction must be 'mean', 'sum' or 'none', not "
                                       f"{reduction!r:.80}")  # fmt: skip
        self.reduction = reduction

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """The loss, of shape [] unless reduction is "none". ShapeError if shapes do not fit, ArgumentError."""
        return getattr(F, self.function)(prediction, target, reduction=self.reduction)

    def extra_repr(self) -> str:
        """What is not the default, for repr."""
        return _text(reduction=(self.reduction, "mean"))


class CrossEntropyLoss(_Loss):
    """-log softmax(logits)[label] of logits [n, classes, ..], integer labels [n, ..], see `functional.cross_entropy`.

    reduction: "mean", "sum" or "none"; ArgumentError for others, or a label_smoothing outside of 0 .. 1. Labels of
    ignore_index (-100) are left out. weight [classes] is a buffer.
    """

    function = "cross_entropy"

    def __init__(self, reduction: str = "mean", *, label_smoothing: float = 0.0, weight: TensorLike | None = None,
                 ignore_index: int = -100) -> None:  # fmt: skip
        super().__init__(reduction)
        if not isinstance(label_smoothing, numbers.Real) or not 0 <= label_smoothing <= 1:
            raise errors.ArgumentError(f"CrossEntropyLoss: label_smoothing must be in 0 .. 1, not {label_smoothing!r}")
        self.label_smoothing = label_smoothing
        self.ignore_index = _count("CrossEntropyLoss", "ignore_index", ignore_index, -(2**63))
        self.register_buffer("weight", None if weight is None else asarray(weight))

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """The loss of logits [n, classes, ..] and labels [n, ..], of shape [] unless reduction is "none". ShapeError if
        shapes do not fit, OutOfRangeError for a label when it runs.
        """
        return F.cross_entropy(prediction, target, self.reduction, self.label_smoothing, self.weight, self.ignore_index)

    def extra_repr(self) -> str:
        """What is not the default, for repr."""
        weight = None if self.weight is None else list(self.weight.shape)
        return _text(reduction=(self.reduction, "mean"), label_smoothing=(self.label_smoothing, 0.0),
                     weight=(weight, None), ignore_index=(self.ignore_index, -100))  # fmt: skip


class NLLLoss(_Loss):
    """-log_probabilities[label] of [n, classes, ..] and integer labels [n, ..], see `functional.nll_loss`.

    reduction: "mean", "sum" or "none"; ArgumentError for others. Labels of ignore_index (-100) are left out.
    """

    def __init__(self, reduction: str = "mean", *, ignore_index: int = -100) -> None:
        super().__init__(reduction)
        self.ignore_index = _count("NLLLoss", "ignore_index", ignore_index, -(2**63))

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """The loss of [n, classes, ..] and labels [n, ..], of shape [] unless reduction is "none". ShapeError if shapes
        do not fit, OutOfRangeError for a label when it runs.
        """
        return F.nll_loss(prediction, target, self.reduction, self.ignore_index)

    def extra_repr(self) -> str:
        """What is not the default, for repr."""
        return _text(reduction=(self.reduction, "mean"), ignore_index=(self.ignore_index, -100))


class MSELoss(_Loss):
    """(prediction - target)^2 of the same shape. reduction: "mean", "sum" or "none"; ArgumentError for others."""

    function = "mse_loss"


class L1Loss(_Loss):
    """|prediction - target| of the same shape. reduction: "mean", "sum" or "none"; ArgumentError for others."""

    function = "l1_loss"


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of sigmoid(logits) and targets in 0 .. 1 of the same shape, without overflow.

    reduction: "mean", "sum" or "none"; ArgumentError for others.
    """

    function = "bce_with_logits"
