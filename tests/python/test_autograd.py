"""Gradients: against finite differences, known results, second derivatives, hooks, in-place writes."""

import numpy as np
import pytest

import deepseek as ds
from deepseek.nn import functional as F

RNG = np.random.default_rng(7)


def numeric(function, arrays, eps=1e-6):
    """Central differences of sum(function * weights)."""
    gradients = []
    for array in arrays:
        gradient = np.zeros_like(array)
        for i in np.ndindex(array.shape):
            keep = array[i]
            array[i] = keep + eps
            high = function(*arrays)
            array[i] = keep - eps
            gradient[i] = (high - function(*arrays)) / (2 * eps)
            array[i] = keep
        gradients.append(gradient)
    return gradients


def check(function, *arrays, tolerance=1e-5):
    arrays = [np.array(array, np.float64) for array in arrays]
    shape = function(*map(ds.asarray, arrays)).shape
    weights = RNG.normal(0, 1, shape)

    def value(*values):
        with ds.no_grad():
            return float((function(*map(ds.asarray, values)) * ds.asarray(weights)).sum())

    inputs = [ds.asarray(array).requires_grad_() for array in arrays]
    (function(*inputs) * ds.asarray(weights)).sum().backward()
    for x, expected in zip(inputs, numeric(value, arrays)):
        found = np.zeros_like(expected) if x.grad is None else x.grad.numpy()
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


A, B = RNG.normal(0, 1, (3, 4)), RNG.normal(0, 1, (3, 4))
P = np.abs(A) + 0.5
U = np.clip(A / 4, -0.9, 0.9)

UNARY = {
    "exp": A, "expm1": A, "exp2": A, "log": P, "log1p": P, "log2": P, "log10": P, "sqrt": P, "rsqrt": P, "square": A,
    "reciprocal": P, "sin": A, "cos": A, "tan": U, "asin": U, "acos": U, "atan": A, "sinh": A, "cosh": A, "tanh": A,
    "asinh": A, "acosh": P + 1, "atanh": U, "erf": A, "erfc": A, "sigmoid": A, "abs": A, "neg": A, "relu": A, "gelu": A,
    "silu": A, "softmax": A, "log_softmax": A,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    check(getattr(ds.ops, name), UNARY[name])


@pytest.mark.parametrize("name", "add sub mul div maximum minimum atan2 hypot logaddexp".split())
def test_binary(name):
    function = getattr(ds.ops, name)
    check(function, A, P)
    check(function, A, P[:1])
    check(function, P[:, :1], P[0] + 0.1)
    check(lambda x: function(x, 2.5), A)
    check(lambda x: function(2.5, x), P)


def test_pow():
    check(ds.ops.pow, P, B)
    check(lambda x: x**3, A)
    check(lambda x: x**0.5, P)
    check(lambda x: 2.0**x, A)


CASES = {
    "sum": lambda x: x.sum(), "sum axis": lambda x: x.sum(axis=0), "sum keepdims": lambda x: x.sum(axis=1, keepdims=True),
    "mean": lambda x: x.mean(axis=1), "prod": lambda x: x.prod(axis=1), "max": lambda x: x.max(axis=0), "min": lambda x: x.min(),
    "var": lambda x: x.var(axis=0, ddof=1), "std": lambda x: x.std(), "logsumexp": lambda x: x.logsumexp(axis=1),
    "cumsum": lambda x: x.cumsum(axis=1), "reshape": lambda x: x.reshape(2, 6), "transpose": lambda x: x.T * ds.asarray(A.T),
    "expand": lambda x: x.expand(2, 3, 4), "squeeze": lambda x: x[:1].squeeze(), "flip": lambda x: ds.flip(x, 1),
    "slice": lambda x: x[1:, ::2], "reverse": lambda x: x[::-1, 1], "int": lambda x: x[1], "none": lambda x: x[None, :, 2],
    "ellipsis": lambda x: x[..., 1:3], "gather": lambda x: x[ds.tensor([0, 2, 0]), ds.tensor([1, 1, 1])],
    "rows": lambda x: x[ds.tensor([2, 2, 0])], "mask": lambda x: x[ds.asarray(A > 0)], "concat": lambda x: ds.concat([x, x * 2], axis=1),
    "stack": lambda x: ds.stack([x, x * x]), "split": lambda x: x.split(2, axis=1)[1] * 3, "pad": lambda x: ds.pad(x, 1),
    "tile": lambda x: ds.tile(x, (2, 2)), "repeat": lambda x: ds.repeat(x, 3, axis=0), "roll": lambda x: ds.roll(x, 1, axis=1),
    "take": lambda x: ds.take(x, ds.tensor([1, 1, 3]), axis=1), "where": lambda x: ds.where(ds.asarray(A > 0), x * 2, x * x),
    "clip": lambda x: x.clip(-0.5, 0.5), "along": lambda x: ds.take_along_axis(x, ds.tensor([[0, 3], [1, 1], [2, 0]]), axis=1),
    "matmul": lambda x: x @ x.T, "dot": lambda x: x[0] @ x[1], "outer": lambda x: ds.outer(x[0], x[1]), "tril": lambda x: ds.tril(x),
    "cast": lambda x: x.astype("float64") * 2, "copy": lambda x: x.copy() * x, "twice": lambda x: x * x + x, "sort": lambda x: x.sort(axis=1),
    "diagonal": lambda x: ds.diagonal(x[:, :3]), "norm": lambda x: ds.norm(x, axis=1), "softplus": F.softplus, "elu": F.elu,
    "leaky_relu": F.leaky_relu, "layer_norm": lambda x: F.layer_norm(x, (4,)), "view of view": lambda x: x[1:][:, ::2][0],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_shapes_and_reductions(case):
    check(CASES[case], A)


def test_products():
    check(lambda a, b: a @ b, A, B.T)
    check(lambda a, b: a @ b, RNG.normal(0, 1, (2, 3, 4)), RNG.normal(0, 1, (4, 2)))
    check(lambda a, b: a @ b, RNG.normal(0, 1, 4), RNG.normal(0, 1, (4, 2)))
    check(F.linear, A, RNG.normal(0, 1, (5, 4)), RNG.normal(0, 1, 5))
    check(lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), RNG.normal(0, 1, (2, 2, 5, 4)), RNG.normal(0, 1, (3, 2, 3, 3)),
          RNG.normal(0, 1, 3))  # fmt: skip
    check(lambda x, w: F.conv2d(x, w, groups=2, dilation=2), RNG.normal(0, 1, (1, 4, 5, 5)), RNG.normal(0, 1, (4, 2, 2, 2)))
    check(lambda x: F.max_pool2d(x, 2), RNG.normal(0, 1, (2, 1, 4, 4)))
    check(lambda x: F.avg_pool2d(x, 2, padding=1), RNG.normal(0, 1, (1, 2, 4, 4)))
    check(lambda x: F.adaptive_avg_pool2d(x, 2), RNG.normal(0, 1, (1, 2, 5, 4)))


def test_losses_and_norms():
    labels = ds.tensor([0, 3, 1])
    for reduction in ("mean", "sum", "none"):
        check(lambda x: F.cross_entropy(x, labels, reduction=reduction), A)  # noqa: B023
        check(lambda x, y: F.mse_loss(x, y, reduction=reduction), A, B)  # noqa: B023
        check(lambda x: F.l1_loss(x, ds.asarray(B), reduction=reduction), A)  # noqa: B023
        check(lambda x: F.bce_with_logits(x, ds.asarray(U + 0.5).clip(0, 1), reduction=reduction), A)  # noqa: B023
    check(lambda x: F.nll_loss(F.log_softmax(x), labels), A)
    check(lambda x: F.cross_entropy(x, labels, label_smoothing=0.1), A)
    check(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), RNG.normal(0, 1, (4, 3, 2, 2)), P[0, :3], A[0, :3])
    check(lambda x, w, b: F.layer_norm(x, (4,), w, b), A, P[0], A[0])
    check(lambda w: F.embedding(ds.tensor([[1, 2], [1, 0]]), w), A)


# ---- known results and rules -----------------------------------------------------------------------------------------
def test_accumulates_and_forgets():
    w = ds.tensor([1.0, 2.0], requires_grad=True)
    assert w.grad is None
    (w * w).sum().backward()
    (w * w).sum().backward()
    assert w.grad.tolist() == [4, 8]
    w.grad = None
    assert w.grad is None
    w.grad = ds.ones(2)
    w.sum().backward()
    assert w.grad.tolist() == [2, 2]


def test_backward_with_gradient_and_several_outputs():
    x = ds.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).backward(ds.tensor([1.0, 10.0]))
    assert x.grad.tolist() == [3, 30]
    x.grad = None
    ds.backward([x * 2, (x * x).sum()], [ds.ones(2), None])
    assert x.grad.tolist() == [4, 6]
    with pytest.raises((ds.ShapeError, ds.ArgumentError)):
        (x * 3).backward()
    with pytest.raises((ds.ShapeError, ds.ArgumentError)):
        (x * 3).backward(ds.ones(3))


def test_only_floats_require_gradients():
    with pytest.raises(ds.DeepSeekError):
        ds.tensor([1, 2], requires_grad=True)
    with pytest.raises(ds.DeepSeekError):
        ds.ones(1).backward()


def test_graph_is_freed_unless_retained():
    x = ds.tensor(2.0, requires_grad=True)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 8
    with pytest.raises(ds.DeepSeekError):
        y.backward()


def test_grad_function():
    x, z = ds.tensor(3.0, requires_grad=True), ds.tensor(1.0, requires_grad=True)
    y = x**3
    assert ds.grad(y, x, retain_graph=True).item() == 27 and x.grad is None
    assert ds.grad(y, [x, z], allow_unused=True, retain_graph=True)[1] is None
    with pytest.raises(ds.DeepSeekError):
        ds.grad(y, z)


def test_higher_derivatives():
    x = ds.tensor(2.0, dtype="float64", requires_grad=True)
    y = x**4
    values = [y]
    for _ in range(3):
        values.append(ds.grad(values[-1], x, create_graph=True))
    assert [float(value) for value in values] == pytest.approx([16, 32, 48, 48])


@pytest.mark.parametrize("name", "exp sin cos tanh sigmoid log sqrt erf gelu silu softmax square".split())
def test_second_derivative_numerically(name):
    function = getattr(ds.ops, name)

    def slope(x):
        with ds.enable_grad():
            leaf = x if x.requires_grad else x.detach().copy().requires_grad_()
            return ds.grad((function(leaf) * ds.asarray(B)).sum(), leaf, create_graph=True)

    check(slope, P)


def test_second_derivative_of_a_network():
    w1, w2 = RNG.normal(0, 1, (4, 5)), RNG.normal(0, 1, (5, 1))

    def penalty(x, u, v):
        with ds.enable_grad():
            leaf = x if x.requires_grad else x.detach().copy().requires_grad_()
            slope = ds.grad((ds.tanh(leaf @ u) @ v).sum(), leaf, create_graph=True)
            return (slope**2).sum()

    check(penalty, A, w1, w2)


def test_no_grad_modes():
    x = ds.ones(2, requires_grad=True)
    with ds.no_grad():
        assert not (x * 2).requires_grad and not ds.is_grad_enabled()
        with ds.enable_grad():
            assert (x * 2).requires_grad

    @ds.no_grad
    def plain(v):
        return v * 2

    @ds.no_grad()
    def called(v):
        return v * 2

    assert not plain(x).requires_grad and not called(x).requires_grad and (x * 2).requires_grad
    with ds.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    with pytest.raises(ValueError), ds.no_grad():
        raise ValueError
    assert ds.is_grad_enabled() and not x.detach().requires_grad


def test_constants_get_nothing():
    x, c = ds.ones(2, requires_grad=True), ds.ones(2)
    (x * c).sum().backward()
    assert c.grad is None and not c.requires_grad and (x * c).requires_grad
    assert not (x > 0).requires_grad and x.argmax().requires_grad is False


# ---- hooks -----------------------------------------------------------------------------------------------------------
def test_hooks_change_and_end():
    w = ds.tensor([0.5, -1.0, 2.0], requires_grad=True)
    handle = w.register_hook(lambda g: g.clip(-1, 1))
    (w * ds.tensor([0.5, 5.0, -5.0])).sum().backward()
    assert w.grad.tolist() == [0.5, 1, -1]
    handle.remove()
    handle.remove()
    w.grad = None
    (w * 5).sum().backward()
    assert w.grad.tolist() == [5, 5, 5]


def test_hook_that_looks_at_the_value():
    seen = []
    w = ds.tensor([1.0, 2.0], requires_grad=True)
    y = w * 3
    y.register_hook(lambda g: seen.append(g.tolist()))
    w.register_hook(lambda g: seen.append(float(g.sum())))
    (y * y).sum().backward()
    assert seen == [[6, 12], 54] and w.grad.tolist() == [18, 36]


def test_hooks_run_in_order_and_as_context():
    w = ds.tensor(1.0, requires_grad=True)
    with w.register_hook(lambda g: g + 1), w.register_hook(lambda g: g * 10):
        (w * 1).backward()
    assert w.grad.item() == 20
    w.grad = None
    (w * 1).backward()
    assert w.grad.item() == 1


def test_hook_errors_come_through():
    w = ds.tensor(1.0, requires_grad=True)
    handle = w.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (w * 2).backward()
    handle.remove()
    with w.register_hook(lambda g: "no tensor"), pytest.raises(TypeError):
        (w * 2).backward()
    with pytest.raises(ds.DeepSeekError):
        ds.ones(1).register_hook(lambda g: g)
    w.grad = None
    (w * 2).backward()
    assert w.grad.item() == 2


def test_retain_grad():
    w = ds.tensor([1.0, 2.0], requires_grad=True)
    y = w * 3
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [6, 12] and w.grad.tolist() == [18, 36]


# ---- in-place writes -------------------------------------------------------------------------------------------------
def test_write_through_view_keeps_gradients():
    def program(x, y):
        z = x * 1
        z[0] = y[0] * 2
        v = z[:, 1:]
        v *= 3
        z[1, ::2] += y[1, ::2]
        return z * z

    check(program, A, B)


def test_overwritten_values_get_no_gradient():
    x = ds.ones(3, requires_grad=True)
    z = x * 2
    z[1] = 0
    z.sum().backward()
    assert x.grad.tolist() == [2, 0, 2]


def test_index_and_mask_writes():
    def program(x, y):
        z = x * 1
        z[ds.tensor([0, 2])] = y[:2] * 2
        z[ds.asarray(A > 0.5)] = 0.0
        z[ds.tensor([1, 1]), ds.tensor([0, 3])] *= 2
        return z * x

    check(program, A, B)


def test_leaf_in_place_is_refused():
    x = ds.ones(2, requires_grad=True)
    with pytest.raises(ds.DeepSeekError):
        x += 1
    with ds.no_grad():
        x += 1
    assert x.tolist() == [2, 2] and x.requires_grad and x.is_leaf


def test_value_changed_after_use_still_differentiates_the_old_one():
    """Values never change, only tensors do: x * z keeps the z it was computed with."""
    x, z = ds.tensor([2.0], requires_grad=True), ds.tensor([3.0])
    y = x * z
    z += 100
    y.backward()
    assert x.grad.tolist() == [3]


def test_long_chain():
    x = ds.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y + 0.001
    (y * 1).backward()
    assert x.grad.item() == 1
