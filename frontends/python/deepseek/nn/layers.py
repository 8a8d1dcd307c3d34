"""Layers with PyTorch's names, shapes and starting values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Sequence, TypeVar

from .. import creation
from . import functional as F
from . import init
from .module import Module, Parameter

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike

T = TypeVar("T")


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _uniform(shape: tuple, bound: float) -> Parameter:
    return Parameter(init.uniform_(creation.empty(shape), -bound, bound))


class _Layer(Module):
    """A module that answers one tensor."""

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Tensor: ...


class Linear(_Layer):
    """x @ weight.T + bias: [.., in_features] -> [.., out_features]. weight [out, in], bias [out] or None.

    Both start uniform within 1 / sqrt(in_features). ValueError if a size is negative.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        self.weight = _uniform((out_features, in_features), bound)
        self.register_parameter("bias", _uniform((out_features,), bound) if bias else None)

    def forward(self, x: TensorLike) -> Tensor:
        """x [.., in_features] -> [.., out_features]. ShapeError if the last extent differs."""
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """The sizes, for repr."""
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class Conv2d(_Layer):
    """2-d cross-correlation: [n, in_channels, h, w] -> [n, out_channels, h', w'], see `functional.conv2d`.

    weight [out, in / groups, kh, kw], bias [out] or None start uniform within 1 / sqrt(in / groups * kh * kw). Pairs
    are (height, width). ValueError if a size is negative, ZeroDivisionError if one is 0.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int | Sequence[int],
                 stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0, dilation: int | Sequence[int] = 1,
                 groups: int = 1, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _pair(kernel_size), _pair(stride)
        self.padding, self.dilation = _pair(padding), _pair(dilation)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.weight = _uniform(shape, bound)
        self.register_parameter("bias", _uniform((out_channels,), bound) if bias else None)

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, in_channels, h, w] -> [n, out_channels, h', w']. ShapeError, ArgumentError if it does not fit."""
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Channels, window, stride and padding, for repr."""
        shape = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        return f"{shape}, stride={self.stride}, padding={self.padding}"


class _BatchNorm(_Layer):
    """Normalises over all axes but the channels' (axis 1); keeps running statistics for evaluation."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.register_parameter("weight", Parameter(creation.ones(num_features)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(num_features)) if affine else None)
        self.register_buffer("running_mean", creation.zeros(num_features))
        self.register_buffer("running_var", creation.ones(num_features))

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, num_features, ..] normalised, of x's shape; in training the buffers move on. ShapeError."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training,
                            self.momentum, self.eps)  # fmt: skip

    def extra_repr(self) -> str:
        """Channels, eps and momentum, for repr."""
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of [n, c] or [n, c, l] (Ioffe and Szegedy, 2015), see `functional.batch_norm`.

    weight, bias (None unless affine) and the buffers running_mean, running_var are [c]. ArgumentError if num_features
    is negative.
    """


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of [n, c, h, w] (Ioffe and Szegedy, 2015), see `functional.batch_norm`.

    weight, bias (None unless affine) and the buffers running_mean, running_var are [c]. ArgumentError if num_features
    is negative.
    """


class LayerNorm(_Layer):
    """Normalises over the last axes, whose shape is normalized_shape (Ba et al., 2016), see `functional.layer_norm`.

    weight and bias (None unless affine) have that shape. ArgumentError if an extent is negative.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.register_parameter("weight", Parameter(creation.ones(self.normalized_shape)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(self.normalized_shape)) if affine else None)

    def forward(self, x: TensorLike) -> Tensor:
        """x [.., *normalized_shape] normalised, of x's shape. ShapeError if weight does not fit, OutOfRangeError."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Shape and eps, for repr."""
        return f"{self.normalized_shape}, eps={self.eps}"


class Dropout(_Layer):
    """In training, zeroes elements with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014).

    ValueError, when it is called, unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: TensorLike) -> Tensor:
        """x of any shape with elements zeroed in training, else x itself. ValueError if p is no probability."""
        return F.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        """The probability, for repr."""
        return f"p={self.p}"


class Embedding(_Layer):
    """Rows of a table weight [num_embeddings, embedding_dim] by integer indices: [..] -> [.., embedding_dim].

    The table starts normal. ArgumentError if a size is negative.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(init.normal_(creation.empty((num_embeddings, embedding_dim))))

    def forward(self, indices: TensorLike) -> Tensor:
        """indices [..] -> [.., embedding_dim]. DTypeError if they are no integers, OutOfRangeError when it runs."""
        return F.embedding(indices, self.weight)

    def extra_repr(self) -> str:
        """The sizes, for repr."""
        return f"{self.num_embeddings}, {self.embedding_dim}"


class Flatten(_Layer):
    """One axis in place of axes start..end; keeps the batch axis by default: [n, c, h, w] -> [n, c * h * w].

    OutOfRangeError, when it is called, if there is no such axis.
    """

    def __init__(self, start: int = 1, end: int = -1) -> None:
        super().__init__()
        self.start, self.end = start, end

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, ..] -> [n, size of the rest] with the default axes. OutOfRangeError if there is no such axis."""
        from .. import functions

        return functions.flatten(x, self.start, self.end)


class Identity(_Layer):
    """A layer that answers its input, of any shape."""

    def forward(self, x: T) -> T:
        """Answers x, of any shape, itself."""
        return x


def _activation(name: str, function: str, doc: str) -> type[_Layer]:
    def forward(self, x: TensorLike) -> Tensor:
        """The function of x by element, of x's shape. TypeError if x is not tensor-like."""
        return getattr(F, function)(x)

    return type(name, (_Layer,), {"__doc__": doc, "__module__": __name__, "forward": forward})


ReLU = _activation("ReLU", "relu", "max(x, 0) by element, of x's shape (Nair and Hinton, 2010).")
GELU = _activation("GELU", "gelu", "x * Phi(x), Phi the normal one, of x's shape (Hendrycks and Gimpel, 2016).")
SiLU = _activation("SiLU", "silu", "x * sigmoid(x) by element, of x's shape (Elfwing et al., 2017).")
Sigmoid = _activation("Sigmoid", "sigmoid", "1 / (1 + exp(-x)) by element, of x's shape.")
Tanh = _activation("Tanh", "tanh", "Hyperbolic tangent by element, of x's shape.")


class LeakyReLU(_Layer):
    """x where positive, else slope * x, of x's shape (Maas et al., 2013)."""

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: TensorLike) -> Tensor:
        """The function of x by element, of x's shape. TypeError if x is not tensor-like."""
        return F.leaky_relu(x, self.slope)


class Softmax(_Layer):
    """Softmax along an axis, of x's shape. OutOfRangeError, when it is called, if there is no such axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: TensorLike) -> Tensor:
        """Softmax of x along the axis, of x's shape. OutOfRangeError if there is no such axis."""
        return F.softmax(x, self.axis)


class _Pool(_Layer):
    """A window moved over [n, c, h, w] by stride, which is the window's size by default; pairs are (height, width)."""
    function = ""

    def __init__(self, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
                 padding: int | Sequence[int] = 0) -> None:  # fmt: skip
        super().__init__()
        self.kernel_size, self.padding = _pair(kernel_size), _pair(padding)
        self.stride = self.kernel_size if stride is None else _pair(stride)

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, c, h, w] -> [n, c, h', w']. ShapeError, ArgumentError if the window does not fit."""
        return getattr(F, self.function)(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        """Window, stride and padding, for repr."""
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool):
    """Largest element of each window: [n, c, h, w] -> [n, c, h', w'], see `functional.max_pool2d`.

    ArgumentError or ShapeError, when it is called, if sizes do not fit.
    """

    function = "max_pool2d"


class AvgPool2d(_Pool):
    """Mean of each window, padding counts as zeros: [n, c, h, w] -> [n, c, h', w'], see `functional.avg_pool2d`.

    ArgumentError or ShapeError, when it is called, if sizes do not fit.
    """

    function = "avg_pool2d"


class AdaptiveAvgPool2d(_Layer):
    """Means of as many cells as asked for: [n, c, h, w] -> [n, c, *output_size].

    ArgumentError, when it is called, if a size is not positive.
    """

    def __init__(self, output_size: int | Sequence[int]) -> None:
        super().__init__()
        self.output_size = _pair(output_size)

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, c, h, w] -> [n, c, *output_size]. ShapeError if x has no 4 axes, ArgumentError."""
        return F.adaptive_avg_pool2d(x, self.output_size)


# ---- losses ----------------------------------------------------------------------------------------------------------
class _Loss(_Layer):
    """A loss of predictions and targets. reduction: "mean", "sum" or "none"; ArgumentError, when called, for others."""
    function = ""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, prediction: TensorLike, target: TensorLike) -> Tensor:
        """The loss, of shape [] unless reduction is "none". ShapeError if shapes do not fit, ArgumentError."""
        return getattr(F, self.function)(prediction, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    """-log softmax(logits)[label] of logits [n, classes, ..], integer labels [n, ..], see `functional.cross_entropy`.

    reduction: "mean", "sum" or "none"; ArgumentError, when it is called, for others.
    """

    function = "cross_entropy"


class NLLLoss(_Loss):
    """-log_probabilities[label] of [n, classes, ..] and integer labels [n, ..], see `functional.nll_loss`.

    reduction: "mean", "sum" or "none"; ArgumentError, when it is called, for others.
    """

    function = "nll_loss"


class MSELoss(_Loss):
    """(prediction - target)^2, broadcast. reduction: "mean", "sum" or "none"; else ArgumentError when called."""

    function = "mse_loss"


class L1Loss(_Loss):
    """|prediction - target|, broadcast. reduction: "mean", "sum" or "none"; else ArgumentError when called."""

    function = "l1_loss"


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of sigmoid(logits) and targets in 0 .. 1, broadcast, without overflow.

    reduction: "mean", "sum" or "none"; ArgumentError, when it is called, for others.
    """

    function = "bce_with_logits"
