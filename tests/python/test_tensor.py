"""The Tensor as an object: attributes, text, conversions, operators, types."""

import copy
import math
import pickle
import weakref

import numpy as np
import pytest

import deepseek as ds


def test_attributes():
    x = ds.zeros(2, 3, dtype="int32")
    assert x.shape == (2, 3) and x.ndim == 2 and x.size == 6 and x.itemsize == 4 and x.nbytes == 24
    assert x.strides == (12, 4) and x.T.strides == (4, 12) and x.T.shape == (3, 2)
    assert x.dtype is ds.int32 and x.device == "cpu" and not x.requires_grad and x.is_leaf
    assert len(x) == 2 and ds.zeros(4, 2, 3).mT.shape == (4, 3, 2)
    assert ds.zeros(()).shape == () and ds.zeros(2, 0).size == 0
    with pytest.raises(TypeError):
        len(ds.tensor(1.0))
    with pytest.raises(AttributeError):
        x.nothing
    with pytest.raises(AttributeError):
        x.shape = (3, 2)


@pytest.mark.parametrize(
    "text, make",
    [
        ("tensor([0.  , 0.5 , 1.  , 0.75, 1.  ])", lambda: ds.tensor([0, 0.5, 1, 0.75, 1])),
        ("tensor([1, 2])", lambda: ds.tensor([1, 2])),
        ("tensor([ True, False])", lambda: ds.tensor([True, False])),
        ("tensor(2.5)", lambda: ds.tensor(2.5)),
        ("tensor([[1., 2.],\n        [3., 4.]])", lambda: ds.tensor([[1.0, 2], [3, 4]])),
        ("tensor([1.], dtype=float64)", lambda: ds.tensor([1.0], dtype=ds.float64)),
        ("tensor([1], dtype=uint8)", lambda: ds.tensor([1], dtype="uint8")),
        ("tensor([1.], requires_grad=True)", lambda: ds.tensor([1.0], requires_grad=True)),
        ("tensor([], dtype=float32)", lambda: ds.tensor([], dtype="float32")),
        ("tensor([], shape=(2, 0), dtype=int64)", lambda: ds.zeros(2, 0, dtype="int64")),
    ],
)
def test_repr(text, make):
    assert repr(make()) == text


def test_newcomers_session():
    x = ds.linspace(0, 1, 5)
    x[1:3] *= 2
    assert repr(x) == "tensor([0.  , 0.5 , 1.  , 0.75, 1.  ])"


def test_str_and_format():
    assert str(ds.tensor([1, 2])) == "[1 2]"
    assert f"{ds.tensor(3.14159):.2f}" == "3.14" and f"{ds.tensor(7):>3d}" == "  7"
    assert f"{ds.tensor([1, 2])}" == "[1 2]"


def test_scalars():
    assert float(ds.tensor(2.5)) == 2.5 and int(ds.tensor([3])) == 3 and complex(ds.tensor(2.0)) == 2
    assert bool(ds.tensor(1)) and not ds.tensor([0.0]) and [10, 20, 30][ds.tensor(1)] == 20
    assert ds.tensor(True).item() is True and type(ds.tensor(1).item()) is int and ds.tensor([[1, 2]]).item(0, 1) == 2
    assert math.isnan(ds.tensor(math.nan).item())
    for wrong in (lambda: bool(ds.ones(2)), lambda: bool(ds.ones(0)), lambda: ds.ones(2).item()):
        with pytest.raises(ValueError):
            wrong()
    for wrong in (lambda: float(ds.ones(2)), lambda: int(ds.ones(0)), lambda: [1, 2][ds.tensor(1.0)]):
        with pytest.raises(TypeError):
            wrong()


def test_lists_and_iteration():
    x = ds.tensor([[1, 2], [3, 4]])
    assert x.tolist() == [[1, 2], [3, 4]] and ds.tensor(1.5).tolist() == 1.5
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    a, b = x
    assert b.tolist() == [3, 4] and 3 in x and 7 not in x
    with pytest.raises(TypeError):
        iter(ds.tensor(1))


def test_making():
    assert ds.tensor([1.0, 2]).dtype == ds.float32 and ds.tensor([1, 2]).dtype == ds.int64
    assert ds.tensor(np.ones(2)).dtype == ds.float64 and ds.tensor([True]).dtype == ds.bool_
    assert ds.asarray(np.float64(1)).dtype == ds.float64 and ds.asarray([np.float64(1)]).dtype == ds.float64
    assert ds.tensor([ds.tensor(1.0), ds.tensor(2.0)]).tolist() == [1, 2]
    assert ds.tensor([[1, 2], [3, 4]], dtype=float).dtype == ds.float32
    assert ds.tensor(range(3)).tolist() == [0, 1, 2]
    assert ds.float16([1.5]).dtype is ds.float16
    x = ds.tensor([1.0])
    assert ds.asarray(x) is x and ds.asarray(x, copy=True) is not x
    y = ds.tensor(x)
    y += 1
    assert x.tolist() == [1.0]
    assert isinstance(ds.Tensor([1, 2]), ds.Tensor)
    for wrong in ([[1], [1, 2]], ["a"], object()):
        with pytest.raises((ValueError, TypeError)):
            ds.tensor(wrong)
    with pytest.raises(OverflowError):
        ds.tensor(1) + 2**70


def test_dtypes():
    assert ds.float32 == np.float32 == ds.dtype("float32") and ds.float32 == "float32" and ds.float32 != ds.float64
    assert np.dtype(ds.float32) == np.float32 and np.zeros(2, ds.int16).dtype == np.int16
    assert {ds.float32: 1}[ds.dtype(np.float32)] == 1 and ds.dtype(float) is ds.float32 and ds.dtype(int) is ds.int64
    assert repr(ds.bfloat16) == "deepseek.bfloat16" and ds.bfloat16.itemsize == 2
    with pytest.raises(TypeError):
        ds.dtype("float33")
    with pytest.raises(TypeError):
        ds.set_default_dtype(ds.int32)
    ds.set_default_dtype("float64")
    try:
        assert ds.ones(2).dtype == ds.float64 and ds.tensor([1.5]).dtype == ds.float64 and ds.sqrt(ds.tensor(4)).dtype == ds.float64
        assert repr(ds.tensor([1.5])) == "tensor([1.5])"
    finally:
        ds.set_default_dtype("float32")


def test_bfloat16():
    x = ds.tensor([1.0, 1.0 / 3], dtype=ds.bfloat16)
    assert x.dtype is ds.bfloat16 and (x + x).dtype is ds.bfloat16
    np.testing.assert_allclose(x.numpy(), [1, 1 / 3], rtol=5e-3)
    assert x.to(ds.float32).dtype is ds.float32


def test_scalars_are_weak():
    for dtype in ("float16", "float32", "float64"):
        assert (ds.ones(2, dtype=dtype) * 2.5).dtype == dtype and (2 - ds.ones(2, dtype=dtype)).dtype == dtype
    assert (ds.ones(2, dtype="int8") + 1).dtype == "int8" and (ds.tensor([1, 2]) / 2).dtype == ds.float32
    assert (ds.ones(2, dtype="int32") * 0.5).dtype == ds.float32


SYMBOLS = "a + b|a - b|a * b|a / b|a // b|a % b|a ** 2|a @ b|-a|+a|abs(a)|a < b|a <= b|a > b|a >= b|a == b|a != b"
MIXED = "a + 2|2 + a|a - 2|2 - a|a * 2|2 * a|a / 2|2 / a|a // 2|7 // a|a % 2|7 % a|a ** 3|2 ** a|divmod(a, 2)[1]|divmod(7, a)[0]"


@pytest.mark.parametrize("expression", (SYMBOLS + "|" + MIXED).split("|"))
def test_symbols(expression):
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 3, (3, 3)), rng.uniform(0.5, 3, (3, 3))
    ours = eval(expression, {"a": ds.asarray(a), "b": ds.asarray(b)})
    np.testing.assert_allclose(ours.numpy(), eval(expression, {"a": a, "b": b}), rtol=1e-12)


@pytest.mark.parametrize("expression", "a & b|a | b|a ^ b|~a|a << 2|a >> 1|3 & a|1 << b|a & True".split("|"))
def test_bit_symbols(expression):
    a, b = np.array([1, 6, 12]), np.array([3, 5, 2])
    ours = eval(expression, {"a": ds.asarray(a), "b": ds.asarray(b)})
    np.testing.assert_array_equal(ours.numpy(), eval(expression, {"a": a, "b": b}))


def test_comparison_with_none_and_strangers():
    x = ds.ones(2)
    assert (x == None).tolist() == [False, False] and (x != None).tolist() == [True, True]  # noqa: E711
    with pytest.raises(TypeError):
        x + None
    with pytest.raises(TypeError):
        x + object()
    with pytest.raises(TypeError):
        pow(x, 2, 3)


INPLACE = "x += 2|x -= y|x *= 3|x /= 2|x //= 2|x %= 3|x **= 2|x @= m"


@pytest.mark.parametrize("statement", INPLACE.split("|"))
def test_inplace_is_seen_by_views(statement):
    def run(wrap):
        base = wrap(np.arange(1.0, 10).reshape(3, 3))
        names = {"x": base[:, :], "y": wrap(np.ones(3)), "m": wrap(np.eye(3) * 2)}
        first = names["x"]
        exec(statement, names)
        assert names["x"] is first
        return base

    np.testing.assert_allclose(run(ds.asarray).numpy(), run(lambda array: array))


def test_inplace_casts():
    x = ds.ones(2, dtype="float32")
    x += ds.ones(2, dtype="float64")
    assert x.dtype == ds.float32 and x.tolist() == [2, 2]
    with pytest.raises(TypeError, match="does not cast to int64"):
        y = ds.tensor([1, 2])
        y += 0.5
    with pytest.raises(ValueError):
        z = ds.ones(2)
        z += ds.ones(3, 2)


def test_methods():
    x = ds.tensor([[1.0, -2], [3, 4]])
    assert x.sum().item() == 6 and x.mean(axis=0).tolist() == [2, 1] and x.max(axis=1, keepdims=True).shape == (2, 1)
    assert x.exp().log().round().tolist() == x.tolist() and x.abs().sqrt().shape == (2, 2)
    assert x.argmax().item() == 3 and x.any().item() and x.clip(0, 2).tolist() == [[1, 0], [2, 2]]
    assert x.flatten().shape == (4,) and x.reshape(4, 1).squeeze().shape == (4,) and x.unsqueeze(0).shape == (1, 2, 2)
    assert x.expand(3, -1, -1).shape == (3, 2, 2) and x.permute(1, 0).tolist() == x.T.tolist()
    assert [p.tolist() for p in x.split(2)] == [[[1, -2]], [[3, 4]]] and x.masked_fill(x < 0, 0).min().item() == 0
    assert x.astype(int).dtype == ds.int64 and x.double().float().long().dtype == ds.int64
    assert x.sort(axis=1).tolist() == [[-2, 1], [3, 4]] and x.std().item() == pytest.approx(np.std([1, -2, 3, 4]))
    x.fill(7)
    assert x.tolist() == [[7, 7], [7, 7]] and x.zero_().sum().item() == 0
    assert "exp" in dir(x) and "sum" in dir(x)


def test_copies():
    x = ds.tensor([1.0, 2], requires_grad=True)
    for made in (x.clone(), x.copy(), copy.copy(x), copy.deepcopy(x), x.detach().copy()):
        assert made.tolist() == [1, 2]
    assert copy.deepcopy(x).requires_grad and copy.deepcopy(x).is_leaf
    y = x.detach()
    y[0] = 5
    assert x.tolist() == [5, 2] and not y.requires_grad
    again = pickle.loads(pickle.dumps(x))
    assert again.tolist() == x.tolist() and again.requires_grad


def test_identity():
    x = ds.ones(2)
    assert hash(x) == hash(x) and len({x, x, ds.ones(2)}) == 2
    watched = weakref.ref(x)
    assert watched() is x
    del x
    assert watched() is None


def test_evaluated_values_stay():
    x = ds.arange(6.0).reshape(2, 3)
    y = x * 2
    z = y[0]
    assert z.tolist() == [0, 2, 4]
    y[0, 0] = 9
    assert z.tolist() == [9, 2, 4] and x.tolist()[0] == [0, 1, 2]


def test_many_live_and_dead_tensors():
    live = [ds.asarray(np.full(16, i, np.float32)) for i in range(1000)]
    total = live[0]
    for x in live[1:]:
        total = total + x
    assert total.tolist() == [sum(range(1000))] * 16
