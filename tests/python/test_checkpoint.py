"""Files of tensors: round trips, and every way a file can be wrong; a failed write leaves the old file whole."""

import json
import os
import resource
import struct
import subprocess
import sys

import numpy as np
import pytest

import deepseek as ds
from deepseek import nn

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 bfloat16".split()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def content():
    return {"a": ds.arange(6.0).reshape(2, 3), "b.c": ds.tensor([1, 2, 3])}


def test_all_dtypes_and_shapes(path):
    tensors = {dtype: ds.tensor([[1, 0, 1]]).astype(dtype) for dtype in DTYPES}
    tensors |= {"0-d": ds.tensor(2.5), "empty": ds.zeros(3, 0), "view": ds.arange(12).reshape(3, 4).T[1:, ::-1]}
    ds.save(tensors, path)
    found = ds.load(path)
    assert set(found) == set(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype and found[name].shape == tensor.shape
        assert found[name].tolist() == tensor.tolist()


def test_nested_names_metadata_and_order(path):
    ds.save({"x": {"y": [1.0, 2.0]}, "z": np.ones(2)}, path, metadata={"note": "hello ✓", "config": {"k": 1}})
    found = ds.load(path)
    assert found["x.y"].tolist() == [1, 2] and found["z"].dtype == ds.float64
    assert found.metadata["note"] == "hello ✓" and json.loads(found.metadata["config"]) == {"k": 1}
    ds.save(path, ds.ones(2))
    assert ds.load(path)["tensor"].tolist() == [1, 1]


def test_module_round_trip(path):
    model, other = (nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)) for _ in range(2))
    ds.save(model, path)
    other.load_state_dict(ds.load(path))
    x = ds.ones(2, 3)
    assert other.eval()(x).tolist() == model.eval()(x).tolist()


def test_loaded_tensors_are_the_users(path):
    ds.save(content(), path)
    x = ds.load(path)["a"]
    x += 1
    assert x[0, 0].item() == 1 and ds.load(path)["a"][0, 0].item() == 0


def test_safetensors_layout(path):
    """What other libraries read: eight bytes of length, JSON, data."""
    ds.save(content(), path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert header["a"]["dtype"] == "F32" and header["a"]["shape"] == [2, 3]
    begin, end = header["a"]["data_offsets"]
    assert np.frombuffer(data[8 + length :][begin:end], np.float32).tolist() == list(range(6))


def test_truncated_at_every_length(path):
    ds.save(content(), path)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(ds.CheckpointError) as caught:
            ds.load(path)
        assert "model.safetensors" in str(caught.value) and "nothing was loaded" in str(caught.value)


def test_truncation_is_explained(path):
    ds.save({"fc.weight": ds.ones(1000)}, path)
    data = path.read_bytes()
    path.write_bytes(data[:-1000])
    with pytest.raises(ds.CheckpointError, match="fc.weight.*truncated"):
        ds.load(path)


def test_flipped_header_bits_never_crash(path):
    ds.save(content(), path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    expected = {name: tensor.tolist() for name, tensor in content().items()}
    refused = 0
    for position in range(8 + length):
        for bit in (0, 3, 6):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            path.write_bytes(changed)
            try:
                found = ds.load(path)
                assert all(tensor.size <= 6 for tensor in found.values()) and len(expected) == 2
            except ds.CheckpointError:
                refused += 1
    assert refused > length


def test_other_wrong_files(path, tmp_path):
    for data in (b"", b"hello", b"\0" * 100, struct.pack("<Q", 1 << 62) + b"{}", struct.pack("<Q", 2) + b"[]"):
        path.write_bytes(data)
        with pytest.raises(ds.CheckpointError):
            ds.load(path)
    with pytest.raises(ds.CheckpointError, match="nothing"):
        ds.load(tmp_path / "absent.safetensors")
    with pytest.raises(ds.CheckpointError, match="safetensors"):
        ds.save(content(), tmp_path / "model.unknown")
    with pytest.raises(ds.CheckpointError):
        ds.save(content(), tmp_path / "no folder" / "model.safetensors")
    with pytest.raises(ds.CheckpointError):
        ds.load(tmp_path)


def test_full_disk_keeps_the_old_file(path):
    """The limit of a file's size stands in for a full disk."""
    ds.save(content(), path)
    before = path.read_bytes()
    program = (
        "import sys, signal, resource, deepseek as ds\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "x = {'big': ds.zeros(1 << 20)}\n"
        "ds.evaluate(x)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "try:\n"
        "    ds.save(x, sys.argv[1])\n"
        "except ds.CheckpointError as error:\n"
        "    print('refused', error)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("refused"), done.stdout + done.stderr
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


def test_full_device(tmp_path):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    link = tmp_path / "full.safetensors"
    link.symlink_to("/dev/full")
    try:
        ds.save(content(), link)
    except ds.CheckpointError:
        return
    assert ds.load(link)["b.c"].tolist() == [1, 2, 3], "replacing the link by a file is fine too"


def test_write_replaces_atomically(path):
    ds.save({"x": ds.zeros(10)}, path)
    inode = path.stat().st_ino
    opened = path.open("rb")
    ds.save({"x": ds.ones(10)}, path)
    assert path.stat().st_ino != inode and ds.load(path)["x"].tolist() == [1] * 10
    assert b"\0" * 40 in opened.read(), "a reader of the old file still has it"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_nothing_executable(path):
    import pickle

    path.write_bytes(pickle.dumps(print))
    with pytest.raises(ds.CheckpointError):
        ds.load(path)


def test_training_goes_on_exactly(path):
    """Optimizer state and random counter saved and restored give the same numbers as not stopping."""
    from deepseek import optim, random

    def steps(model, optimizer, count):
        for _ in range(count):
            loss = (model(ds.rand(4, 3)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    ds.manual_seed(1)
    model = nn.Linear(3, 2)
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    steps(model, optimizer, 3)
    saved, counter = optimizer.state_dict(), random.get_state()
    ds.save({"model": model.state_dict(), "optimizer": saved["state"]}, path, {"steps": saved["steps"], "groups": saved["groups"]})
    steps(model, optimizer, 3)

    again = nn.Linear(3, 2)
    found = ds.load(path)
    part = lambda prefix: {name[len(prefix) :]: x for name, x in found.items() if name.startswith(prefix)}  # noqa: E731
    again.load_state_dict(part("model."))
    resumed = optim.Adam(again.parameters(), lr=0.5)
    resumed.load_state_dict({"steps": int(found.metadata["steps"]), "groups": json.loads(found.metadata["groups"]),
                             "state": part("optimizer.")})  # fmt: skip
    random.set_state(counter)
    steps(again, resumed, 3)
    assert again.weight.tolist() == model.weight.tolist()


def test_optimizer_round_trip_is_exact(path):
    from deepseek import optim

    def steps(model, optimizer, count):
        for i in range(count):
            optimizer.zero_grad()
            (model(ds.ones(4, 3) * i) ** 2).mean().backward()
            optimizer.step()

    for make in (
        lambda p: optim.Adam([{"params": [p[0]], "lr": 0.3}, {"params": p[1:]}], lr=0.1, betas=(0.8, 0.95)),
        lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
        lambda p: optim.SGD(p, 1),
    ):
        model, again = nn.Linear(3, 2), nn.Linear(3, 2)
        optimizer, resumed = (make(list(net.parameters())) for net in (model, again))
        steps(model, optimizer, 3)
        again.load_state_dict(model.state_dict())
        ds.save(optimizer.state_dict(), path)
        for group in resumed.groups:
            group["lr"] = 7.0
        resumed.load_state_dict(ds.load(path))
        settings = optimizer.state_dict()["groups"]
        assert resumed.state_dict()["groups"] == settings and repr(resumed.state_dict()["groups"]) == repr(settings)
        assert resumed.steps == optimizer.steps == 3
        steps(model, optimizer, 3)
        steps(again, resumed, 3)
        assert again.weight.tolist() == model.weight.tolist() and again.bias.tolist() == model.bias.tolist()
        # Both in one file.
        ds.save({"model": model, "optimizer": optimizer}, path)
        found = ds.load(path)
        again.load_state_dict(found.part("model"))
        resumed.load_state_dict(found.part("optimizer"))
        assert again.weight.tolist() == model.weight.tolist() and resumed.steps == 6
        with pytest.raises(KeyError, match="below 'schedule'; there are: model, optimizer"):
            found.part("schedule")


def test_colliding_names(path):
    for value in ({"a.b": ds.ones(1), "a": {"b": ds.ones(2)}}, {"0": ds.ones(1), 0: ds.ones(1)}):
        with pytest.raises(ds.CheckpointError, match="two tensors would be saved as '(a.b|0)'"):
            ds.save(value, path)
    assert not path.exists()
    with pytest.raises(TypeError, match="'x.y'"):
        ds.save({"x": {"y": "text"}}, path)


def test_lists_and_numbers(path):
    ds.save([ds.ones(1), ds.ones(2), {"x": np.ones(3)}], path)
    assert {name: x.shape for name, x in ds.load(path).items()} == {"0": (1,), "1": (2,), "2.x": (3,)}
    ds.save({"f": 0.1, "l": [0.1, 0.7], "i": 2**60 + 1, "b": True, "m": [[1, 2], [3, 4]]}, path)
    assert {name: x.tolist() for name, x in ds.load(path).items()} == {
        "f": 0.1, "l": [0.1, 0.7], "i": 2**60 + 1, "b": True, "m": [[1, 2], [3, 4]]}  # fmt: skip


def test_paths_of_bytes(path):
    name = os.fsencode(path)
    ds.save(content(), name)
    assert ds.load(name)["b.c"].tolist() == [1, 2, 3]
    ds.save(name, ds.ones(2))
    assert ds.load(name)["tensor"].tolist() == [1, 1]
