"""Operators of ops/nn: oracles, and activations far out, losses with every option, norms, embeddings, dropout."""

import math

import numpy as np
import pytest
from oracle import FLOATS, close, exact, sums
from oracle import check as check_with
from test_ops_random import uniform24

import deepseek as ds


def phi(x):
    """The normal distribution function."""
    return np.vectorize(lambda v: math.erfc(-v / math.sqrt(2)) / 2, otypes=[np.float64])(x)


def expit(x):
    return np.where(x < 0, np.exp(x), 1) / (1 + np.exp(-abs(x)))


def gelu_tanh(x):
    """(1 + tanh(u)) / 2 is the sigmoid of 2 u, which stays exact where tanh is near -1."""
    return x * expit(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def log_softmax(x, axis):
    shifted = x - x.max(axis, keepdims=True, initial=-np.inf)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def reduced(losses, reduction):
    return {"none": lambda: losses, "sum": losses.sum, "mean": losses.mean}[reduction]()


def picked(x, target, ignore_index):
    """x [n, c, ..] at the classes of [n, ..], and which are not ignored."""
    axis = min(x.ndim - 1, 1)
    counts, target = target != ignore_index, target.astype(np.int64)
    index = np.expand_dims(np.where(counts, target, 0), axis)
    found = np.take_along_axis(x, index, axis).squeeze(axis) if x.shape[axis] else np.zeros(target.shape)
    return np.where(counts, found, 0), counts


def over_counted(losses, counts, reduction):
    return losses.sum() / counts.sum() if reduction == "mean" else reduced(losses, reduction)


def nll_loss(x, target, ignore_index, reduction):
    found, counts = picked(x, target, ignore_index)
    return over_counted(0.0 - found, counts, reduction)


def nll_loss_gradient(dy, target, classes, ignore_index, reduction):
    axis, counts = min(target.ndim, 1), target != ignore_index
    hit = np.moveaxis((target[..., None] == np.arange(classes)) & counts[..., None], -1, axis)
    dy = np.expand_dims(dy, axis) if reduction == "none" else dy
    return np.where(hit, -dy / (counts.sum() if reduction == "mean" else 1), 0)


def cross_entropy(logits, target, label_smoothing, ignore_index, reduction):
    """(1 - s) of the target's loss, s of the mean loss of all classes."""
    axis = min(logits.ndim - 1, 1)
    log_p = log_softmax(logits, axis)
    if target.dtype.kind == "f":
        smooth = target * (1 - label_smoothing) + label_smoothing * target.sum(axis, keepdims=True) / logits.shape[axis]
        return reduced(-(smooth * log_p).sum(axis), reduction)
    found, counts = picked(log_p, target, ignore_index)
    losses = -(1 - label_smoothing) * found - label_smoothing * np.where(counts, log_p.mean(axis), 0)
    return over_counted(losses, counts, reduction)


def bce_with_logits(x, target, weight, pos_weight, reduction):
    log_p, log_q = (-np.maximum(-v, 0) - np.log1p(np.exp(-abs(v))) for v in (x, -x))
    losses = -((1 if pos_weight is None else pos_weight) * target * log_p + (1 - target) * log_q)
    return reduced(losses if weight is None else weight * losses, reduction)


def channels(v, x):
    return v.reshape(1, -1, *[1] * (x.ndim - 2))


def scaled(y, weight, bias):
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def normalized(x, axes, epsilon):
    mean = x.mean(axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon), mean, variance


def batch_norm(x, weight, bias, epsilon):
    y, mean, variance = normalized(x, (0, *range(2, x.ndim)), epsilon)
    weight, bias = (v if v is None else channels(v, x) for v in (weight, bias))
    return scaled(y, weight, bias), mean.ravel(), variance.ravel()


def batch_norm_inference(x, mean, variance, weight, bias, epsilon):
    mean, variance, weight, bias = (v if v is None else channels(v, x) for v in (mean, variance, weight, bias))
    return scaled((x - mean) / np.sqrt(variance + epsilon), weight, bias)


def group_norm(x, weight, bias, groups, epsilon):
    parts = np.split(x, groups, axis=1)
    y = np.concatenate([normalized(part, tuple(range(1, x.ndim)), epsilon)[0] for part in parts], axis=1)
    return scaled(y, *(v if v is None else channels(v, x) for v in (weight, bias)))


def embedding_gradient(dy, index, rows, padding_index):
    y = np.zeros((rows, *dy.shape[index.ndim :]))
    for place in np.ndindex(index.shape):
        if index[place] != padding_index:
            y[int(index[place])] += dy[place]
    return y


def dropout(x, state, p, training):
    if not training or p == 0:
        return x
    keep = uniform24(state, x.size).reshape(x.shape) >= np.float32(p)
    return np.where(keep, x / (1 - p) if p < 1 else 0.0, 0.0)


# gelu: 1 + erf and 1 + tanh cancel far below 0, so what is promised is an error small beside 1.
GELU = sums(gelu=lambda x: x * phi(x), gelu_tanh=gelu_tanh)
ACTIVATIONS = GELU | close(
    elu=lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    hardswish=lambda x: x * np.clip(x + 3, 0, 6) / 6,
    leaky_relu=lambda x, alpha: np.where(x > 0, x, alpha * x),
    silu=lambda x: x * expit(x),
    softplus=lambda x: np.maximum(x, 0) + np.log1p(np.exp(-abs(x))),
    relu=lambda x: np.maximum(x, 0),
)
ORACLES = ACTIVATIONS | sums(
    softmax=lambda x, axis: np.exp(log_softmax(x, axis)), log_softmax=log_softmax, nll_loss=nll_loss,
    nll_loss_gradient=nll_loss_gradient, cross_entropy=cross_entropy, bce_with_logits=bce_with_logits,
    l1_loss=lambda x, target, reduction: reduced(abs(x - target), reduction), batch_norm=batch_norm,
    mse_loss=lambda x, target, reduction: reduced((x - target) ** 2, reduction), group_norm=group_norm,
    batch_norm_inference=batch_norm_inference, embedding_gradient=embedding_gradient,
    layer_norm=lambda x, weight, bias, axis, epsilon: scaled(
        normalized(x, tuple(range(axis % x.ndim, x.ndim)), epsilon)[0], weight, bias),
) | close(dropout=dropout) | exact(
    embedding=lambda weight, index, padding_index: weight[index.astype(np.int64)])  # fmt: skip


def check(name, *inputs, bfloat16=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16)


def normal(shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32" if dtype == "bfloat16" else dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name, dtype):
    x = np.concatenate([np.linspace(-8, 8, 401), [0.0, -0.0, 3, -3, 1e-3, -1e-3, 1e-7, 20, 90]])
    x = x.astype("float32" if dtype == "bfloat16" else dtype)
    alphas = [{"alpha": a} for a in (0.01, 1, 2.5, 0)] if name in ("elu", "leaky_relu") else [{}]
    for attributes in alphas:
        check(name, x[x <= 1], bfloat16=dtype == "bfloat16", **attributes)
        check(name, x[x > 1], bfloat16=dtype == "bfloat16", **attributes)


FAR = [(name, dtype) for name in ACTIVATIONS for dtype in ("float32", "float64")]


@pytest.mark.parametrize("name, dtype", FAR)
def test_activations_far_out(name, dtype):
    """No overflow in between: only the limits, NaN where NaN is."""
    ours = getattr(ds.ops, name)(ds.asarray(np.array([-500, 500, 1e30, np.inf, np.nan], dtype))).numpy()
    low = {"leaky_relu": -5, "elu": -1}.get(name, 0)
    np.testing.assert_allclose(ours, np.array([low, 500, 1e30, np.inf, np.nan], dtype), rtol=1e-6, atol=1e-30)


@pytest.mark.parametrize("axis", (0, 1, 2, -1, -3))
@pytest.mark.parametrize("dtype", FLOATS)
def test_softmax(dtype, axis):
    x = normal((3, 4, 5), dtype) * 3
    x[0, 0, 0] = -np.inf
    for name in ("softmax", "log_softmax"):
        check(name, x, bfloat16=dtype == "bfloat16", axis=axis)
        check(name, x * 100 + 5, bfloat16=dtype == "bfloat16", axis=axis)
        check(name, x[:, :1], bfloat16=dtype == "bfloat16", axis=axis)
        check(name, x[:, :0], bfloat16=dtype == "bfloat16", axis=axis)


TARGETS = {(6, 3): (6,), (3,): (), (2, 3, 4): (2, 4), (2, 3, 2, 4): (2, 2, 4), (0, 3): (0,)}


def classes(shape, dtype="int64"):
    return np.random.default_rng(5).integers(0, 3, shape).astype(dtype)


@pytest.mark.parametrize("reduction", ("none", "sum", "mean"))
@pytest.mark.parametrize("shape", TARGETS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_losses_of_classes(dtype, shape, reduction):
    x, bfloat16 = normal(shape, dtype), dtype == "bfloat16"
    log_p = log_softmax(np.float64(x), min(len(shape) - 1, 1)).astype(x.dtype)
    for index in ("int64", "int32", "uint8"):
        target = classes(TARGETS[shape], index)
        for ignore in (-100, 1):
            options = {"bfloat16": bfloat16, "reduction": reduction, "ignore_index": ignore}
            check("nll_loss", log_p, target, **options)
            dy = normal(target.shape if reduction == "none" else (), dtype, 3)
            check("nll_loss_gradient", dy, target, classes=3, **options)
            for smoothing in (0, 0.1, 1):
                check("cross_entropy", x, target, label_smoothing=smoothing, **options)


@pytest.mark.parametrize("reduction", ("none", "sum", "mean"))
@pytest.mark.parametrize("shape", TARGETS)
def test_losses_of_probabilities(shape, reduction):
    axis = min(len(shape) - 1, 1)
    p = np.exp(log_softmax(normal(shape, seed=1), axis))
    for dtype in ("float32", "float64"):
        for target in (p, p * 2, np.zeros(shape)):
            for smoothing in (0, 0.2, 1):
                options = {"label_smoothing": smoothing, "reduction": reduction}
                check("cross_entropy", normal(shape, dtype), target.astype(dtype), **options)


def test_ignored_targets():
    x = np.log(np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1]]))
    for target in ([-1, -1, -1], [0, -1, 1], [-1, 0, -1]):
        for reduction in ("none", "sum", "mean"):
            options = {"ignore_index": -1, "reduction": reduction}
            check("nll_loss", x, np.array(target), **options)
            check("cross_entropy", x, np.array(target), label_smoothing=0.3, **options)
    with pytest.raises(ds.OutOfRangeError):
        ds.ops.nll_loss(ds.asarray(x), ds.asarray(np.array([0, 2, 1]))).numpy()


def test_cross_entropy_far_out():
    check("cross_entropy", np.array([[1000.0, 0, -1000], [-1e4, 1e4, 0]]), np.array([0, 2]), reduction="none")


@pytest.mark.parametrize("reduction", ("none", "sum", "mean"))
@pytest.mark.parametrize("dtype", FLOATS)
def test_losses_of_elements(dtype, reduction):
    x, target, bfloat16 = normal((4, 3), dtype), normal((4, 3), dtype, 1), dtype == "bfloat16"
    p, weight = abs(np.tanh(target)), abs(normal(3, dtype, 2))
    for name in ("mse_loss", "l1_loss"):
        check(name, x, target, bfloat16=bfloat16, reduction=reduction)
        check(name, x, target[:1], bfloat16=bfloat16, reduction=reduction)
    for options in ((), (weight,), (None, weight), (weight, 1 + weight)):
        check("bce_with_logits", x, p, *options, bfloat16=bfloat16, reduction=reduction)
    check("bce_with_logits", np.array([-800.0, 800, 0]), np.array([0.0, 1, 0.5]), reduction=reduction)
    check("bce_with_logits", np.array([-800.0, 800, 0]), np.array([1.0, 0, 0.5]), reduction=reduction)


@pytest.mark.parametrize("shape", ((6, 3), (4, 3, 5), (4, 3, 2, 5), (1, 3, 2)))
@pytest.mark.parametrize("dtype", FLOATS)
def test_batch_norm(dtype, shape):
    x, weight, bias = normal(shape, dtype) * 2 + 1, normal(3, dtype, 1), normal(3, dtype, 2)
    mean, variance = normal(3, dtype, 3), abs(normal(3, dtype, 4)) + x.dtype.type(0.25)
    for scale in ((), (weight,), (None, bias), (weight, bias)):
        for epsilon in (1e-5, 0.1):
            check("batch_norm", x, *scale, bfloat16=dtype == "bfloat16", epsilon=epsilon)
            check("batch_norm_inference", x, mean, variance, *scale, bfloat16=dtype == "bfloat16", epsilon=epsilon)


@pytest.mark.parametrize("dtype", FLOATS)
def test_layer_and_group_norm(dtype):
    x, bfloat16 = normal((2, 6, 3, 4), dtype) * 2 + 1, dtype == "bfloat16"
    for axis in (0, 1, 2, 3, -1, -2):
        weight, bias = (normal(x.shape[axis % 4 :], dtype, seed) for seed in (1, 2))
        for scale in ((), (weight,), (None, bias), (weight, bias)):
            check("layer_norm", x, *scale, bfloat16=bfloat16, axis=axis, epsilon=1e-3)
    weight, bias = normal(6, dtype, 1), normal(6, dtype, 2)
    for groups in (1, 2, 3, 6):
        for scale in ((), (weight,), (None, bias), (weight, bias)):
            check("group_norm", x, *scale, bfloat16=bfloat16, groups=groups)
            check("group_norm", x[..., 0, 0].copy(), *scale, bfloat16=bfloat16, groups=groups, epsilon=0.5)


@pytest.mark.parametrize("dtype", FLOATS)
def test_wide_rows(dtype):
    """As many elements as kernels cut into vectors, tiles and threads."""
    x, bfloat16 = normal((33, 1025), dtype), dtype == "bfloat16"
    weight, bias, target = normal(1025, dtype, 1), normal(1025, dtype, 2), np.arange(33) * 31
    for axis in (0, 1):
        check("softmax", x, bfloat16=bfloat16, axis=axis)
        check("log_softmax", x, bfloat16=bfloat16, axis=axis)
    check("layer_norm", x, weight, bias, bfloat16=bfloat16)
    check("batch_norm", x, weight, bias, bfloat16=bfloat16)
    check("group_norm", x.reshape(1, 33, 1025), bfloat16=bfloat16, groups=3)
    check("cross_entropy", x, target, bfloat16=bfloat16, label_smoothing=0.1, ignore_index=62)
    check("embedding", x, target % 33, bfloat16=bfloat16)
    check("embedding_gradient", x, target % 5, bfloat16=bfloat16, rows=5)
    for name in ACTIVATIONS:
        check(name, np.tanh(x), bfloat16=bfloat16)


def test_norms_of_what_does_not_vary():
    """Only epsilon divides: 0, not NaN."""
    x = np.full((3, 4), 7.0)
    check("batch_norm", x, np.ones(4), np.arange(4.0))
    check("layer_norm", x, np.ones(4), np.arange(4.0))
    check("group_norm", x, np.ones(4), np.arange(4.0), groups=2)


INDICES = (np.array([0, 4, 4, 2]), np.array([[1, 1], [1, 0]], "int32"), np.array(3), np.zeros(0, "int64"),
           np.array([[[4]]], "uint8"))  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
@pytest.mark.parametrize("dtype", FLOATS)
def test_embedding(dtype, index):
    bfloat16 = dtype == "bfloat16"
    for tail in ((), (3,), (2, 2)):
        check("embedding", normal((5, *tail), dtype), index, bfloat16=bfloat16)
        check("embedding", normal((5, *tail), dtype), index, bfloat16=bfloat16, padding_index=1)
        for padding in ({}, {"padding_index": 1}, {"padding_index": 4}):
            dy = normal((*index.shape, *tail), dtype)
            check("embedding_gradient", dy, index, bfloat16=bfloat16, rows=5, **padding)


@pytest.mark.parametrize("p", (0, 0.1, 0.5, 0.99, 1))
@pytest.mark.parametrize("dtype", FLOATS)
def test_dropout_draws_the_counters_of_its_state(dtype, p):
    x, state = normal((7, 11), dtype), np.array([2**40 + 3, 9], np.uint64)
    for training in (True, False):
        check("dropout", x, state, bfloat16=dtype == "bfloat16", p=p, training=training)
