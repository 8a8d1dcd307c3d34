"""Layers with PyTorch's names, shapes and starting values."""

from __future__ import annotations

import math
import numbers
import operator
from typing import TYPE_CHECKING, Any, Sequence, TypeVar

from .. import creation, errors
from ..creation import asarray
from . import functional as F
from . import init
from .module import Module, Parameter

if TYPE_CHECKING:
    from ..tensors import Tensor
    from ..typing import TensorLike

T = TypeVar("T")


def _count(owner: str, name: str, value: Any, least: int = 0) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise errors.ArgumentError(f"{owner}: {name} must be an integer, not {value!r}") from None
    if number < least:
        raise errors.ArgumentError(f"{owner}: {name} must be at least {least}, not {number}")
    return number


def _pair(owner: str, name: str, value: Any, least: int = 1, lengths: tuple[int, ...] = (2,)) -> tuple[int, ...]:
    """A number twice, or a checked pair."""
    if hasattr(value, "__index__"):
        return (_count(owner, name, value, least),) * 2
    if not isinstance(value, (tuple, list)) or len(value) not in lengths:
        several = " or ".join(map(str, lengths))
        raise errors.ArgumentError(f"{owner}: {name} must be an integer or {several} of them, not {value!r}")
    return tuple(_count(owner, name, entry, least) for entry in value)


def _text(*parts: Any, **settings: tuple[Any, Any]) -> str:
    """For repr: parts, then settings (value, default) that are not the default."""
    changed = [f"{name}={value!r}" for name, (value, default) in settings.items() if value != default]
    return ", ".join([*map(str, parts), *changed])


def _uniform(shape: tuple, bound: float) -> Parameter:
    return Parameter(init.uniform_(creation.empty(shape), -bound, bound))


class _Layer(Module):
    """A module that answers one tensor."""

    if TYPE_CHECKING:

        def __call__(self, *args: Any, **kwargs: Any) -> Tensor: ...


class Linear(_Layer):
    """x @ weight.T + bias: [.., in_features] -> [.., out_features]. weight [out, in], bias [out] or None.

    Both start uniform within 1 / sqrt(in_features). ArgumentError (a ValueError) if a size is negative or no integer.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        super().__init__()
        self.in_features = in_features = _count("Linear", "in_features", in_features)
        self.out_features = out_features = _count("Linear", "out_features", out_features)
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
    are (height, width). ArgumentError (a ValueError) if a size is not positive, groups do not divide both channels, or
    padding is neither numbers, "valid", nor "same" with a stride of 1.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int | Sequence[int],
                 stride: int | Sequence[int] = 1, padding: int | Sequence[int] | str = 0,
                 dilation: int | Sequence[int] = 1, groups: int = 1, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.in_channels = in_channels = _count("Conv2d", "in_channels", in_channels, 1)
        self.out_channels = out_channels = _count("Conv2d", "out_channels", out_channels, 1)
        self.groups = groups = _count("Conv2d", "groups", groups, 1)
        if in_channels % groups or out_channels % groups:
            raise errors.ArgumentError(f"Conv2d: groups must divide in_channels and out_channels, {groups} does not "
                                       f"divide {in_channels} and {out_channels}")  # fmt: skip
        self.kernel_size = _pair("Conv2d", "kernel_size", kernel_size)
        self.stride, self.dilation = _pair("Conv2d", "stride", stride), _pair("Conv2d", "dilation", dilation)
        named = isinstance(padding, str)
        self.padding = padding if named else _pair("Conv2d", "padding", padding, 0, (2, 4))
        if named and padding not in ("same", "valid"):
            raise errors.ArgumentError(f"Conv2d: padding must be numbers, 'same' or 'valid', not {padding!r}")
        if padding == "same" and self.stride != (1, 1):
            raise errors.ArgumentError(f"Conv2d: padding 'same' needs a stride of 1, not {self.stride}")
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = 1 / math.sqrt(math.prod(shape[1:]))
        self.weight = _uniform(shape, bound)
        self.register_parameter("bias", _uniform((out_channels,), bound) if bias else None)

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, in_channels, h, w] -> [n, out_channels, h', w']. ShapeError, ArgumentError if it does not fit."""
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Channels, window, stride, padding, and what else is not the default, for repr."""
        return _text(self.in_channels, self.out_channels, f"kernel_size={self.kernel_size}", f"stride={self.stride}",
                     f"padding={self.padding!r}", dilation=(self.dilation, (1, 1)), groups=(self.groups, 1),
                     bias=(self.bias is not None, True))  # fmt: skip


class _BatchNorm(_Layer):
    """Normalises over all axes but the channels' (axis 1); keeps running statistics for evaluation."""

    forms: tuple[str, ...] = ()

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True) -> None:
        super().__init__()
        self.num_features = num_features = _count(type(self).__name__, "num_features", num_features)
        self.eps, self.momentum = eps, momentum
        self.register_parameter("weight", Parameter(creation.ones(num_features)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(num_features)) if affine else None)
        self.register_buffer("running_mean", creation.zeros(num_features))
        self.register_buffer("running_var", creation.ones(num_features))

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, num_features, ..] normalised, of x's shape; in training the buffers move on. ShapeError for another
        shape, in training also for an empty x; ArgumentError there for one value per channel.
        """
        x = asarray(x)
        if x.ndim not in [form.count(",") + 1 for form in self.forms] or x.shape[1] != self.num_features:
            wanted = " or ".join(form.replace("c", str(self.num_features)) for form in self.forms)
            raise errors.ShapeError(f"{type(self).__name__} takes {wanted}, x is {list(x.shape)}")
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, self.training,
                            self.momentum, self.eps)  # fmt: skip

    def extra_repr(self) -> str:
        """Channels, eps and momentum, for repr."""
        return _text(self.num_features, f"eps={self.eps}", f"momentum={self.momentum}",
                     affine=(self.weight is not None, True))  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of [n, c] or [n, c, l] (Ioffe and Szegedy, 2015), see `functional.batch_norm`.

    weight, bias (None unless affine) and the buffers running_mean, running_var are [c]. ArgumentError if num_features
    is negative.
    """

    forms = ("[n, c]", "[n, c, l]")


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of [n, c, h, w] (Ioffe and Szegedy, 2015), see `functional.batch_norm`.

    weight, bias (None unless affine) and the buffers running_mean, running_var are [c]. ArgumentError if num_features
    is negative.
    """

    forms = ("[n, c, h, w]",)


class LayerNorm(_Layer):
    """Normalises over the last axes, whose shape is normalized_shape (Ba et al., 2016), see `functional.layer_norm`.

    weight and bias (None unless affine) have that shape. ArgumentError if an extent is negative or there is none.
    """

    def __init__(self, normalized_shape: int | Sequence[int], eps: float = 1e-5, affine: bool = True) -> None:
        super().__init__()
        extents = (normalized_shape,) if hasattr(normalized_shape, "__index__") else tuple(normalized_shape)
        if not extents:
            raise errors.ArgumentError("LayerNorm: normalized_shape must have at least one axis")
        self.normalized_shape = tuple(_count("LayerNorm", "normalized_shape", extent) for extent in extents)
        self.eps = eps
        self.register_parameter("weight", Parameter(creation.ones(self.normalized_shape)) if affine else None)
        self.register_parameter("bias", Parameter(creation.zeros(self.normalized_shape)) if affine else None)

    def forward(self, x: TensorLike) -> Tensor:
        """x [.., *normalized_shape] normalised, of x's shape. ShapeError if the last axes differ."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Shape and eps, for repr."""
        return _text(self.normalized_shape, f"eps={self.eps}", affine=(self.weight is not None, True))


class Dropout(_Layer):
    """In training, zeroes elements with probability p and scales the others by 1 / (1 - p) (Srivastava et al., 2014).

    ArgumentError (a ValueError) unless 0 <= p <= 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not isinstance(p, numbers.Real) or not 0 <= p <= 1:
            raise errors.ArgumentError(f"Dropout: p must be a probability in 0 .. 1, not {p!r}")
        self.p = p

    def forward(self, x: TensorLike) -> Tensor:
        """x of any shape with elements zeroed in training, else x itself. ArgumentError if p is no probability."""
        return F.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        """The probability, for repr."""
        return f"p={self.p}"


class Embedding(_Layer):
    """Rows of a table weight [num_embeddings, embedding_dim] by integer indices: [..] -> [.., embedding_dim].

    The table starts normal. ArgumentError if a size is negative or no integer.
    """

    def __init__(self, num_embeddings: int, embedding_dim: int) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings = _count("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = embedding_dim = _count("Embedding", "embedding_dim", embedding_dim)
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

    def extra_repr(self) -> str:
        """The axes if they are not the default, for repr."""
        return _text(start=(self.start, 1), end=(self.end, -1))


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

    def extra_repr(self) -> str:
        """The slope, for repr."""
        return f"slope={self.slope}"


class Softmax(_Layer):
    """Softmax along an axis, of x's shape. OutOfRangeError, when it is called, if there is no such axis."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: TensorLike) -> Tensor:
        """Softmax of x along the axis, of x's shape. OutOfRangeError if there is no such axis."""
        return F.softmax(x, self.axis)

    def extra_repr(self) -> str:
        """The axis, for repr."""
        return f"axis={self.axis}"


class _Pool(_Layer):
    """A window moved over [n, c, h, w] by stride, which is the window's size by default; pairs are (height, width)."""
    function = ""

    def __init__(self, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
                 padding: int | Sequence[int] = 0) -> None:  # fmt: skip
        super().__init__()
        owner = type(self).__name__
        self.kernel_size = _pair(owner, "kernel_size", kernel_size)
        self.padding = _pair(owner, "padding", padding, 0, (2, 4))
        self.stride = self.kernel_size if stride is None else _pair(owner, "stride", stride)

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

    ArgumentError if a size is not positive.
    """

    def __init__(self, output_size: int | Sequence[int]) -> None:
        super().__init__()
        self.output_size = _pair("AdaptiveAvgPool2d", "output_size", output_size)

    def forward(self, x: TensorLike) -> Tensor:
        """x [n, c, h, w] -> [n, c, *output_size]. ShapeError if x has no 4 axes, ArgumentError."""
        return F.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        """The number of cells, for repr."""
        return f"output_size={self.output_size}"
