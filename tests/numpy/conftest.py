"""NumPy is the oracle here, so integers become float64 in float functions, as there."""

import pytest

import deepseek as ds


@pytest.fixture(autouse=True, scope="module")
def numpy_defaults():
    ds.set_default_dtype(ds.float64)
    yield
    ds.set_default_dtype(ds.float32)
