"""Reading and writing by index, exactly as NumPy."""

import numpy as np
import pytest

import deepseek as ds

X = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
I, J = np.array([1, 0, -1]), np.array([[0, 2], [3, 1]])
M = np.arange(3) % 2 == 0

BASIC = [
    0, -1, (1, 2), (0, -1, 3, 4), slice(None), slice(1, None), slice(None, None, -1), slice(5, 1), slice(-2, None),
    (slice(None), 1), (Ellipsis, 0), (0, Ellipsis), (1, Ellipsis, slice(None, None, 2)), None, (None, 0, None),
    (slice(0, 0), 1), (), Ellipsis, (slice(None, None, -2), slice(2, 0, -1)), (0, slice(1, 2), None, Ellipsis),
]  # fmt: skip
ARRAYS = [
    I % 2, (slice(None), I), (slice(None), slice(None), J), (I % 2, I), (I % 2, slice(None), J[0, :1]),
    (0, I), (0, slice(None), J), (slice(None), 0, J), (slice(None), I, 1), (slice(None), I, slice(None), 1),
    (I % 2, None, I), (None, I % 2), (J % 2, Ellipsis, J), ([0, 1], [1, 2]), [1, 0], (Ellipsis, [0, 4]),
    (slice(None), M), (slice(None), M, 1), (X > 50,), (slice(None), X[0, :, :, 0] % 2 == 0),
    (np.array([True, False]), slice(1, None)), (np.array([True, False]), [0]), True, False, (True, 0), (slice(None), True),
    np.array(1), (np.array(0), np.array([1, 2])), np.array([], np.int64), (slice(None), np.array([], np.int64)),
    np.int64(1), (np.int32(0), I), (0, J % 2, slice(None), 1), (slice(1), I[:, None], slice(2), J[:1]),
]  # fmt: skip


def name(key):
    return str(key).replace("\n", "").replace(" ", "")[:60]


def ours(key):
    """The same key with tensors in place of arrays."""
    swap = lambda part: ds.asarray(part) if isinstance(part, np.ndarray) else part  # noqa: E731
    return tuple(map(swap, key)) if isinstance(key, tuple) else swap(key)


@pytest.mark.parametrize("key", BASIC, ids=name)
def test_basic_is_a_view(key):
    base = X.copy()
    x = ds.asarray(base)
    view, theirs = x[key], base[key]
    assert view.shape == np.shape(theirs)
    np.testing.assert_array_equal(view.numpy(), theirs)
    if view.size and view.ndim:
        view[...] = -1
        base[key] = -1
        np.testing.assert_array_equal(x.numpy(), base)


@pytest.mark.parametrize("key", ARRAYS, ids=name)
@pytest.mark.parametrize("tensors", (False, True))
def test_advanced_get(key, tensors):
    got = ds.asarray(X)[ours(key) if tensors else key]
    assert got.shape == X[key].shape
    np.testing.assert_array_equal(got.numpy(), X[key])


@pytest.mark.parametrize("key", BASIC + ARRAYS, ids=name)
def test_set(key):
    shape = X[key].shape
    rng = np.random.default_rng(0)
    for value in (7, 3.7, rng.integers(0, 99, shape), rng.integers(0, 99, shape[-1:])):
        base = X.copy()
        x = ds.asarray(base)
        view = x[::-1]
        x[key] = ds.asarray(value) if isinstance(value, np.ndarray) else value
        base[key] = value
        np.testing.assert_array_equal(x.numpy(), base)
        np.testing.assert_array_equal(view.numpy(), base[::-1])


@pytest.mark.parametrize("key", ARRAYS, ids=name)
def test_inplace_at(key):
    base = X.copy()
    x = ds.asarray(base)
    x[key] += 5
    base[key] += 5
    np.testing.assert_array_equal(x.numpy(), base)


@pytest.mark.parametrize("key", (2, -3, (0, 3), (0, 0, 0, 0, 0), (Ellipsis, Ellipsis), 1.5, "a", (slice(None), np.ones(4, bool)),
                                 np.array([1.0])), ids=name)  # fmt: skip
def test_wrong_keys(key):
    for act in (lambda: X[key], lambda: ds.asarray(X)[key].numpy(), lambda: ds.asarray(X).__setitem__(key, 0)):
        with pytest.raises(IndexError):
            act()


def test_index_array_out_of_bounds():
    with pytest.raises(IndexError, match="out of bounds"):
        ds.asarray(X)[ds.tensor([0, 2])].numpy()


def test_wrong_values():
    x = ds.zeros(2, 3)
    with pytest.raises(ValueError):
        x[0] = [1, 2]
    with pytest.raises(ValueError):
        x[ds.tensor([0, 1])] = ds.ones(3, 3)
    with pytest.raises(TypeError):
        x[0] = None
    with pytest.raises(TypeError):
        del x[0]


def test_last_write_wins():
    x = ds.zeros(3)
    x[ds.tensor([1, 1, 2])] = ds.tensor([5.0, 6.0, 7.0])
    assert x.tolist() == [0, 6, 7]


def test_views_of_views():
    x = ds.arange(24).reshape(2, 3, 4)
    v = x[1][::-1].T[1:]
    v *= 10
    base = np.arange(24).reshape(2, 3, 4)
    w = base[1][::-1].T[1:]
    w *= 10
    np.testing.assert_array_equal(x.numpy(), base)
    x[1] = 0
    assert v.sum().item() == 0


def test_broadcast_views_are_read_only():
    x = ds.broadcast_to(ds.ones(3), (2, 3))
    with pytest.raises(ds.ReadOnlyError):
        x[0] = 1
    with pytest.raises(ValueError):
        x += 1


def test_overlapping_copy():
    base = np.arange(10)
    x = ds.asarray(base.copy())
    x[1:] = x[:-1]
    base[1:] = base[:-1].copy()
    np.testing.assert_array_equal(x.numpy(), base)
    x += x[::-1]
    np.testing.assert_array_equal(x.numpy(), base + base[::-1])


def test_a_wrong_index_spoils_nothing():
    x = ds.arange(5)
    view = x[1:]
    for write in (lambda: x.__setitem__([7], 1), lambda: x.__setitem__(np.array([[0, -6]]), 1), lambda: view.__setitem__([4], 1)):
        with pytest.raises(IndexError, match="out of bounds for axis 0 with size"):
            write()
    assert x.tolist() == [0, 1, 2, 3, 4] and view.tolist() == [1, 2, 3, 4]
