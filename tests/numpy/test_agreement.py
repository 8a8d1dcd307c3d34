"""Small exact cases, each written once and run by NumPy and by us: dtype, shape and values agree."""

import numpy as np
import pytest

import deepseek as ds

SAME = """
m.arange(2**53, 2**53 + 3)
m.arange(2**62, -2**63, -2**62)
m.arange(2**63, 2**64 - 1, 2**62, dtype="uint64")
m.arange(np.int64(5))
m.arange(np.int8(2), np.int16(9), np.array(3))
m.arange(250, 256, dtype="uint8")
m.arange(5, 0)
m.arange(0.5, 3)
m.full(np.int64(3), 1.0)
m.full((2, 2), 255, dtype="uint8")
m.full((2,), 2**64 - 1, dtype="uint64")
m.asarray([0.1, 2**53 + 1], dtype="float64")
m.asarray([2**53 + 1, 3], dtype="int64")
m.asarray([1.5, 255.0], dtype="uint8")
m.asarray([2**70], dtype="float32")
m.asarray(2**70, dtype="float32")
m.zeros(np.array([2, 3]))
m.float_power(m.asarray([2, 3]), -1)
m.float_power(m.asarray([2.0], dtype="float32"), 2)
m.fabs(m.asarray([-2, 3]))
m.power(m.asarray([2, 3]), 2)
m.power(2, m.asarray([2, 3]))
m.pow(m.asarray([2.0]), -1)
m.reciprocal(m.asarray([2, 1, -1, -3]))
m.reciprocal(m.asarray([2.0, 4.0]))
m.isclose(m.asarray([-128, -128, 0], dtype="int8"), m.asarray([127, -128, 0], dtype="int8"))
m.isclose(m.asarray([0, 255], dtype="uint8"), m.asarray([1, 255], dtype="uint8"))
m.isclose(m.asarray([True, False]), m.asarray([True, True]))
m.clip(m.arange(5.0), 3, 1)
m.clip(m.arange(5.0), m.asarray([3.0, 0, 0, 0, 0]), m.asarray([1.0, 1, 1, 9, 9]))
m.clip(m.asarray([1.0, np.nan, 3]), 0, np.nan)
m.clip(m.asarray([1.0, np.nan, 3]), np.nan, 2)
m.clip(m.asarray([1.0, np.nan, 3]), m.asarray([np.nan, 0.0, 0.0]), 2)
m.clip(m.asarray([1.0, np.nan, 3]), 0, m.asarray([2.0, 2.0, np.nan]))
m.clip(m.asarray([1, 2, 3], dtype="int8"), 0, 300)
m.clip(m.asarray([1, 2, 3], dtype="uint8"), -1, 2)
m.clip(m.asarray([1, 2, 3]), 2, None)
m.sum(m.ones((2, 3)), axis=())
m.sum(m.ones((2, 3), dtype="int8"), axis=())
m.mean(m.ones((2, 3)), axis=())
m.max(m.asarray([[1, 2], [3, 4]]), axis=(), keepdims=True)
m.std(m.ones((2, 3)), axis=())
m.any(m.asarray([[0, 2]]), axis=())
m.count_nonzero(m.asarray([[0, 2]]), axis=())
m.asarray([True, False]) << True
True << m.asarray([True, False])
m.asarray([True, False]) >> m.asarray([True, True])
m.left_shift(m.asarray([True]), True)
m.asarray([True, True]) << m.asarray([1, 2])
m.repeat(m.asarray([1, 2, 3]), [2, 0, 1])
m.repeat(m.asarray([1, 2, 3]), [2])
m.repeat(m.asarray([[1, 2], [3, 4]]), np.array([1, 2]), axis=1)
m.repeat(m.asarray([1, 2]), np.int64(2))
m.fmax(m.asarray([1.0, np.nan], dtype="float32"), 2)
m.fmin(2, m.asarray([1, 3], dtype="int8"))
m.diff(m.asarray([True, False, False]))
m.diff(m.asarray([1, 4, 9]), n=2)
m.diff(m.asarray([1, 4, 9]), n=5)
m.pad(m.asarray([[1, 2, 3]]), ((1, 0), (0, 2)), constant_values=((7, 8), (9, 6)))
m.pad(m.asarray([1, 2]), 1, constant_values=2**62 + 1)
m.pad(m.asarray([1, 2, 3]), (4, 5), mode="symmetric")
m.pad(m.asarray([1, 2, 3]), (4, 5), mode="reflect")
m.pad(m.asarray([1]), 3, mode="reflect")
m.pad(m.asarray([[1, 2], [3, 4]]), ((1,), (2,)), mode="edge")
m.pad(m.asarray([[1, 2], [3, 4]]), np.int64(1))
m.pad(m.asarray([[1, 2], [3, 4]]), np.array([0, 1]), mode="wrap")
m.moveaxis(m.ones((2, 3, 4)), np.int64(0), np.array(2))
m.moveaxis(m.ones((2, 3, 4)), (0, -1), (-1, 0))
m.flip(m.asarray([[1, 2], [3, 4]]), axis=np.int64(1))
m.flip(m.asarray([[1, 2], [3, 4]]), axis=(0, -1))
m.roll(m.asarray([[0, 1, 2], [3, 4, 5]]), (1, 1))
m.roll(m.asarray([[0, 1, 2], [3, 4, 5]]), (1, 2), 1)
m.roll(m.asarray([[0, 1, 2], [3, 4, 5]]), (1, 2), (0,))
m.roll(m.asarray([[0, 1, 2], [3, 4, 5]]), (1, -1), (0, 1))
m.roll(m.asarray([[0, 1, 2], [3, 4, 5]]), np.int64(1), (0, 1))
m.split(m.arange(6), np.int64(3))[1]
m.array_split(m.arange(7), np.array([1, 4]))[2]
m.array_split(m.arange(7), 3)[0]
m.array_split(m.arange(7), 9)[8]
m.round(m.asarray([1.25, 1.35, -0.05]), 1)
m.round(m.asarray([125.0, 135.0]), -1)
m.round(m.asarray([125, 135, -15]), -1)
m.round(m.asarray([1.5, 2.5]))
m.round(m.asarray([1, 2]), 3)
m.around(m.asarray([1.26]), decimals=1)
m.average(m.asarray([[1.0, 2], [3, 4]]), axis=1, weights=[1, 3])
m.average(m.asarray([[1.0, 2], [3, 4]]), weights=[[1, 0], [2, 1]])
m.average(m.arange(24.0).reshape((2, 3, 4)), axis=(2, 0), weights=m.arange(8.0).reshape((4, 2)))
m.average(m.asarray([[1.0, 2], [3, 4]]), axis=0, keepdims=True)
m.take_along_axis(m.asarray([[1, 2], [3, 4]]), m.asarray([[1], [0]]), axis=1)
m.reshape(m.arange(6), np.array([3, 2]))
m.arange(6).reshape(np.array([3, 2]))
m.arange(6).reshape(np.int64(3), np.array(2))
m.tile(m.arange(2), np.array([2, 2]))
m.tile(m.arange(2), np.array(2))
m.transpose(m.ones((2, 3)), np.array([1, 0]))
m.ones((2, 3)).transpose(np.int64(1), np.int64(0))
m.squeeze(m.ones((1, 3, 1)), axis=np.array(0))
m.squeeze(m.ones((1, 3, 1)), axis=(np.int64(0), 2))
m.expand_dims(m.ones(3), axis=np.array(0))
m.expand_dims(m.ones(3), axis=(0, 2))
m.swapaxes(m.ones((2, 3)), np.int64(0), np.array(1))
m.broadcast_to(m.ones(3), np.array([2, 3]))
m.sum(m.ones((2, 3)), axis=np.array(1))
m.sum(m.ones((2, 3)), axis=(np.int64(0), np.int64(1)))
m.cumsum(m.ones(3, dtype="int8"), dtype="int8")
m.hstack([m.ones((2, 1)), m.ones((2, 2))])
m.zeros((0, 4))[:, [0, 0]]
m.zeros((0, 4))[[], [0]]
m.zeros((3, 0))[[0, 1], :]
m.asarray([[1, 2], [3, 4]])[..., np.int64(0)]
m.asarray([5, 6])[np.int64(1)]
m.sum(m.asarray([1, 2, 3]), dtype="int8")
m.sum(m.asarray([200, 100], dtype="uint8"), dtype="uint8")
m.sum(m.asarray([1.5, 2.5]), dtype="int64")
m.sum(m.asarray([1.0, 2, 3]), initial=10, where=[True, False, True])
m.sum(m.asarray([[1, 2], [3, 4]]), axis=0, where=m.asarray([[True], [False]]))
m.prod(m.asarray([1, 2, 3]), initial=2, where=[False, True, True])
m.mean(m.asarray([1.0, 2, 9]), where=[True, True, False])
m.mean(m.asarray([[1.0, 2], [3, 5]]), axis=1, keepdims=True, where=[True, False])
m.mean(m.asarray([1, 2]), dtype="int64")
m.mean(m.asarray([1, 2]), dtype="float32")
m.max(m.asarray([1, 7, 3]), initial=5)
m.max(m.asarray([1, 7, 3]), initial=2, where=[True, False, False])
m.max(m.zeros((0, 3)), axis=0, initial=5)
m.min(m.asarray([[4, 7], [3, 9]]), axis=1, initial=8, where=[False, True])
m.std(m.asarray([1.0, 2, 30, 4]), where=[True, True, False, True])
m.var(m.asarray([[1.0, 2], [3, 5]]), axis=0, ddof=1, keepdims=True)
m.var(m.asarray([[1.0, 2], [3, 5], [9, 9]]), axis=0, ddof=1, where=[[True], [True], [False]])
m.std(m.asarray([1, 2]), dtype="float32")
m.mean(m.asarray([1, 2, 6], dtype="float32"), where=[True, True, False])
m.std(m.asarray([1, 2, 6], dtype="float32"), where=[True, True, False])
m.mean(m.asarray([1, 2, 6]), where=[True, False, False])
m.var(m.asarray([[1, 2], [3, 4]]), axis=(), where=[True, True])
m.tensordot(m.ones((2, 3)), m.ones((3, 2)), np.array(1))
m.tensordot(m.ones((2, 3)), m.ones((3, 2)), (np.array(1), np.int64(0)))
m.arange(2, dtype="bool")
m.any(m.asarray([0, 1]), where=[True, False])
m.all(m.asarray([0, 1]), where=[False, True], keepdims=True)
m.ptp(m.asarray([[1, 5], [9, 2]]), axis=1)
m.asarray([True, True]) < 300
m.equal(m.asarray([1, 255], dtype="uint8"), -1)
m.less(m.asarray([1, -1], dtype="int8"), 300)
m.greater(300, m.asarray([1, -1], dtype="int8"))
m.not_equal(m.asarray([1], dtype="uint8"), 256)
m.equal(1, 1)
m.asarray([1, 255], dtype="uint8") == -1
m.asarray([1, 255], dtype="uint8") != -1
m.asarray([1, 255], dtype="uint8") > -1
m.asarray([1, 127], dtype="int8") < 300
m.asarray([1, 127], dtype="int8") <= 127
m.asarray([1, 127], dtype="int8") >= 128
m.asarray([1, -128], dtype="int8") >= -128
m.asarray([1, -128], dtype="int8") < -129
300 > m.asarray([1, 127], dtype="int8")
m.asarray([2**64 - 1], dtype="uint64") < -1
m.asarray([2**64 - 1], dtype="uint64") == 2**64 - 1
m.asarray([2**64 - 1], dtype="uint64") < 2**64
m.asarray([2**63 - 1]) < 2**63
m.asarray([2**63 - 1]) == 10**30
m.asarray([2**32 - 1], dtype="uint32") > 2**32
m.asarray([1.5, np.inf]) < 10**30
m.asarray([16777217]) == 16777216.0
m.asarray([16777217, 16777218], dtype="int32") > 16777217.5
m.asarray([1, np.nan]) == None
m.asarray([1, 2]) != None
m.asarray([1, 2]).item(1)
m.asarray([[1, 2], [3, 4]]).item(3)
m.asarray([[1, 2], [3, 4]]).item(-2)
m.asarray([[1, 2], [3, 4]]).item(1, 0)
m.asarray([[1, 2], [3, 4]]).item((0, 1))
"""


@pytest.mark.parametrize("text", SAME.strip().splitlines())
def test_same(text):
    theirs = np.asarray(eval(text, {"m": np, "np": np}))
    ours = eval(text, {"m": ds, "np": np})
    assert not isinstance(ours, np.ndarray)
    ours = np.asarray(ours)
    assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, (ours, theirs)
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name, options", [
    ("sum", {}), ("sum", {"axis": 0, "dtype": "float32"}), ("sum", {"where": [True, False]}), ("prod", {"initial": 3}),
    ("mean", {"axis": 1}), ("mean", {"keepdims": True}), ("max", {"axis": 0}), ("max", {"initial": 9}), ("min", {}),
    ("std", {"ddof": 1}), ("var", {"axis": 0}), ("any", {"axis": 1}), ("all", {}), ("argmax", {"axis": 0}),
    ("argmin", {}), ("cumsum", {"axis": 1}), ("ptp", {}), ("round", {"decimals": 1}),
])  # fmt: skip
def test_numpy_functions_of_tensors(name, options):
    x = [[1.25, 2.5], [0.0, 4.75]]
    ours, theirs = getattr(np, name)(ds.asarray(x), **options), getattr(np, name)(np.asarray(x), **options)
    np.testing.assert_array_equal(np.asarray(ours), theirs)
    assert ours.dtype == theirs.dtype


def test_ranges_that_numpy_makes_of_floats():
    assert ds.arange(-(2**63), 2**63 - 1, 2**63).tolist() == [-(2**63), 0]
    assert ds.arange(2**63 - 1, -(2**63) - 1, -(2**64) + 1).tolist() == [2**63 - 1, -(2**63)]


def test_out():
    x = ds.asarray([[1.0, 2], [3, 4]])
    out = ds.zeros(2)
    assert ds.sum(x, axis=0, out=out) is out and out.tolist() == [4, 6]
    assert x.max(axis=1, out=out) is out and out.tolist() == [2, 4]
    assert np.mean(x, axis=0, out=out) is out and out.tolist() == [2, 3]
    assert x.std(axis=0, out=out).tolist() == [1, 1] and x.var(axis=0, out=out).tolist() == [1, 1]
    flag, place = ds.zeros((), dtype=bool), ds.zeros((), dtype="int64")
    assert ds.any(x, out=flag).item() is True and ds.all(x, out=flag).item() is True
    assert x.argmax(out=place).item() == 3 and place.item() == 3
    assert ds.cumsum(x, axis=0, out=ds.zeros(2, 2)).tolist() == [[1, 2], [4, 6]]


def test_numbers_stay_weak():
    x = ds.asarray([1.0, 2.0], dtype="float32")
    for y in (ds.fmax(x, 2), ds.fmin(1, x), ds.dot(x, 2), ds.inner(3, x), ds.clip(x, 0, 2), ds.power(x, 2)):
        assert y.dtype == ds.float32
    assert ds.dot(x, 2).tolist() == [2, 4] and ds.inner(3, x).tolist() == [3, 6]


def test_gather():
    x = ds.asarray([[1.0, 2, 3], [4, 5, 6]])
    assert ds.gather(x, 1, [[0, 2], [1, -1]]).tolist() == [[1, 3], [5, 6]]
    assert x.gather(0, ds.asarray([[1, 0]])).tolist() == [[4, 2]]
    w = ds.tensor([[1.0, 2], [3, 4]], requires_grad=True)
    ds.gather(w, 1, [[1, 1]]).sum().backward()
    assert w.grad.tolist() == [[0, 2], [0, 0]]


def test_clip_gradients():
    x = ds.tensor([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    ds.clip(x, 1, 2).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 0]
    x.grad = None
    ds.clip(x, ds.full((4,), 1.0), ds.full((4,), 2.0)).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 0]


def test_elements_by_integers_are_copies():
    x = ds.asarray([1.0, 2.0, 3.0])
    x[0], x[1] = x[1], x[0]
    assert x.tolist() == [2, 1, 3]
    first = x[0]
    x[0] = 9
    assert first.item() == 2 and x.tolist() == [9, 1, 3]
    x[0] += 1
    assert x.tolist() == [10, 1, 3]
    for key in ((..., 0), slice(0, 1), (0, None), (0, ...), (..., np.int64(0))):
        x = ds.asarray([1.0, 2.0, 3.0])
        x[key].fill(7)
        assert x.tolist() == [7, 2, 3]
    y = ds.asarray([[1.0, 2.0], [3.0, 4.0]])
    element, point = y[1, np.int64(0)], y[1]
    y[...] = 0
    assert element.item() == 3 and point.tolist() == [0, 0]
    y[np.int64(0), np.int64(1)] = 5
    assert y.tolist() == [[0, 5], [0, 0]]
    w = ds.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (w[0] * w[-1]).backward()
    assert w.grad.tolist() == [3, 0, 1]
    scalar = ds.asarray(1.0)
    copy = scalar[()]
    scalar.fill(2)
    assert copy.item() == 1


def test_summarised_repr():
    assert repr(ds.arange(2000)) == "tensor([   0,    1,    2, ..., 1997, 1998, 1999], shape=(2000,))"
    assert "shape" not in repr(ds.arange(1000))


def test_tensors_of_tensors_are_detached_copies():
    w = ds.tensor([1.0, 2.0], requires_grad=True)
    made = ds.tensor([w * 2, w])
    assert not made.requires_grad and made.is_leaf and made.tolist() == [[2, 4], [1, 2]]
    assert ds.asarray([w * 2, w]).requires_grad
    assert ds.tensor([w, w], requires_grad=True).requires_grad


def test_dtype_names():
    x = ds.asarray([1.0])
    names = {"f64": "float64", "double": "float64", "f4": "float32", "half": "float16", np.int8: "int8"}
    for name, dtype in names.items():
        assert x.to(name).dtype.name == dtype == ds.zeros_like(x, name).dtype.name
    assert x.to("cpu") is x


def test_sharing():
    array = np.arange(3.0)
    shared = ds.asarray(array, copy=False)
    array[0] = 7
    assert shared.tolist() == [7, 1, 2]
    assert ds.asarray(shared, copy=False) is shared


def test_random_operators_take_their_state_by_name():
    x, state = ds.ones(1000), ds.asarray(np.array([1, 2], np.uint64))
    assert 300 < ds.ops.dropout(x, 0.5).count_nonzero().item() < 700
    assert ds.ops.dropout(x, 0.5, state=state).tolist() == ds.ops.dropout(x, p=0.5, state=state).tolist()
    assert ds.ops.random_uniform((2, 3)).shape == (2, 3)


def test_round():
    assert round(ds.asarray([1.26]), 1).tolist() == [1.3] and round(ds.asarray([2.5])).tolist() == [2]
