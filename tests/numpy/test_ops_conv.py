"""Operators of ops/conv: oracles, and groups, strides, dilations, uneven padding, ceil mode, ties, NaN; adjoints."""

import itertools
import math

import numpy as np
import pytest
from oracle import FLOATS, exact, sums
from oracle import check as check_with

import deepseek as ds


def two(value, fallback=()):
    value = [value] if isinstance(value, int) else list(value) or list(fallback)
    return value * 2 if len(value) == 1 else value


def four(padding):
    padding = two(padding)
    return padding * 2 if len(padding) == 2 else padding


def taps(image, kernel, stride, padding, dilation):
    """(output place, image place, kernel place) for every element of an image that a window touches."""
    top, left, bottom, right = four(padding)
    axes = []
    for size, k, s, before, after, d in zip(image, kernel, two(stride), (top, left), (bottom, right), two(dilation)):
        count = (size + before + after - d * (k - 1) - 1) // s + 1
        every = [(o, o * s + a * d - before, a) for o in range(count) for a in range(k)]
        axes.append([(o, place, a) for o, place, a in every if 0 <= place < size])
    for row, column in itertools.product(*axes):
        yield tuple(zip(row, column))


def extent(image, kernel, stride, padding, dilation):
    top, left, bottom, right = four(padding)
    sizes = zip(image, kernel, two(stride), (top + bottom, left + right), two(dilation))
    return tuple((size + pad - d * (k - 1) - 1) // s + 1 for size, k, s, pad, d in sizes)


def conv2d(x, weight, bias, stride, padding, dilation, groups):
    (n, _, *image), (out, inner, *kernel) = x.shape, weight.shape
    y = np.zeros((n, groups, out // groups, *extent(image, kernel, stride, padding, dilation)))
    x, weight = x.reshape(n, groups, inner, *image), weight.reshape(groups, out // groups, inner, *kernel)
    for (i, j), (h, w), (a, b) in taps(image, kernel, stride, padding, dilation):
        y[..., i, j] += np.einsum("ngc,goc->ngo", x[..., h, w], weight[..., a, b])
    y = y.reshape(n, out, *y.shape[3:])
    return y if bias is None else y + bias[:, None, None]


def conv2d_input_gradient(dy, weight, input_size, stride, padding, dilation, groups):
    (n, out, *places), (_, inner, *kernel) = dy.shape, weight.shape
    dx = np.zeros((n, groups, inner, *input_size))
    dy, weight = dy.reshape(n, groups, out // groups, *places), weight.reshape(groups, out // groups, inner, *kernel)
    for (i, j), (h, w), (a, b) in taps(input_size, kernel, stride, padding, dilation):
        dx[..., h, w] += np.einsum("ngo,goc->ngc", dy[..., i, j], weight[..., a, b])
    return dx.reshape(n, groups * inner, *input_size)


def conv2d_weight_gradient(x, dy, kernel_size, stride, padding, dilation, groups):
    (n, channels, *image), (_, out, *places) = x.shape, dy.shape
    dw = np.zeros((groups, out // groups, channels // groups, *kernel_size))
    x, dy = x.reshape(n, groups, channels // groups, *image), dy.reshape(n, groups, out // groups, *places)
    for (i, j), (h, w), (a, b) in taps(image, kernel_size, stride, padding, dilation):
        dw[..., a, b] += np.einsum("ngo,ngc->goc", dy[..., i, j], x[..., h, w])
    return dw.reshape(out, channels // groups, *kernel_size)


def windows(image, kernel_size, stride, padding, dilation, ceil_mode):
    """Slices of the image under every window, PyTorch's rule for the last one of ceil mode: it must begin before the
    padding at the end. Also how many elements it covers with the padding."""
    kernel, (top, left, bottom, right) = two(kernel_size), four(padding)
    axes, strides = [], two(stride, kernel)
    for size, k, s, before, after, d in zip(image, kernel, strides, (top, left), (bottom, right), two(dilation)):
        room = (size + before + after - d * (k - 1) - 1) / s
        count = (math.ceil(room) if ceil_mode else math.floor(room)) + 1
        if ceil_mode and (count - 1) * s >= size + before:
            count -= 1
        starts = [o * s - before for o in range(count)]
        covered = [[p for p in range(b, b + d * k, d) if 0 <= p < size] for b in starts]
        axes.append([(part, min(b + k, size + after) - b) for part, b in zip(covered, starts)])
    return axes


def part_of(x, rows, columns):
    return x[:, :, rows][:, :, :, columns].reshape(*x.shape[:2], len(rows) * len(columns))


def pooled(x, axes, function):
    y = np.zeros((*x.shape[:2], len(axes[0]), len(axes[1])))
    for i, (rows, high) in enumerate(axes[0]):
        for j, (columns, wide) in enumerate(axes[1]):
            y[:, :, i, j] = function(part_of(x, rows, columns), high * wide)
    return y


def avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    axes = windows(x.shape[2:], kernel_size, stride, padding, (1, 1), ceil_mode)
    return pooled(x, axes, lambda part, area: part.sum(-1) / (area if count_include_pad else part.shape[-1]))


def avg_pool2d_gradient(dy, kernel_size, stride, padding, ceil_mode, count_include_pad, input_size):
    """The pool is linear: the gradient of each element is what dy makes of the pool of that element alone."""
    ones = np.eye(math.prod(input_size)).reshape(1, -1, *input_size)
    pools = avg_pool2d(ones, kernel_size, stride, padding, ceil_mode, count_include_pad)[0]
    return np.einsum("nchw,khw->nck", dy, pools).reshape(*dy.shape[:2], *input_size)


def first_maxima(x, kernel_size, stride, padding, dilation, ceil_mode):
    """Position in the image of the first largest element of every window, NaN the largest; -1 without elements."""
    axes = windows(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    numbers = np.broadcast_to(np.arange(math.prod(x.shape[2:])).reshape(x.shape[2:]), x.shape)
    found = np.zeros((*x.shape[:2], len(axes[0]), len(axes[1])), np.int64)
    for i, (rows, _) in enumerate(axes[0]):
        for j, (columns, _) in enumerate(axes[1]):
            part, number = (part_of(a, rows, columns) for a in (x, numbers))
            best = part.argmax(-1)[..., None] if part.shape[-1] else None
            found[:, :, i, j] = -1 if best is None else np.take_along_axis(number, best, -1)[..., 0]
    return found


def selected(value, places, empty):
    y = np.full(places.shape, empty)
    for place in np.ndindex(places.shape):
        if places[place] >= 0:
            y[place] = value[place[:2]].flat[places[place]]
    return y


def max_pool2d(x, **attributes):
    return selected(x, first_maxima(x, **attributes), -np.inf)


def max_pool2d_select(x, value, **attributes):
    return selected(value, first_maxima(x, **attributes), 0.0)


def max_pool2d_gradient(x, dy, **attributes):
    dx, places = np.zeros((*x.shape[:2], math.prod(x.shape[2:]))), first_maxima(x, **attributes)
    for place in np.ndindex(dy.shape):
        if places[place] >= 0:
            dx[place[0], place[1], places[place]] += dy[place]
    return dx.reshape(x.shape)


def adaptive_avg_pool2d(x, output_size):
    cells = [[list(range(i * size // n, -(-(i + 1) * size // n))) for i in range(n)]
             for n, size in zip(two(output_size), x.shape[2:])]  # fmt: skip
    return pooled(x, [[(cell, 0) for cell in axis] for axis in cells], lambda part, _: part.mean(-1))


def adaptive_avg_pool2d_gradient(dy, input_size):
    ones = np.eye(math.prod(input_size)).reshape(1, -1, *input_size)
    pools = adaptive_avg_pool2d(ones, dy.shape[2:])[0]
    return np.einsum("nchw,khw->nck", dy, pools).reshape(*dy.shape[:2], *input_size)


ORACLES = sums(
    conv2d=conv2d, conv2d_input_gradient=conv2d_input_gradient, conv2d_weight_gradient=conv2d_weight_gradient,
    avg_pool2d=avg_pool2d, avg_pool2d_gradient=avg_pool2d_gradient, adaptive_avg_pool2d=adaptive_avg_pool2d,
    adaptive_avg_pool2d_gradient=adaptive_avg_pool2d_gradient, max_pool2d_gradient=max_pool2d_gradient,
) | exact(max_pool2d=max_pool2d, max_pool2d_select=max_pool2d_select)  # fmt: skip


def check(name, *inputs, bfloat16=False, strided=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16, strided)


def normal(shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype("float32" if dtype == "bfloat16" else dtype)


# x, weight, attributes.
CONVOLUTIONS = [
    ((2, 3, 7, 6), (4, 3, 3, 3), {}),
    ((1, 3, 7, 6), (4, 3, 1, 1), {}),
    ((2, 3, 7, 6), (5, 3, 7, 6), {}),
    ((1, 2, 9, 8), (3, 2, 3, 2), {"stride": (2, 3)}),
    ((1, 2, 9, 8), (3, 2, 3, 2), {"padding": (2, 1), "stride": (2, 1)}),
    ((1, 2, 6, 5), (3, 2, 3, 3), {"padding": (0, 1, 2, 3)}),
    ((1, 2, 9, 9), (3, 2, 3, 3), {"dilation": (2, 3), "padding": (1, 3)}),
    ((2, 4, 7, 7), (6, 2, 3, 3), {"groups": 2, "padding": (1, 1)}),
    ((2, 4, 7, 7), (4, 1, 3, 3), {"groups": 4, "padding": (1, 1), "stride": (2, 2)}),
    ((2, 4, 7, 7), (8, 1, 3, 3), {"groups": 4, "dilation": (2, 1)}),
    ((1, 1, 1, 1), (2, 1, 3, 3), {"padding": (1, 1)}),
    ((1, 1, 2, 2), (2, 1, 3, 3), {"padding": (3, 3), "stride": (2, 3)}),
    ((2, 16, 8, 8), (16, 16, 3, 3), {"padding": (1, 1)}),
    ((1, 32, 14, 14), (32, 32, 3, 3), {"padding": (1, 1)}),
    ((1, 32, 9, 9), (32, 1, 3, 3), {"padding": (1, 1), "groups": 32}),
    ((1, 3, 12, 12), (8, 3, 5, 5), {"padding": (2, 2), "stride": (2, 2)}),
    ((0, 2, 5, 5), (3, 2, 3, 3), {}),
]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("call", CONVOLUTIONS, ids=str)
def test_convolutions(call, dtype):
    x, w = (normal(shape, dtype, seed) for seed, shape in enumerate(call[:2]))
    attributes, bfloat16 = call[2], dtype == "bfloat16"
    places = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1)} | attributes
    places.pop("groups", None)
    dy = normal((x.shape[0], w.shape[0], *extent(x.shape[2:], w.shape[2:], **places)), dtype, 3)
    for strided in (False, True):
        options = {"bfloat16": bfloat16, "strided": strided, **attributes}
        check("conv2d", x, w, **options)
        check("conv2d", x, w, normal(w.shape[0], dtype, 2), **options)
        check("conv2d_input_gradient", dy, w, input_size=x.shape[2:], **options)
        check("conv2d_weight_gradient", x, dy, kernel_size=w.shape[2:], **options)


POOLS = [
    ((2, 3, 6, 8), {"kernel_size": (2, 2)}),
    ((1, 2, 7, 5), {"kernel_size": (3, 2), "stride": (2, 1)}),
    ((1, 2, 7, 5), {"kernel_size": (3, 2), "padding": (1, 0)}),
    ((1, 2, 7, 5), {"kernel_size": (3, 3), "stride": (2, 2), "padding": (1, 1)}),
    ((1, 2, 7, 5), {"kernel_size": (3, 3), "stride": (2, 2), "padding": (1, 1), "ceil_mode": True}),
    ((1, 2, 5, 5), {"kernel_size": (2, 2), "ceil_mode": True}),
    ((1, 1, 6, 7), {"kernel_size": (3, 2), "stride": (3, 4), "padding": (1, 1), "ceil_mode": True}),
    ((1, 1, 4, 4), {"kernel_size": (3, 3), "stride": (1, 1), "padding": (1, 1)}),
    ((1, 1, 4, 4), {"kernel_size": (4, 4)}),
    ((1, 1, 5, 6), {"kernel_size": (3, 3), "padding": (0, 1, 2, 0), "stride": (2, 2)}),
    ((1, 1, 9, 1), {"kernel_size": (1, 1), "stride": (4, 1), "ceil_mode": True}),
    ((0, 2, 4, 4), {"kernel_size": (2, 2)}),
]


def max_pools(x, value, options):
    check("max_pool2d", x, **options)
    check("max_pool2d_select", x, value, **options)
    attributes = {name: option for name, option in options.items() if name != "bfloat16"}
    shape = ds.ops.max_pool2d(ds.asarray(x), **attributes).shape
    check("max_pool2d_gradient", x, normal(shape, x.dtype, 4), **options)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("call", POOLS, ids=str)
def test_pools(call, dtype):
    x, options = normal(call[0], dtype), {"bfloat16": dtype == "bfloat16", **call[1]}
    max_pools(x, normal(call[0], dtype, 1), options)
    for include in (True, False):
        check("avg_pool2d", x, count_include_pad=include, **options)
        shape = ds.ops.avg_pool2d(ds.asarray(x), **call[1]).shape
        dy, size = normal(shape, dtype, 4), call[0][2:]
        check("avg_pool2d_gradient", dy, count_include_pad=include, input_size=size, **options)


@pytest.mark.parametrize("attributes", (
    {"kernel_size": (2, 2), "dilation": (2, 3)},
    {"kernel_size": (2, 3), "dilation": (3, 1), "stride": (1, 2), "padding": (1, 1)},
    {"kernel_size": (2, 2), "dilation": (3, 3), "padding": (3, 3), "stride": (2, 2), "ceil_mode": True},
    {"kernel_size": (2, 2), "dilation": (5, 5), "padding": (3, 3), "stride": (1, 1)},
))  # fmt: skip
def test_dilated_maxima(attributes):
    max_pools(normal((1, 2, 6, 7)), normal((1, 2, 6, 7), seed=1), attributes)


@pytest.mark.parametrize("call", POOLS[:-1], ids=str)
def test_maxima_of_ties_nan_and_infinities(call):
    """The first of equals; NaN wins over all; -inf is larger than padding."""
    x = np.random.default_rng(6).choice(np.array([0.0, 1.0, 1.0, -np.inf, np.inf, np.nan, -3.0]), call[0])
    for y in (x, np.where(np.isnan(x), 1.0, x), np.full(call[0], -np.inf), np.zeros(call[0])):
        max_pools(y, normal(call[0], seed=1), call[1])


@pytest.mark.parametrize("sizes", (
    ((6, 5), (1, 1)), ((7, 5), (3, 2)), ((2, 2), (3, 3)), ((4, 4), (4, 4)), ((1, 9), (1, 4)),
))  # fmt: skip
@pytest.mark.parametrize("dtype", FLOATS)
def test_adaptive_pools(sizes, dtype):
    image, cells = sizes
    check("adaptive_avg_pool2d", normal((2, 3, *image), dtype), bfloat16=dtype == "bfloat16", output_size=cells)
    check("adaptive_avg_pool2d_gradient", normal((2, 3, *cells), dtype), bfloat16=dtype == "bfloat16", input_size=image)


def test_single_numbers_for_pairs():
    x, w = normal((1, 2, 7, 7)), normal((3, 2, 3, 3))
    check("conv2d", x, w, stride=2, padding=1, dilation=2)
    check("max_pool2d", x, kernel_size=3, stride=2, padding=1)
    check("avg_pool2d", x, kernel_size=3, stride=2, padding=1)


def test_what_does_not_fit():
    x = ds.ones(1, 2, 4, 4)
    for call in (lambda: ds.ops.conv2d(x, ds.ones(3, 2, 5, 5)), lambda: ds.ops.conv2d(x, ds.ones(3, 3, 1, 1)),
                 lambda: ds.ops.conv2d(x, ds.ones(3, 1, 1, 1), groups=2), lambda: ds.ops.max_pool2d(x, kernel_size=5),
                 lambda: ds.ops.avg_pool2d(x, kernel_size=2, padding=2)):  # fmt: skip
        with pytest.raises(ValueError):
            call()
