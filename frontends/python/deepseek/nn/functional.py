"""The functions behind the modules, with PyTorch's argument order and NumPy's `axis`."""

from __future__ import annotations

from typing import Any

from .. import _native
from ..sugar import use


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x [..., in] @ weight [out, in].T + bias [out]. ShapeError if the inner extents differ."""
    return use.linear(x, weight, bias)


def conv2d(x: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1,
           groups: int = 1) -> Any:  # fmt: skip
    """Convolution of [n, c, h, w] with weight [out, c / groups, kh, kw]."""
    stride, padding, dilation = _pair(stride), _pair(padding), _pair(dilation)
    return use.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def max_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """Largest element of each window of [n, c, h, w]."""
    size = _pair(kernel_size)
    return use.max_pool2d(x, kernel_size=size, stride=size if stride is None else _pair(stride), padding=_pair(padding))


def avg_pool2d(x: Any, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """Mean of each window of [n, c, h, w]."""
    size = _pair(kernel_size)
    return use.avg_pool2d(x, kernel_size=size, stride=size if stride is None else _pair(stride), padding=_pair(padding))


def adaptive_avg_pool2d(x: Any, output_size: Any) -> Any:
    """Means of output_size windows of [n, c, h, w]."""
    return use.adaptive_avg_pool2d(x, output_size=_pair(output_size))


def batch_norm(x: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
               training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Any:  # fmt: skip
    """Normalisation over all axes but 1; in training the running statistics are moved on in place."""
    if not training:
        return use.batch_norm_inference(x, running_mean, running_var, weight, bias, epsilon=eps)
    result, mean, var = use.batch_norm(x, weight, bias, epsilon=eps)
    if running_mean is not None:
        count = x.size // x.shape[1]
        mean, var = mean.detach(), var.detach() * (count / max(count - 1, 1))
        _native.assign(running_mean, running_mean * (1 - momentum) + mean * momentum)
        _native.assign(running_var, running_var * (1 - momentum) + var * momentum)
    return result


def layer_norm(x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalisation over the last axes, those of normalized_shape."""
    return use.layer_norm(x, weight, bias, axis=-len(normalized_shape), epsilon=eps)


def dropout(x: Any, p: float = 0.5, training: bool = True) -> Any:
    """Zeroes elements with probability p and scales the others by 1 / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError(f"p is a probability, not {p}")
    return use.dropout(x, p=p, training=True) if training and p else x


def embedding(indices: Any, weight: Any) -> Any:
    """Rows of weight [n, d] by integer indices."""
    return use.embedding(weight, indices)


def relu(x: Any) -> Any:
    """max(x, 0)."""
    return use.relu(x)


def gelu(x: Any) -> Any:
    """x * Phi(x)."""
    return use.gelu(x)


def silu(x: Any) -> Any:
    """x * sigmoid(x)."""
    return use.silu(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, else alpha * (exp(x) - 1)."""
    return use.elu(x, alpha=alpha)


def leaky_relu(x: Any, slope: float = 0.01) -> Any:
    """x where positive, else slope * x."""
    return use.leaky_relu(x, alpha=slope)


def softplus(x: Any) -> Any:
    """log(1 + exp(x))."""
    return use.softplus(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return use.sigmoid(x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return use.tanh(x)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along an axis."""
    return use.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    """log(softmax(x)), without overflow."""
    return use.log_softmax(x, axis=axis)


def one_hot(labels: Any, classes: int) -> Any:
    """Rows of zeros with a one at the label."""
    return use.one_hot(labels, depth=classes)


def cross_entropy(logits: Any, labels: Any, reduction: str = "mean", label_smoothing: float = 0.0) -> Any:
    """-log_softmax(logits [n, classes])[labels [n]]; label_smoothing spreads that much over all classes."""
    return use.cross_entropy(logits, labels, label_smoothing=label_smoothing, reduction=reduction)


def nll_loss(log_probabilities: Any, labels: Any, reduction: str = "mean") -> Any:
    """-log_probabilities [n, classes][labels [n]]."""
    return use.nll_loss(log_probabilities, labels, reduction=reduction)


def mse_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """(prediction - target)^2."""
    return use.mse_loss(prediction, target, reduction=reduction)


def l1_loss(prediction: Any, target: Any, reduction: str = "mean") -> Any:
    """|prediction - target|."""
    return use.l1_loss(prediction, target, reduction=reduction)


def bce_with_logits(logits: Any, target: Any, reduction: str = "mean") -> Any:
    """Binary cross entropy of sigmoid(logits)."""
    return use.bce_with_logits(logits, target, reduction=reduction)
