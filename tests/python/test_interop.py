"""NumPy and DLPack in both directions: sharing, lifetimes, layouts, read-only memory."""

import gc
import weakref

import numpy as np
import pytest

import deepseek as ds


class Exporter:
    """An object with DLPack only, as another framework's tensor."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()


@pytest.mark.parametrize("dtype", DTYPES)
def test_round_trips(dtype):
    array = np.arange(12).reshape(3, 4).astype(dtype)
    for made in (ds.tensor(array), ds.from_numpy(array), ds.from_dlpack(array)):
        assert made.dtype == array.dtype and made.shape == array.shape
        np.testing.assert_array_equal(made.numpy(), array)
        np.testing.assert_array_equal(np.from_dlpack(made), array)
        np.testing.assert_array_equal(np.asarray(made), array)


def test_from_numpy_shares():
    array = np.arange(6.0)
    x = ds.from_numpy(array)
    array[0] = 100
    assert x[0].item() == 100
    y = x * 2
    array[1] = 50
    assert y.tolist()[1] == 2, "operators reading shared memory run when they are recorded"
    x[2] = -1
    assert array[2] == -1
    x += 1
    assert array.tolist()[0] == 101
    x[::2] = 0
    assert array.tolist() == [0, 51, 0, 4, 0, 6]


@pytest.mark.parametrize("make", (ds.from_numpy, ds.from_dlpack))
def test_strided_memory_is_shared(make):
    base = np.arange(24.0).reshape(4, 6)
    for view in (base.T, base[::2, 1::2], base[1], base[:, 2:3]):
        x = make(view)
        np.testing.assert_array_equal(x.numpy(), view)
        view[...] += 1
        np.testing.assert_array_equal((x + 0).numpy(), view)
    negative = base[::-1]
    np.testing.assert_array_equal(ds.from_numpy(negative).numpy(), negative)


def test_owner_lives_as_long_as_needed():
    array = np.arange(3.0)
    watched = weakref.ref(array)
    x = ds.from_numpy(array)
    view = x[1:]
    del array, x
    gc.collect()
    assert watched() is not None and view.tolist() == [1, 2]
    del view
    gc.collect()
    ds.tensor(1.0).item()
    ds._native.drain()
    ds._native.drain()
    assert watched() is None


def test_tensor_lives_as_long_as_the_array():
    array = (ds.arange(1000.0) * 2).numpy()
    gc.collect()
    junk = [ds.zeros(1000).numpy() for _ in range(20)]
    assert array[999] == 1998 and len(junk) == 20


def test_numpy_is_read_only_and_a_snapshot():
    x = ds.zeros(3)
    array = x.numpy()
    with pytest.raises(ValueError):
        array[0] = 1
    x += 1
    assert x.tolist() == [1, 1, 1]
    assert array.tolist() in ([0, 0, 0], [1, 1, 1])


def test_writable_export():
    x = ds.zeros(2, 3)
    array = x[0].numpy(writable=True)
    array[1] = 5
    assert x.tolist() == [[0, 5, 0], [0, 0, 0]]
    y = x + 1
    array[1] = 7
    assert y.tolist()[0][1] == 6 and x[0, 1].item() == 7
    x[0, 0] = 3
    assert array[0] == 3
    del array
    gc.collect()
    x[0, 0] = 4
    assert x[0, 0].item() == 4


def test_array_protocol():
    x = ds.tensor([1.0, 2.0])
    assert np.asarray(x, dtype=np.float64).dtype == np.float64 and np.array(x, copy=True).flags.writeable
    np.testing.assert_array_equal(np.add(x, 1), [2, 3])
    assert isinstance(np.float32(2) * x, ds.Tensor) and isinstance(np.ones(2) + x, ds.Tensor)


def test_dlpack_out_shares_memory():
    x = ds.zeros(4)
    array = np.from_dlpack(x)
    x[1] = 5
    assert array.tolist() == [0, 5, 0, 0]
    assert x.__dlpack_device__() == (1, 0)
    copied = np.from_dlpack(x, copy=True) if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else np.array(x)
    x[0] = 1
    assert copied.tolist() == [0, 5, 0, 0]


def test_dlpack_of_views():
    x = ds.arange(12).reshape(3, 4)
    for view, expected in ((x.T, np.arange(12).reshape(3, 4).T), (x[::2, 1:3], np.arange(12).reshape(3, 4)[::2, 1:3])):
        np.testing.assert_array_equal(np.from_dlpack(view), expected)


def test_dlpack_capsules():
    x = ds.arange(3.0)
    old, new = x.__dlpack__(), x.__dlpack__(max_version=(1, 0))
    assert '"dltensor"' in repr(old) and '"dltensor_versioned"' in repr(new)
    assert ds.from_dlpack(old).tolist() == ds.from_dlpack(new).tolist() == [0, 1, 2]
    with pytest.raises(BufferError):
        ds.from_dlpack(old)
    with pytest.raises(BufferError):
        x.__dlpack__(dl_device=(2, 0))
    unused = x.__dlpack__()
    del unused
    gc.collect()


def test_dlpack_in_from_an_exporter():
    array = np.arange(5.0)
    x = ds.from_dlpack(Exporter(array))
    array[2] = 9
    assert x.tolist() == [0, 1, 9, 3, 4]
    assert (ds.ones(5) + Exporter(array)).tolist() == [1, 2, 10, 4, 5]


def test_read_only_memory():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = ds.from_numpy(array)
    with pytest.raises(ds.ReadOnlyError):
        x[0] = 1
    assert x.copy().sum().item() == 3


def test_foreign_layouts():
    assert ds.tensor(np.arange(3, dtype=">i4")).tolist() == [0, 1, 2]
    record = np.zeros(3, dtype=[("a", "i1"), ("b", "<f8")])
    record["b"] = [1, 2, 3]
    assert ds.tensor(record["b"]).tolist() == [1, 2, 3]
    with pytest.raises(ds.DTypeError):
        ds.tensor(np.array(["a"]))
    with pytest.raises(ds.DeepSeekError):
        ds.from_numpy(record["b"])
    assert ds.frombuffer(b"\x01\x02\x03", dtype="uint8").tolist() == [1, 2, 3]


def test_torch_if_installed():
    torch = pytest.importorskip("torch", reason="PyTorch is installed for benchmarks only")
    t = torch.arange(4.0)
    x = ds.from_dlpack(t)
    t[0] = 7
    assert x[0].item() == 7 and torch.from_dlpack(ds.ones(2)).tolist() == [1, 1]
