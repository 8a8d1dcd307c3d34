"""Shapes, joining, cutting, choosing, ranges against NumPy."""

import numpy as np
import pytest
from test_elementwise import check

import deepseek as ds

X = np.arange(24).reshape(2, 3, 4).astype(np.float64)
SOURCES = {"dense": X, "turned": X.transpose(2, 0, 1), "reversed": X[:, ::-1], "strided": X[:, :, ::2]}

CASES = {
    "reshape": lambda m, x: m.reshape(x, (-1, 2)),
    "reshape flat": lambda m, x: m.reshape(x, -1),
    "transpose": lambda m, x: m.transpose(x),
    "transpose axes": lambda m, x: m.transpose(x, (1, 2, 0)),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
    "moveaxis": lambda m, x: m.moveaxis(x, 0, 2),
    "moveaxis two": lambda m, x: m.moveaxis(x, (0, 1), (-1, 0)),
    "expand_dims": lambda m, x: m.expand_dims(x, 1),
    "expand_dims two": lambda m, x: m.expand_dims(x, (0, -1)),
    "squeeze": lambda m, x: m.squeeze(x[:1]),
    "squeeze axis": lambda m, x: m.squeeze(x[:, :1], 1),
    "broadcast_to": lambda m, x: m.broadcast_to(x[:1], (5, *x.shape[1:])),
    "flip": lambda m, x: m.flip(x),
    "flip axis": lambda m, x: m.flip(x, 1),
    "roll": lambda m, x: m.roll(x, 2),
    "roll axis": lambda m, x: m.roll(x, -1, axis=1),
    "ravel": lambda m, x: m.ravel(x),
    "concatenate": lambda m, x: m.concatenate([x, x[:1], x], axis=0),
    "concatenate flat": lambda m, x: m.concatenate([x, x], axis=None),
    "concatenate last": lambda m, x: m.concatenate([x, x], axis=-1),
    "stack": lambda m, x: m.stack([x, x], axis=1),
    "vstack": lambda m, x: m.vstack([x[0], x[1]]),
    "hstack": lambda m, x: m.hstack([x, x]),
    "dstack": lambda m, x: m.dstack([x[0], x[0]]),
    "split": lambda m, x: m.split(x, x.shape[1], axis=1)[1],
    "split indices": lambda m, x: m.split(x, [1, 2], axis=1)[2],
    "array_split": lambda m, x: m.array_split(x, 2, axis=1)[0],
    "pad": lambda m, x: m.pad(x, 1),
    "pad pairs": lambda m, x: m.pad(x, ((0, 1), (2, 0), (1, 1)), constant_values=7),
    "tile": lambda m, x: m.tile(x, (2, 1, 3)),
    "tile front": lambda m, x: m.tile(x[0, 0], (2, 2)),
    "repeat": lambda m, x: m.repeat(x, 2, axis=1),
    "repeat flat": lambda m, x: m.repeat(x, 3),
    "take": lambda m, x: m.take(x, [0, 1, -1], axis=1),
    "take flat": lambda m, x: m.take(x, [[0, 3], [5, 1]]),
    "tril": lambda m, x: m.tril(x),
    "triu": lambda m, x: m.triu(x, 1),
    "diff": lambda m, x: m.diff(x, axis=1),
    "atleast_2d": lambda m, x: m.atleast_2d(x[0, 0]),
    "argwhere": lambda m, x: m.argwhere(x > 3),
    "nonzero": lambda m, x: m.nonzero(x > 3)[1],
    "where": lambda m, x: m.where(x > 5)[0],
    "count": lambda m, x: m.count_nonzero(x),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("case", CASES)
def test_shape_function(case, source):
    x = SOURCES[source]
    check(CASES[case](ds, ds.asarray(x)), CASES[case](np, x), (case, source), exact=True)


@pytest.mark.parametrize("mode", ("constant", "edge", "reflect", "wrap"))
def test_pad_modes(mode):
    check(ds.pad(ds.asarray(X), ((0, 1), (2, 1), (1, 2)), mode=mode), np.pad(X, ((0, 1), (2, 1), (1, 2)), mode=mode))


def test_take_along_axis():
    order = np.argsort(-X, axis=1)
    check(ds.take_along_axis(ds.asarray(X), ds.asarray(order), axis=1), np.take_along_axis(X, order, axis=1))


def test_meshgrid_and_broadcast():
    a, b = np.arange(3.0), np.arange(4.0)
    for indexing in ("xy", "ij"):
        for ours, theirs in zip(ds.meshgrid(a, b, indexing=indexing), np.meshgrid(a, b, indexing=indexing)):
            check(ours, theirs)
    assert ds.functions.shapes.broadcast_shapes((2, 1), (3,), (1, 1, 3)) == (1, 2, 3)
    with pytest.raises(ds.ShapeError):
        ds.broadcast_arrays(ds.ones(2), ds.ones(3))


@pytest.mark.parametrize("arguments", ((5,), (2, 9), (2, 9, 3), (9, 2, -2), (0, 0), (1.5,), (0, 1, 0.3), (5, 0)))
def test_arange(arguments):
    check(ds.arange(*arguments), np.arange(*arguments))


@pytest.mark.parametrize("arguments", ((0, 1, 5), (1, -1, 7), (2, 3, 1), (0, 1, 0)))
def test_linspace(arguments):
    check(ds.linspace(*arguments), np.linspace(*arguments))
    check(ds.linspace(*arguments, endpoint=False), np.linspace(*arguments, endpoint=False))


def test_filled():
    for name in ("zeros", "ones"):
        check(getattr(ds, name)((2, 3)), getattr(np, name)((2, 3)))
        check(getattr(ds, name)((2, 0), dtype="int32"), getattr(np, name)((2, 0), dtype="int32"))
        check(getattr(ds, name + "_like")(X), getattr(np, name + "_like")(X))
    for value in (3, 2.5, True, -7, 2**60 + 1):
        check(ds.full((2, 2), value), np.full((2, 2), value))
    check(ds.full((), 3), np.full((), 3))
    check(ds.eye(3), np.eye(3))
    check(ds.eye(3, 4, 1), np.eye(3, 4, 1))
    check(ds.identity(2), np.identity(2))


def test_errors_are_numpys():
    t = ds.asarray(X)
    for call in (lambda: ds.reshape(t, (5, 5)), lambda: ds.squeeze(t, 0), lambda: ds.concatenate([t, t[:, :1]]),
                 lambda: ds.split(t, 2, axis=1), lambda: ds.broadcast_to(t, (3, 3))):  # fmt: skip
        with pytest.raises(ValueError):
            call()
    for call in (lambda: ds.swapaxes(t, 0, 3), lambda: ds.transpose(t, (0, 1, 3)), lambda: ds.concatenate([t, t], axis=3)):
        with pytest.raises((ValueError, IndexError)):
            call()
