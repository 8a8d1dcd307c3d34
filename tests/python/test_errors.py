"""Mistakes: the class NumPy users catch, the text, the user's line."""

import math

import numpy as np
import pytest

import deepseek as ds
from deepseek import nn


def text_of(call):
    with pytest.raises(ds.DeepSeekError) as caught:
        call()
    return str(caught.value)


def test_matmul_story():
    text = text_of(lambda: ds.ones(2, 3) @ ds.ones(4, 5))
    lines = text.split("\n")
    assert lines[0] == "matmul inner sizes differ: [2,3] @ [4,5]"
    assert lines[1].startswith("  recorded at test_errors.py:") and "ds.ones(2, 3) @ ds.ones(4, 5)" in lines[1]


def test_line_is_the_users_even_inside_modules():
    layer = nn.Linear(3, 4)
    x = ds.ones(2, 5)
    text = text_of(lambda: layer(x))
    assert "test_errors.py" in text and "layer(x)" in text and "layers.py" not in text


def test_line_of_one_of_many():
    def first():
        return ds.ones(2) + ds.ones(3)

    def second():
        return ds.ones(2) * ds.ones(3)  # here

    assert "second" not in text_of(first) and "# here" in text_of(second)


@pytest.mark.parametrize(
    "classes, call",
    [
        ((ds.ShapeError, ValueError), lambda: ds.ones(2) + ds.ones(3)),
        ((ds.ShapeError, ValueError), lambda: ds.ones(2, 3).reshape(4)),
        ((ds.OutOfRangeError, IndexError), lambda: ds.ones(2).sum(axis=3)),
        ((ds.DTypeError, TypeError), lambda: ds.ones(2) & ds.ones(2)),
        ((ds.NotFoundError, KeyError, AttributeError), lambda: ds.ops.matmull),
        ((ds.ReadOnlyError, ValueError), lambda: ds.broadcast_to(ds.ones(1), (3,)).fill(2)),
        ((ds.DeviceError, RuntimeError), lambda: ds.ones(2).to("nowhere:3")),
        ((ds.PluginError, ImportError), lambda: ds.load_plugin(__file__)),
        ((ds.CheckpointError, OSError, ValueError), lambda: ds.load("/nonexistent/model.safetensors")),
        ((ds.ArgumentError, ValueError), lambda: ds.set_option("no such option", 1)),
    ],
)
def test_classes(classes, call):
    with pytest.raises(ds.DeepSeekError) as caught:
        call()
    for one in classes:
        assert isinstance(caught.value, one), (type(caught.value), one)


def test_suggestions():
    assert "matmul" in text_of(lambda: ds.ops.matmull)
    with pytest.raises(AttributeError):
        ds.no_such_function
    assert not hasattr(ds, "no_such_function") and not hasattr(ds.ones(1), "no_such_method")


def test_wrong_arguments():
    with pytest.raises(TypeError, match="has no argument 'axes'.*keepdims"):
        ds.ops.sum(ds.ones(2), axes=1)
    with pytest.raises(TypeError, match="missing"):
        ds.ops.matmul(ds.ones(2, 2))
    with pytest.raises(TypeError, match="twice"):
        ds.ops.matmul(ds.ones(2, 2), ds.ones(2, 2), a=ds.ones(2, 2))
    with pytest.raises(TypeError, match="takes"):
        ds.ops.exp(ds.ones(2), 1, 2)
    with pytest.raises(TypeError, match="cannot be"):
        ds.ops.sum(ds.ones(2), axis="x")
    with pytest.raises(TypeError):
        ds.ops.exp(object())


def test_memory():
    with pytest.raises((MemoryError, ValueError, OverflowError)):
        ds.zeros(2**40, 2**20).numpy()
    with pytest.raises((ds.SizeError, ds.ShapeError, ds.ArgumentError)):
        ds.zeros(2**40, 2**40)


def test_nothing_is_printed(capfd):
    for call in (lambda: ds.ones(2) + ds.ones(3), lambda: ds.ops.nothing, lambda: ds.load("nothing.safetensors")):
        with pytest.raises(ds.DeepSeekError):
            call()
    out, err = capfd.readouterr()
    assert out == err == ""


def test_non_finite_check():
    ds.set_option("check_finite", True)
    try:
        x = ds.tensor([1.0, 0.0])
        with pytest.raises(ds.NonFiniteError) as caught:
            y = ds.log(x)  # the culprit
            float((y + 1).sum())
        assert isinstance(caught.value, FloatingPointError)
        assert "log" in str(caught.value) and "# the culprit" in str(caught.value)
        assert float((x + 1).sum()) == 3
    finally:
        ds.set_option("check_finite", False)
    assert math.isinf(float(ds.log(x).sum()))


def test_index_error_at_run_time_names_the_line():
    with pytest.raises(IndexError) as caught:
        y = ds.take(ds.ones(3), ds.tensor([5]))  # out there
        y.numpy()
    assert "5" in str(caught.value) and "out there" in str(caught.value)
    assert ds.ones(2).sum().item() == 2


def test_state_survives_errors():
    x = ds.ones(3)
    for _ in range(50):
        with pytest.raises(ds.DeepSeekError):
            x + ds.ones(4)
    np.testing.assert_array_equal((x + 1).numpy(), [2, 2, 2])
