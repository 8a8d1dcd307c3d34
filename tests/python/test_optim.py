"""Optimizers against their formulas in NumPy, schedules against theirs; learning rates never recompile."""

import math

import numpy as np
import pytest

import deepseek as ds
from deepseek import nn, optim

TARGET = np.array([1.0, -2.0, 3.0])


def run(make, steps=5):
    """Values of a parameter after each step on sum((w - target)^2)."""
    w = nn.Parameter(ds.tensor([0.5, 0.5, 0.5], dtype="float64"))
    optimizer = make([w])
    values = []
    for _ in range(steps):
        loss = ((w - ds.asarray(TARGET)) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(w.numpy().copy())
    return np.array(values)


def sgd(lr, momentum, decay, nesterov, steps=5):
    w, v = np.full(3, 0.5), np.zeros(3)
    for _ in range(steps):
        g = 2 * (w - TARGET) + decay * w
        v = momentum * v + g
        w = w - lr * (g + momentum * v if nesterov else v)
        yield w


def adam(lr, betas, eps, decay, decoupled, steps=5):
    w, m, v = np.full(3, 0.5), np.zeros(3), np.zeros(3)
    for t in range(1, steps + 1):
        g = 2 * (w - TARGET)
        if decoupled:
            w = w * (1 - lr * decay)
        else:
            g = g + decay * w
        m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g * g
        w = w - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield w


@pytest.mark.parametrize("momentum, decay, nesterov", [(0, 0, False), (0, 0.1, False), (0.9, 0, False), (0.9, 0.1, True)])
def test_sgd(momentum, decay, nesterov):
    values = run(lambda p: optim.SGD(p, 0.1, momentum, decay, nesterov))
    np.testing.assert_allclose(values, list(sgd(0.1, momentum, decay, nesterov)), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind, decay", [(optim.Adam, 0.0), (optim.Adam, 0.1), (optim.AdamW, 0.1)])
def test_adam(kind, decay):
    values = run(lambda p: kind(p, 0.1, (0.8, 0.95), 1e-6, decay))
    np.testing.assert_allclose(values, list(adam(0.1, (0.8, 0.95), 1e-6, decay, kind is optim.AdamW)), rtol=1e-8)


def test_groups_and_missing_gradients():
    a, b, unused = (nn.Parameter(ds.ones(2)) for _ in range(3))
    optimizer = optim.SGD([{"params": [a], "lr": 1.0}, {"params": [b, unused]}], lr=0.1)
    ((a + b) * 1.0).sum().backward()
    optimizer.step()
    assert a.tolist() == [0, 0] and b.tolist() == pytest.approx([0.9, 0.9]) and unused.tolist() == [1, 1]
    assert a.is_leaf and a.requires_grad
    with pytest.raises(ValueError):
        optim.SGD([])


def test_schedules():
    def rates(make, steps):
        optimizer = optim.SGD([nn.Parameter(ds.ones(1))], lr=1.0)
        schedule = make(optimizer)
        found = []
        for _ in range(steps):
            found.append(schedule.get_last_lr()[0])
            schedule.step()
        return found

    assert rates(lambda o: optim.StepLR(o, 2, 0.5), 5) == [1, 1, 0.5, 0.5, 0.25]
    cosine = rates(lambda o: optim.CosineAnnealingLR(o, 4), 5)
    assert cosine == pytest.approx([(1 + math.cos(math.pi * i / 4)) / 2 for i in range(5)])
    cycle = rates(lambda o: optim.OneCycleLR(o, 2.0, 10), 11)
    assert cycle[0] == pytest.approx(2 / 25) and max(cycle) == pytest.approx(2.0) == cycle[3] and cycle[-1] < 1e-4


def test_changing_rates_and_steps_do_not_compile_again():
    model = nn.Linear(4, 4)
    optimizer = optim.Adam(model.parameters())
    schedule = optim.CosineAnnealingLR(optimizer, 50)
    x = ds.ones(8, 4)

    def step():
        loss = (model(x) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return float(loss.detach())

    first = [step() for _ in range(5)][0]
    before = ds.counters()["programs_compiled"]
    last = [step() for _ in range(20)][-1]
    assert ds.counters()["programs_compiled"] == before and last < first
