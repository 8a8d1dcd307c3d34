"""Mistakes that NumPy refuses are refused here, with classes that its users catch; sometimes more strictly."""

import numpy as np
import pytest

import deepseek as ds

REFUSED = [
    (ds.SizeError, """
        ds.arange(2**63, 2**63 + 3)
        ds.arange(250, 260, dtype="uint8")
        ds.arange(-3, 3, dtype="uint8")
        ds.arange(300.0, dtype="int8")
        ds.full((2,), -1, dtype="uint8")
        ds.full((2,), 3e9, dtype="int32")
        ds.full((2,), float("inf"), dtype="int32")
        ds.full((2,), 2**70)
        ds.full_like(ds.ones(2, dtype="int8"), 128)
        ds.asarray([1, 300], dtype="uint8")
        ds.asarray([1.0, 300.0], dtype="uint8")
        ds.asarray([float("inf")], dtype="int32")
        ds.asarray(300, dtype="uint8")
        ds.asarray(2**70)
        ds.asarray([2**70])
        ds.tensor([-1], dtype="uint64")
        ds.pad(ds.ones(2, dtype="uint8"), 1, constant_values=300)
        ds.zeros(2, dtype="uint8").fill(300)
        ds.zeros(2, dtype="uint8").fill(-1.5)
        ds.zeros(2, dtype="int32").__setitem__(0, 3e9)
        ds.zeros(2, dtype="int64").__setitem__(0, 2.0**63)
        ds.zeros(2, dtype="int32").__setitem__([True, False], 3e9)
    """),
    (ds.ArgumentError, """
        ds.arange(0, 5, 0)
        ds.full((2,), float("nan"), dtype="int32")
        ds.asarray([float("nan")], dtype="int32")
        ds.asarray(float("nan"), dtype="int32")
        ds.zeros(2, dtype="int32").__setitem__(0, float("nan"))
        ds.zeros(2, dtype="int32").__setitem__([0], float("nan"))
        ds.tensor([2]) ** -1
        ds.power(ds.tensor([2], dtype="uint8"), -1)
        ds.tensor([True]) ** -2
        ds.tensor([2]).__ipow__(-1)
        ds.asarray([1, 2], copy=False)
        ds.asarray(1.0, copy=False)
        ds.asarray(np.float64(1), copy=False)
        ds.asarray(np.ones(2), dtype="float32", copy=False)
        ds.asarray(ds.ones(2), dtype="int8", copy=False)
        ds.asarray(np.ones(2, ">f4"), copy=False)
        ds.flatten(ds.ones(2, 3), 1, 0)
        ds.meshgrid([1], [2], indexing="x")
        ds.diff([1, 2], -1)
        ds.pad(ds.ones(2), -1)
        ds.pad(ds.ones(2), -1, mode="edge")
        ds.pad(ds.ones(2), ((1, 2), (3, 4)))
        ds.pad(ds.ones(2, 2), ((1, 2), (3,)))
        ds.pad(ds.ones(2, 2), (1, 2, 3))
        ds.pad(ds.ones(2), 1, mode="mirror")
        ds.pad(ds.ones(2), 0, mode="mirror")
        ds.pad(ds.ones(0), 1, mode="edge")
        ds.pad(ds.ones(2), 1, constant_values=((1, 2), (3, 4)))
        ds.moveaxis(ds.ones(2, 3), (0, 0), (0, 1))
        ds.moveaxis(ds.ones(2, 3), (0, 1), (1, -1))
        ds.moveaxis(ds.ones(2, 3), (0, 1), 0)
        ds.flip(ds.ones(2, 3), (0, -2))
        ds.tensordot(ds.ones(2, 2), ds.ones(2, 2), ((0, 0), (0, 1)))
        ds.split(ds.ones(4), 0)
        ds.split(ds.ones(4), -2)
        ds.array_split(ds.ones(4), 0)
        ds.array_split(ds.ones(4), -1)
        ds.roll(ds.ones(2, 3), (1, 2, 3), (0, 1))
        ds.repeat([1, 2, 3], -1)
        ds.repeat([1, 2, 3], [1, -1, 1])
        ds.hstack([])
        ds.vstack([])
        ds.max(ds.ones(2), where=[True, False])
        ds.ones(2, 2).item(0, 1, 1)
        ds.ones(2, 2).item((0,))
    """),
    (ds.ShapeError, """
        ds.asarray([[1], [1, 2]])
        ds.tensor([[1.0, 2.0], 3.0])
        ds.repeat([1, 2, 3], [2, 1])
        ds.average([[1.0, 2], [3, 4]], axis=0, weights=[1, 2, 3])
        ds.average([[1.0, 2], [3, 4]], axis=0, weights=[[1, 2]])
        ds.gather(ds.ones(2, 3), 0, [0, 1])
        ds.gather(ds.ones(2, 3), 1, [[0], [1], [2]])
        ds.sum(ds.ones(1, 3), where=[[True] * 3, [False] * 3])
        ds.sum(ds.ones(2, 3), axis=0, out=ds.ones(2))
    """),
    (ds.OutOfRangeError, """
        ds.ones(4, 4)[[0, 1], [0, 1, 2]]
        ds.ones(4, 4).__setitem__(([0, 1], [0, 1, 2]), 0)
        ds.ones(3, 0)[[0, 1], []]
        ds.ones(2, 3).item(6)
        ds.ones(2, 3).item(-7)
        ds.flip(ds.ones(2), 1)
        ds.gather(ds.ones(2), 1, [0])
        ds.tensordot(ds.ones(2), ds.ones(2), 2)
    """),
    (IndexError, """
        ds.ones(2)[2**63]
        ds.ones(2)[-2**70]
        ds.ones(2, 2).item(2, 0)
    """),
    (TypeError, """
        ds.arange(3, dtype="bool")
        ds.graph_text(3)
        ds.explain(3)
        ds.evaluate(3)
        ds.evaluate(ds.ones(2), "x")
        ds.sum(ds.ones(2), out=np.zeros(()))
        ds.sum(ds.ones(2), out=ds.zeros((), dtype="int64"))
        ds.average([[1.0, 2], [3, 4]], weights=[1, 2])
        ds.pad(ds.ones(2), 1.5)
        ds.reshape(ds.ones(2), 2.0)
        ds.zeros(2.5)
        ds.full(2.0, 1)
        ds.tile(ds.ones(2), 1.5)
        ds.repeat(ds.ones(2), 1.5)
        ds.ones(2).to(3.5)
        ds.ops.dropout(ds.ones(2), 0.5, True, 3)
        ds.ones(2) < None
    """),
]  # fmt: skip


CASES = [(error, line.strip()) for error, lines in REFUSED for line in lines.strip().splitlines()]


@pytest.mark.parametrize("error, text", CASES)
def test_refused(error, text):
    with pytest.raises(error):
        eval(text)


def test_texts():
    with pytest.raises(IndexError, match=f"index {2**63} is out of bounds for axis 0 with size 2"):
        ds.ones(2)[2**63]
    with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
        ds.tensor([2]) ** -1
    with pytest.raises(OverflowError, match="-1 does not fit in uint8"):
        ds.full((2,), -1, dtype="uint8")


def test_what_fits_is_written():
    x = ds.zeros(4, dtype="uint8")
    x[0], x[1], x[2] = 255.9, -0.5, True
    x[3:] = 7
    assert x.tolist() == [255, 0, 1, 7]
    y = ds.zeros(2, dtype="int64")
    y[0], y[1] = -(2.0**62), 2.0**62
    assert y.tolist() == [-(2**62), 2**62]


def test_negative_powers_of_floats_are_fine():
    assert (ds.tensor([2.0]) ** -1).tolist() == [0.5] and (2.0 ** ds.tensor([-1])).tolist() == [0.5]
    assert (ds.tensor([2]) ** -1.0).tolist() == [0.5]


def test_one_hot_counts_from_the_end():
    """As its summary says."""
    assert ds.one_hot(ds.tensor([0, -1]), depth=3).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert "negative count from the end" in ds.ops.one_hot.__doc__
