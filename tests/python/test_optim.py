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


@pytest.mark.parametrize("kind", (optim.Adam, optim.AdamW))
def test_adam_counts_steps_by_parameter(kind):
    """The first step of a parameter moves it by the learning rate, whenever that is."""
    early, late = nn.Parameter(ds.ones(2)), nn.Parameter(ds.ones(2))
    optimizer = kind([early, late], lr=0.1, weight_decay=0.0)
    for step in range(1, 8):
        optimizer.zero_grad()
        (early * 3 + (late * 3 if step >= 6 else 0)).sum().backward()
        optimizer.step()
        if step == 6:
            np.testing.assert_allclose(late.numpy(), 0.9, rtol=1e-5)
    assert optimizer.steps == 7 and [optimizer.state[id(p)]["step"] for p in (early, late)] == [7, 2]


def test_different_counts_do_not_compile_again():
    a, b = nn.Parameter(ds.ones(4)), nn.Parameter(ds.ones(4))
    optimizer = optim.Adam([a, b])

    def step(both):
        optimizer.zero_grad()
        ((a * b) if both else (a * b.detach())).sum().backward()
        optimizer.step()
        ds.evaluate(a, b)

    for both in (False, False, False, True, True, True):
        step(both)
    before = ds.counters()["programs_compiled"]
    for _ in range(10):
        step(True)
    assert ds.counters()["programs_compiled"] == before


def test_add_param_group():
    a, b = nn.Parameter(ds.ones(2)), nn.Parameter(ds.ones(2))
    optimizer = optim.SGD([a], lr=0.1)
    optimizer.add_param_group({"params": b, "lr": 1.0})
    (a + b).sum().backward()
    optimizer.step()
    assert a.tolist() == pytest.approx([0.9, 0.9]) and b.tolist() == [0, 0] and len(optimizer.groups) == 2
    for wrong, text in (({"params": [a]}, "twice"), ({"params": [], "lr": -1}, "lr"), ({"lr": 1}, "params")):
        with pytest.raises(ds.DeepSeekError, match=text):
            optimizer.add_param_group(wrong)
    assert len(optimizer.groups) == 2


def state_of(shape=(2,), kind=optim.Adam, groups=1, **options):
    parameters = [nn.Parameter(ds.ones(shape)) for _ in range(groups)]
    optimizer = kind([{"params": [p]} for p in parameters], **options)
    sum((p * 2).sum() for p in parameters).backward()
    optimizer.step()
    return optimizer


@pytest.mark.parametrize(
    "state, kind, text",
    [
        (lambda: state_of(groups=2), ds.ArgumentError, "the state has 2 groups, the optimizer 1"),
        (lambda: state_of(kind=optim.SGD, momentum=0.9), ds.ArgumentError, "settings .* momentum, nesterov"),
        (lambda: state_of((3,)), ds.ShapeError, r"'mean' of parameter 0 is \[3\], the parameter \[2\]"),
        (lambda: {**state_of().state_dict(), "state": {"4.mean": ds.ones(2)}}, ds.OutOfRangeError, "parameter 4"),
        (lambda: {**state_of().state_dict(), "state": {"0.mean": ds.ones(2)}}, ds.NotFoundError, "lacks square"),
        (lambda: {**state_of().state_dict(), "state": {"0.speed": ds.ones(2)}}, ds.ArgumentError, "no 'speed'"),
        (lambda: {"steps": 1}, ds.ArgumentError, "0 groups"),
        (lambda: {"groups": [], "state": {}}, ds.NotFoundError, "lacks steps"),
        (lambda: {**state_of().state_dict(), "groups": [{"lr": -1}]}, ds.ArgumentError, "lr"),
        (lambda: 5, ds.DTypeError, "a state is a dict, not 5"),
    ],
)
def test_wrong_states_change_nothing(state, kind, text):
    optimizer = state_of(lr=0.25)
    before = {key: np.asarray(value).tolist() for key, value in optimizer.state_dict()["state"].items()}
    given = state()
    with pytest.raises(kind, match=text):
        optimizer.load_state_dict(given.state_dict() if isinstance(given, optim.Optimizer) else given)
    assert optimizer.groups[0]["lr"] == 0.25 and optimizer.steps == 1
    assert {key: np.asarray(value).tolist() for key, value in optimizer.state_dict()["state"].items()} == before


def test_schedule_states():
    schedule = optim.StepLR(state_of(), 2)
    with pytest.raises(ds.ArgumentError, match="2 groups, the optimizer 1"):
        schedule.load_state_dict({"count": 3, "base": [1.0, 2.0]})
    assert schedule.count == 0
    schedule.load_state_dict({"count": 2, "base": [1.0]})
    assert schedule.get_last_lr() == [0.1]


def test_state_is_what_the_settings_need():
    assert state_of(kind=optim.SGD).state_dict()["state"] == {"0.step": 1}
    assert set(state_of(kind=optim.SGD, momentum=0.5).state_dict()["state"]) == {"0.step", "0.velocity"}
    # Momentum that is set later begins with a velocity of zeros.
    optimizer = state_of(kind=optim.SGD, lr=0.5)
    optimizer.groups[0]["momentum"] = 0.9
    optimizer.step()
    assert optimizer.groups[0]["params"][0].tolist() == [-1, -1]
