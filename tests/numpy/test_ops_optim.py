"""Operators of ops/optim: oracles, and several steps with every option and dtype."""

import numpy as np
import pytest
from oracle import FLOATS, sums
from oracle import check as check_with

import deepseek as ds


def sgd_step(param, grad, rate, weight_decay):
    return param - rate * (grad + weight_decay * param)


def sgd_momentum_step(param, grad, velocity, rate, momentum, weight_decay, nesterov):
    g = grad + weight_decay * param
    v = momentum * velocity + g
    return param - rate * (g + momentum * v if nesterov else v), v


def adam_step(param, grad, m, v, rate, step, beta1, beta2, epsilon, weight_decay, decoupled):
    """Algorithm 1 of Kingma and Ba, 2 of Loshchilov and Hutter when decoupled."""
    g = grad if decoupled else grad + weight_decay * param
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    corrected, spread = m / (1 - beta1**step), v / (1 - beta2**step)
    kept = param * (1 - rate * weight_decay) if decoupled else param
    return kept - rate * corrected / (np.sqrt(spread) + epsilon), m, v


def adam_update(param, grad, m, v, step_size, root_scale, shrink, beta1, beta2, epsilon, weight_decay):
    g = grad + weight_decay * param
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return shrink * param - step_size * m / (root_scale * np.sqrt(v) + epsilon), m, v


ORACLES = sums(sgd_step=sgd_step, sgd_momentum_step=sgd_momentum_step, adam_step=adam_step, adam_update=adam_update)


def check(name, *inputs, bfloat16=False, **attributes):
    check_with(name, ORACLES[name], inputs, attributes, bfloat16)


def state(dtype, shape=(3, 4)):
    rng = np.random.default_rng(1)
    param, grad, m, v = (rng.normal(0, 1, shape).astype("float32" if dtype == "bfloat16" else dtype) for _ in range(4))
    return param, grad, m, abs(v)


@pytest.mark.parametrize("decay", (0, 0.1))
@pytest.mark.parametrize("dtype", FLOATS)
def test_sgd(dtype, decay):
    param, grad, velocity, _ = state(dtype)
    for rate in (0.0, 0.1, 1.0):
        check("sgd_step", param, grad, np.array(rate), bfloat16=dtype == "bfloat16", weight_decay=decay)
        for momentum in (0, 0.9):
            for nesterov in (False, True):
                options = {"momentum": momentum, "weight_decay": decay, "nesterov": nesterov}
                inputs = (param, grad, velocity, np.array(rate))
                check("sgd_momentum_step", *inputs, bfloat16=dtype == "bfloat16", **options)


@pytest.mark.parametrize("decoupled", (False, True))
@pytest.mark.parametrize("decay", (0, 0.1))
@pytest.mark.parametrize("dtype", FLOATS)
def test_adam(dtype, decay, decoupled):
    param, grad, m, v = state(dtype)
    for step in (1.0, 2.0, 1000.0):
        for betas in ({}, {"beta1": 0.5, "beta2": 0.9, "epsilon": 1e-3}):
            check("adam_step", param, grad, m, v, np.array(0.01), np.array(step), bfloat16=dtype == "bfloat16",
                  weight_decay=decay, decoupled=decoupled, **betas)  # fmt: skip


@pytest.mark.parametrize("dtype", ("float32", "float64"))
def test_adam_update(dtype):
    numbers = (np.array(value, dtype) for value in (0.1, 1.5, 0.99))
    check("adam_update", *state(dtype), *numbers, beta1=0.8, beta2=0.9, weight_decay=0.1)


def test_the_first_step_is_the_rate():
    """Whatever the gradient's size; without gradient nothing moves."""
    zero, grad = np.zeros(4), np.array([1e-3, -1e3, 5.0, 0.0])
    moved = ds.ops.adam_step(ds.zeros(4), ds.asarray(grad), ds.zeros(4), ds.zeros(4), ds.tensor(0.1), ds.tensor(1.0))[0]
    np.testing.assert_allclose(moved.numpy(), [-0.1, 0.1, -0.1, 0], rtol=1e-4)
    check("adam_step", zero, grad, zero, zero, np.array(0.1), np.array(1.0))


@pytest.mark.parametrize("name, count", (("sgd_step", 0), ("sgd_momentum_step", 1), ("adam_step", 2)))
def test_fifty_steps(name, count):
    """Errors do not grow from step to step."""
    target, rng = np.array([1.0, -2, 3]), np.random.default_rng(2)
    ours = theirs = [rng.normal(0, 1, 3), *np.zeros((count, 3))]
    for step in range(1, 51):
        extra = [np.array(0.05), np.array(float(step))] if name == "adam_step" else [np.array(0.05)]
        defaults = {"sgd_step": (0,), "sgd_momentum_step": (0.9, 0, False), "adam_step": (0.9, 0.999, 1e-8, 0, False)}
        answers = getattr(ds.ops, name)(*(ds.asarray(x) for x in (ours[0], 2 * (ours[0] - target), *ours[1:], *extra)))
        ours = [x.numpy() for x in (answers if count else [answers])]
        answers = ORACLES[name].function(theirs[0], 2 * (theirs[0] - target), *theirs[1:], *extra, *defaults[name])
        theirs = list(answers) if count else [answers]
        for x, y in zip(ours, theirs):
            np.testing.assert_allclose(x, y, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", ((), (0,), (1,), (1000,)))
def test_shapes(shape):
    param, grad, m, v = state("float64", shape)
    check("sgd_step", param, grad, np.array(0.1))
    check("sgd_momentum_step", param, grad, m, np.array(0.1))
    check("adam_step", param, grad, m, v, np.array(0.1), np.array(3.0))
