"""The functions behind the modules, with PyTorch's argument order and NumPy's `axis`."""

from __future__ import annotations

import typing

from .. import _native, errors as _errors, random as _random
from ..creation import asarray as _asarray
from ..sugar import use as _use

if typing.TYPE_CHECKING:
    from typing import Any, Sequence

    from ..tensors import Tensor
    from ..typing import TensorLike


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if hasattr(value, "__index__") else tuple(value)


def _same(weight: Any, stride: Any, padding: str, dilation: Any) -> tuple[int, ...]:
    """Padding by name, as (top, left, bottom, right)."""
    if padding == "valid":
        return (0, 0)
    if padding != "same":
        raise _errors.ArgumentError(f"conv2d: padding must be numbers, 'same' or 'valid', not {padding!r}")
    if tuple(stride) != (1, 1):
        raise _errors.ArgumentError(f"conv2d: padding 'same' needs a stride of 1, not {stride}")
    whole = [spread * (extent - 1) for extent, spread in zip(_asarray(weight).shape[2:], dilation)]
    return (*(extent // 2 for extent in whole), *(extent - extent // 2 for extent in whole))


def linear(x: TensorLike, weight: TensorLike, bias: TensorLike | None = None) -> Tensor:
    """x [.., in] @ weight [out, in].T + bias [out] -> [.., out]. ShapeError if the inner extents differ."""
    return _use.linear(x, weight, bias)


def conv2d(x: TensorLike, weight: TensorLike, bias: TensorLike | None = None, stride: int | Sequence[int] = 1,
           padding: int | Sequence[int] | str = 0, dilation: int | Sequence[int] = 1,
           groups: int = 1) -> Tensor:  # fmt: skip
    """Cross-correlation of x [n, c, h, w] with weight [out, c / groups, kh, kw], plus bias [out]: [n, out, h', w'].

    h' = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1, w' alike (ONNX Conv). Pairs are (height, width), in
    elements; padding also (top, left, bottom, right), "valid" (none) or, with a stride of 1, "same" (h' = h, w' = w).
    ShapeError if channels, groups or a window do not fit, ArgumentError for a stride or dilation that is not positive
    or another padding.
    """
    stride, dilation = _pair(stride), _pair(dilation)
    padding = _same(weight, stride, padding, dilation) if isinstance(padding, str) else _pair(padding)
    return _use.conv2d(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def max_pool2d(x: TensorLike, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
               padding: int | Sequence[int] = 0) -> Tensor:  # fmt: skip
    """Largest element of each window: [n, c, h, w] -> [n, c, h', w'], h' = (h + 2 * padding - kh) // stride + 1.

    stride is the kernel's size by default; NaN wins. ShapeError if x has no 4 axes or a window does not fit,
    ArgumentError for a size or stride that is not positive, or a padding as large as the window.
    """
    size = _pair(kernel_size)
    stride = size if stride is None else _pair(stride)
    return _use.max_pool2d(x, kernel_size=size, stride=stride, padding=_pair(padding))


def avg_pool2d(x: TensorLike, kernel_size: int | Sequence[int], stride: int | Sequence[int] | None = None,
               padding: int | Sequence[int] = 0) -> Tensor:  # fmt: skip
    """Mean of each window, padding counts as zeros: [n, c, h, w] -> [n, c, h', w'], sizes as for `max_pool2d`.

    ShapeError, ArgumentError as there.
    """
    size = _pair(kernel_size)
    stride = size if stride is None else _pair(stride)
    return _use.avg_pool2d(x, kernel_size=size, stride=stride, padding=_pair(padding))


def adaptive_avg_pool2d(x: TensorLike, output_size: int | Sequence[int]) -> Tensor:
    """Means of [n, c, h, w] over oh x ow cells that cover it: [n, c, oh, ow]. Cell i is rows i * h // oh up to
    ceil((i + 1) * h / oh). ShapeError if x has no 4 axes, ArgumentError if a size is not positive.
    """
    return _use.adaptive_avg_pool2d(x, output_size=_pair(output_size))


def batch_norm(x: TensorLike, running_mean: Tensor | None = None, running_var: Tensor | None = None,
               weight: TensorLike | None = None, bias: TensorLike | None = None, training: bool = False,
               momentum: float = 0.1, eps: float = 1e-5) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias per channel of x [n, c, ..] (Ioffe and Szegedy, 2015).

    All others are [c]. In training mean and (biased) variance are x's, and the running ones are moved on in place by
    momentum towards them (the variance unbiased); otherwise the running ones are used, TypeError if they are missing.
    ShapeError if something is not [c], or in training if x is empty; ArgumentError there for one value per channel,
    which has no variance.
    """
    if not training:
        return _use.batch_norm_inference(x, running_mean, running_var, weight, bias, epsilon=eps)
    x = _asarray(x)
    if x.ndim >= 2 and not x.size:
        raise _errors.ShapeError(f"batch_norm: an empty batch {list(x.shape)} has no mean to train with")
    if x.ndim >= 2 and x.size == x.shape[1]:
        raise _errors.ArgumentError(f"batch_norm: training needs more than one value per channel, x is {list(x.shape)}")
    result, mean, var = _use.batch_norm(x, weight, bias, epsilon=eps)
    if running_mean is not None:
        count = x.size // x.shape[1]
        mean, var = mean.detach(), var.detach() * (count / max(count - 1, 1))
        _native.assign(running_mean, running_mean * (1 - momentum) + mean * momentum)
        _native.assign(running_var, running_var * (1 - momentum) + var * momentum)
    return result


def layer_norm(x: TensorLike, normalized_shape: int | Sequence[int], weight: TensorLike | None = None,
               bias: TensorLike | None = None, eps: float = 1e-5) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(variance + eps) * weight + bias over the last axes of x, which have normalized_shape (an int:
    the last one; Ba et al., 2016), as have weight and bias. ShapeError if one differs, ArgumentError if there are none.
    """
    normalized_shape = (normalized_shape,) if hasattr(normalized_shape, "__index__") else tuple(normalized_shape)
    if not normalized_shape:
        raise _errors.ArgumentError("layer_norm: normalized_shape must have at least one axis")
    x = _asarray(x)
    if x.shape[-len(normalized_shape) :] != normalized_shape:
        raise _errors.ShapeError(f"layer_norm: the last axes of x {list(x.shape)} must be {list(normalized_shape)}")
    return _use.layer_norm(x, weight, bias, axis=-len(normalized_shape), epsilon=eps)


def dropout(x: TensorLike, p: float = 0.5, training: bool = True) -> Tensor:
    """Zeroes elements with probability p, scales the others by 1 / (1 - p) (Srivastava et al., 2014); x's shape.

    x itself unless training. Draws from the one random counter. ArgumentError (a ValueError) unless 0 <= p <= 1.
    """
    if not 0 <= p <= 1:
        raise _errors.ArgumentError(f"dropout: p must be a probability in 0 .. 1, not {p!r}")
    return _use.dropout(x, state=_random._counter(), p=p, training=True) if training and p else x


def embedding(indices: TensorLike, weight: TensorLike) -> Tensor:
    """Rows of weight [n, d] by integer indices [..]: [.., d]. DTypeError if indices are no integers, OutOfRangeError
    when it runs and one is not in 0 .. n-1.
    """
    return _use.embedding(weight, indices)


def relu(x: TensorLike) -> Tensor:
    """max(x, 0) by element, of x's shape (Nair and Hinton, 2010). TypeError if x is not tensor-like."""
    return _use.relu(x)


def gelu(x: TensorLike) -> Tensor:
    """x * Phi(x) by element with the exact Phi of the normal distribution, of x's shape (Hendrycks and Gimpel, 2016).

    TypeError if x is not tensor-like.
    """
    return _use.gelu(x)


def silu(x: TensorLike) -> Tensor:
    """x * sigmoid(x) by element, of x's shape (Elfwing et al., 2017). TypeError if x is not tensor-like."""
    return _use.silu(x)


def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha * (exp(x) - 1), of x's shape (Clevert et al., 2016). TypeError if not a tensor."""
    return _use.elu(x, alpha=alpha)


def leaky_relu(x: TensorLike, slope: float = 0.01) -> Tensor:
    """x where positive, else slope * x, of x's shape (Maas et al., 2013). TypeError if x is not tensor-like."""
    return _use.leaky_relu(x, alpha=slope)


def softplus(x: TensorLike) -> Tensor:
    """log(1 + exp(x)) without overflow, of x's shape (Dugas et al., 2001). TypeError if x is not tensor-like."""
    return _use.softplus(x)


def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + exp(-x)) by element, of x's shape. TypeError if x is not tensor-like."""
    return _use.sigmoid(x)


def tanh(x: TensorLike) -> Tensor:
    """Hyperbolic tangent by element, of x's shape. TypeError if x is not tensor-like."""
    return _use.tanh(x)


def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis without overflow, of x's shape. OutOfRangeError if there is no such axis."""
    return _use.softmax(x, axis=axis)


def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """log(softmax(x)) along an axis without overflow, of x's shape. OutOfRangeError if there is no such axis."""
    return _use.log_softmax(x, axis=axis)


def one_hot(labels: TensorLike, classes: int) -> Tensor:
    """Rows of zeros with a one at the label: integers [..] -> float32 [.., classes]; negative ones count from the end.

    DTypeError if labels are no integers, ArgumentError if classes is negative, OutOfRangeError for others when it runs.
    """
    return _use.one_hot(labels, depth=classes)


def _reduced(losses: Tensor, reduction: str, count: Any = None) -> Tensor:
    if reduction not in ("mean", "sum", "none"):
        raise _errors.ArgumentError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
    if reduction == "none":
        return losses
    return losses.sum() if reduction == "sum" else losses.mean() if count is None else losses.sum() / count


def cross_entropy(logits: TensorLike, labels: TensorLike, reduction: str = "mean", label_smoothing: float = 0.0,
                  weight: TensorLike | None = None, ignore_index: int = -100) -> Tensor:  # fmt: skip
    """-log_softmax(logits)[label] of logits [n, classes, ..] and integer labels [n, ..], or probabilities of the
    logits' shape. label_smoothing spreads that share over all classes (Szegedy et al., 2016); labels of ignore_index,
    -100 if not given, are left out; weight [classes] counts classes more or less. reduction: "mean" (over labels that
    count, by their weights), "sum" (both of shape []) or "none" ([n, ..]). ShapeError if they do not fit, ArgumentError
    for another reduction or smoothing, OutOfRangeError for a label when it runs.
    """
    if weight is None:
        return _use.cross_entropy(logits, labels, label_smoothing=label_smoothing, ignore_index=ignore_index,
                                  reduction=reduction)  # fmt: skip
    logits, labels, weight = _asarray(logits), _asarray(labels), _asarray(weight)
    axis = 1 if logits.ndim > 1 else 0
    if not logits.ndim or weight.shape != logits.shape[axis : axis + 1]:
        raise _errors.ShapeError(f"cross_entropy: weight must have one number per class of logits "
                                 f"{list(logits.shape)}, it is {list(weight.shape)}")  # fmt: skip
    # Also checks the arguments.
    smooth = _use.cross_entropy(logits, labels, reduction="none", ignore_index=ignore_index,
                                label_smoothing=label_smoothing)  # fmt: skip
    scores = _use.log_softmax(logits, axis=axis) * weight.reshape(-1, *[1] * (logits.ndim - axis - 1))
    if labels.dtype.kind == "f":
        share = label_smoothing / weight.size
        losses = -(scores * (labels * (1 - label_smoothing) + share)).sum(axis)
        return _reduced(losses, reduction)
    counted = labels != ignore_index
    each = _use.take(weight, _use.where(counted, labels, 0), axis=0) * counted
    if not label_smoothing:
        return _reduced(smooth * each, reduction, each.sum())
    losses = _use.cross_entropy(logits, labels, reduction="none", ignore_index=ignore_index) * each
    losses = losses * (1 - label_smoothing) - scores.sum(axis) * counted * (label_smoothing / weight.size)
    return _reduced(losses, reduction, each.sum())


def nll_loss(log_probabilities: TensorLike, labels: TensorLike, reduction: str = "mean",
             ignore_index: int = -100) -> Tensor:  # fmt: skip
    """-log_probabilities[label] of [n, classes, ..] and integer labels [n, ..]; labels of ignore_index are left out;
    reduction and errors (ShapeError, ArgumentError, OutOfRangeError) as for `cross_entropy`, DTypeError if labels are
    no integers.
    """
    return _use.nll_loss(log_probabilities, labels, reduction=reduction, ignore_index=ignore_index)


def _alike(name: str, prediction: Any, target: Any) -> tuple[Any, Any]:
    """Both as tensors of one shape; a Python number is a target for every element."""
    if type(target) in (bool, int, float):
        return prediction, target
    prediction, target = _asarray(prediction), _asarray(target)
    if prediction.shape != target.shape:
        raise _errors.ShapeError(f"{name}: prediction {list(prediction.shape)} and target {list(target.shape)} must "
                                 "have the same shape")  # fmt: skip
    return prediction, target


def mse_loss(prediction: TensorLike, target: TensorLike, reduction: str = "mean") -> Tensor:
    """(prediction - target)^2 of the same shape, or of a number as target; reduction: "mean", "sum" (both of shape [])
    or "none". ShapeError if shapes differ, ArgumentError for another reduction.
    """
    return _use.mse_loss(*_alike("mse_loss", prediction, target), reduction=reduction)


def l1_loss(prediction: TensorLike, target: TensorLike, reduction: str = "mean") -> Tensor:
    """|prediction - target| of the same shape; reduction and errors (ShapeError, ArgumentError) as for `mse_loss`."""
    return _use.l1_loss(*_alike("l1_loss", prediction, target), reduction=reduction)


def bce_with_logits(logits: TensorLike, target: TensorLike, reduction: str = "mean") -> Tensor:
    """Binary cross entropy of sigmoid(logits) and targets in 0 .. 1 of the same shape, without overflow; reduction and
    errors (ShapeError, ArgumentError) as for `mse_loss`.
    """
    logits, target = _alike("bce_with_logits", logits, target)
    return _use.bce_with_logits(logits, target, reduction=reduction)
