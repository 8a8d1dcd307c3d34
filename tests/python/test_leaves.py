"""Leaves, parameters, detached tensors and foreign memory: what gradients flow to, and what must not change under them."""

import numpy as np
import pytest

import deepseek as ds
from deepseek import nn

VIEWS = {
    "slice": (lambda p: p[:1] * 3, [[3, 3, 3], [0, 0, 0]]),
    "index": (lambda p: p[1] * 3, [[0, 0, 0], [3, 3, 3]]),
    "transpose": (lambda p: p.T[2] * 3, [[0, 0, 3], [0, 0, 3]]),
    "reshape": (lambda p: p.reshape(-1)[::2] * 3, [[3, 0, 3], [0, 3, 0]]),
    "view of a copy": (lambda p: p.T.reshape(-1)[:3] * 3, [[3, 3, 0], [3, 0, 0]]),
    "split": (lambda p: p.split(3, 1)[1] * 3, [[0, 3, 0], [0, 3, 0]]),
    "iteration": (lambda p: sum(row * (i + 1) for i, row in enumerate(p)), [[1, 1, 1], [2, 2, 2]]),
    "flip": (lambda p: ds.flip(p, 0)[0] * 3, [[0, 0, 0], [3, 3, 3]]),
    "gathered": (lambda p: p[[0, 0]] * 3, [[6, 6, 6], [0, 0, 0]]),
}
LEAVES = {
    "parameter": lambda: nn.Parameter(ds.arange(6.0).reshape(2, 3)),
    "detached": lambda: ds.arange(6.0).reshape(2, 3).detach().requires_grad_(),
    "ordinary": lambda: (ds.arange(6.0).reshape(2, 3) * 1).requires_grad_(),
    "view": lambda: ds.arange(12.0)[3:9].reshape(2, 3).requires_grad_(),
}


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("view", VIEWS)
def test_views_of_leaves_pass_gradients_on(leaf, view):
    p, (use, expected) = LEAVES[leaf](), VIEWS[view]
    y = use(p)
    assert y.requires_grad and not y.is_leaf
    (y.sum() + 0 * p.sum()).backward()
    assert p.grad.tolist() == expected


def test_tied_weights():
    layer = nn.Linear(2, 3)
    x = ds.ones((1, 2))
    (ds.ones((1, 3)) @ layer.weight + (x @ layer.weight.T).sum()).sum().backward()
    assert layer.weight.grad.tolist() == [[3, 3]] * 3


@pytest.mark.parametrize("leaf", LEAVES)
def test_leaves_are_not_written_in_place_under_gradients(leaf):
    p, w = LEAVES[leaf](), ds.ones(3, requires_grad=True)
    before = p.tolist()
    for write in (lambda: p.__setitem__(0, w), lambda: p.__iadd__(1), lambda: p[:1].__imul__(2), lambda: p[0].fill(3)):
        with pytest.raises(ds.ArgumentError, match="leaf that requires gradients"):
            write()
    assert p.tolist() == before
    with ds.no_grad():
        p[0] = 7
        p += 1
        p[1:] *= 2
    assert p.tolist()[0] == [8, 8, 8] and p.requires_grad and p.is_leaf
    (p[0] * 2).sum().backward()
    assert p.grad.tolist() == [[2, 2, 2], [0, 0, 0]]


def test_a_gradient_is_not_lost_in_a_detached_tensor():
    w, y = ds.ones(3, requires_grad=True), ds.zeros(3).detach()
    with pytest.raises(ds.ArgumentError, match="detached"):
        y[0] = w.sum()
    y[0] = w.sum().detach()
    assert y.tolist() == [3, 0, 0]


def test_views_belong_to_the_mode_they_were_made_in():
    a = ds.ones(4, requires_grad=True)
    view = (a * 2)[:2]
    with ds.no_grad():
        view.numpy()
        outside = (a * 2)[:2]
    (view * 3).sum().backward()
    assert a.grad.tolist() == [6, 6, 0, 0] and not outside.requires_grad


def test_a_leaf_assigned_is_copied():
    x, t = ds.ones(3, requires_grad=True), ds.zeros(3)
    t[...] = x
    assert not t.is_leaf
    t[...] = t * 5
    t.sum().backward()
    assert x.grad.tolist() == [5, 5, 5] and x.tolist() == [1, 1, 1]


def test_grad_is_one_storage():
    x = ds.asarray(np.arange(3.0)).requires_grad_()
    (x * x).sum().backward()
    x.grad[1:] = 0
    x.grad *= 2
    kept = x.grad
    assert x.grad.tolist() == [0, 0, 0] and kept is not None
    (x * 3).sum().backward()
    assert x.grad.tolist() == kept.tolist() == [3, 3, 3]
    x.grad = None
    (x * 4).sum().backward()
    assert x.grad.tolist() == [4, 4, 4] and kept.tolist() == [3, 3, 3]


def test_memory_of_somebody_else_assigned_is_copied():
    array, t = np.zeros(3, np.float32), ds.ones(3)
    t[...] = ds.from_numpy(array)
    array[:] = 9
    assert t.tolist() == [0, 0, 0]
    export = t.numpy(writable=True)
    u = ds.ones(3)
    u[...] = t
    export[:] = 5
    assert u.tolist() == [0, 0, 0] and t.tolist() == [5, 5, 5]


def test_gradients_read_what_was_there():
    array = np.full(3, 2.0, np.float32)
    w, x = ds.from_numpy(array), ds.ones(3, requires_grad=True)
    y = (x * w).sum()
    array[:] = 100
    y.backward()
    assert x.grad.tolist() == [2, 2, 2]


def test_views_of_memory_of_somebody_else_are_read_anew():
    array = np.zeros(6, np.float32)
    x = ds.from_numpy(array)
    view = x[1:4]
    leaf = ds.ones(3, requires_grad=True)
    kept = view * leaf
    array[:] = 7
    assert view.tolist() == [7, 7, 7] and (view + 0).tolist() == [7, 7, 7] and kept.tolist() == [0, 0, 0]
    y = ds.zeros(4)
    tail, export = y[2:], y.numpy(writable=True)
    assert (tail + 0).tolist() == [0, 0]
    export[:] = 3
    del export
    assert (tail + 0).tolist() == [3, 3]


def test_a_hook_may_remove_itself():
    x, calls = ds.ones(2, requires_grad=True), []
    first = x.register_hook(lambda g: (calls.append("first"), first.remove())[0])
    x.register_hook(lambda g: calls.append("second"))
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert calls == ["first", "second", "second"]
