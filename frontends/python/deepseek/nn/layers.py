"""Layers with PyTorch's names, shapes and starting values."""

from __future__ import annotations

import math
from typing import Any

from .. import creation
from . import functional as F
from . import init
from .module import Module, Parameter


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def _uniform(shape: tuple, bound: float) -> Parameter:
    return Parameter(init.uniform_(creation.empty(shape), -bound, bound))


class Linear(Module):
    """x @ weight.T + bias: [..., in_features] -> [..., out_features]. weight [out, in], bias [out]."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        self.weight = _uniform((out_features, in_features), bound)
        self.register_parameter("bias", _uniform((out_features,), bound) if bias else None)

    def forward(self, x: Any) -> Any:
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.in_features}, {self.out_features}, bias={self.bias is not None}"


class Conv2d(Module):
    """2-d convolution: [n, in_channels, h, w] -> [n, out_channels, h', w']. weight [out, in / groups, kh, kw]."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size, self.stride = _pair(kernel_size), _pair(stride)
        self.padding, self.dilation = _pair(padding), _pair(dilation)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.weight = _uniform(shape, bound)
        self.register_parameter("bias", _uniform((out_channels,), bound) if bias else None)

    def forward(self, x: Any) -> Any:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        shape = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"
        return f"{shape}, stride={self.stride}, padding={self.padding}"


class _BatchNorm(Module):
    """Normalises over all axes but the channels' (axis 1); keeps running statistics for evaluation."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.register_parameter("weight", Parameter(creation.ones(num_features)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(num_features)) if affine else None)
        self.register_buffer("running_mean", creation.zeros(num_features))
        self.register_buffer("running_var", creation.ones(num_features))

    def forward(self, x: Any) -> Any:
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training,
                            self.momentum, self.eps)  # fmt: skip

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of [n, c] or [n, c, l] (Ioffe and Szegedy, 2015)."""


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of [n, c, h, w]."""


class LayerNorm(Module):
    """Normalises over the last axes, those of normalized_shape (Ba et al., 2016)."""

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps = eps
        self.register_parameter("weight", Parameter(creation.ones(self.normalized_shape)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(self.normalized_shape)) if affine else None)

    def forward(self, x: Any) -> Any:
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class Dropout(Module):
    """In training, zeroes elements with probability p and scales the others by 1 / (1 - p)."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Embedding(Module):
    """Rows of a table by integer indices: [...] -> [..., embedding_dim]."""

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Parameter(init.normal_(creation.empty((num_embeddings, embedding_dim))))

    def forward(self, indices: Any) -> Any:
        return F.embedding(indices, self.weight)

    def extra_repr(self) -> str:
        return f"{self.num_embeddings}, {self.embedding_dim}"


class Flatten(Module):
    """One axis in place of axes start..end; keeps the batch axis by default."""

    def __init__(self, start: int = 1, end: int = -1) -> None:
        super().__init__()
        self.start, self.end = start, end

    def forward(self, x: Any) -> Any:
        from .. import functions

        return functions.flatten(x, self.start, self.end)


class Identity(Module):
    """Its input."""

    def forward(self, x: Any) -> Any:
        return x


def _activation(name: str, function: str, doc: str) -> type[Module]:
    def forward(self, x: Any) -> Any:
        return getattr(F, function)(x)

    return type(name, (Module,), {"__doc__": doc, "__module__": __name__, "forward": forward})


ReLU = _activation("ReLU", "relu", "max(x, 0).")
GELU = _activation("GELU", "gelu", "x * Phi(x), Phi of the normal distribution (Hendrycks and Gimpel, 2016).")
SiLU = _activation("SiLU", "silu", "x * sigmoid(x).")
Sigmoid = _activation("Sigmoid", "sigmoid", "1 / (1 + exp(-x)).")
Tanh = _activation("Tanh", "tanh", "Hyperbolic tangent.")


class LeakyReLU(Module):
    """x where positive, else slope * x."""

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope

    def forward(self, x: Any) -> Any:
        return F.leaky_relu(x, self.slope)


class Softmax(Module):
    """Softmax along an axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return F.softmax(x, self.axis)


class _Pool(Module):
    function = ""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size, self.padding = _pair(kernel_size), _pair(padding)
        self.stride = self.kernel_size if stride is None else _pair(stride)

    def forward(self, x: Any) -> Any:
        return getattr(F, self.function)(x, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool):
    """Largest element of each window: [n, c, h, w] -> [n, c, h', w']."""

    function = "max_pool2d"


class AvgPool2d(_Pool):
    """Mean of each window; padding counts as zeros."""

    function = "avg_pool2d"


class AdaptiveAvgPool2d(Module):
    """Means of as many windows as asked for: [n, c, h, w] -> [n, c, *output_size]."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = _pair(output_size)

    def forward(self, x: Any) -> Any:
        return F.adaptive_avg_pool2d(x, self.output_size)


# ---- losses ----------------------------------------------------------------------------------------------------------
class _Loss(Module):
    function = ""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, prediction: Any, target: Any) -> Any:
        return getattr(F, self.function)(prediction, target, reduction=self.reduction)


class CrossEntropyLoss(_Loss):
    """-log softmax(logits)[label]: logits [n, classes], integer labels [n]. reduction: mean, sum or none."""

    function = "cross_entropy"


class NLLLoss(_Loss):
    """-log_probabilities[label]."""

    function = "nll_loss"


class MSELoss(_Loss):
    """(prediction - target)^2."""

    function = "mse_loss"


class L1Loss(_Loss):
    """|prediction - target|."""

    function = "l1_loss"


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of sigmoid(logits), computed without overflow."""

    function = "bce_with_logits"


