"""The engine seen from outside: why values are flushed, what explain() tells, the modes agree, nothing is kept."""

import gc
import os
import re
import subprocess
import sys
import threading

import numpy as np
import pytest

import deepseek as ds

NETWORK = """
import hashlib, os, sys
import deepseek as ds
from deepseek import nn, optim

ds.manual_seed(3)
model = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.GELU(), nn.MaxPool2d(2), nn.Flatten(),
                      nn.Dropout(0.2), nn.Linear(96, 24), nn.LayerNorm(24), nn.ReLU(), nn.Linear(24, 5))
optimizer = optim.AdamW(model.parameters(), lr=1e-2)
for step in range(4):
    x, y = ds.randn(16, 1, 8, 8), ds.randint(0, 5, (16,))
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
digest = hashlib.sha256()
for name, value in sorted(model.state_dict().items()):
    digest.update(value.numpy().tobytes())
print(digest.hexdigest(), float(loss))
"""


def fresh(program, **environment):
    """What a process of its own prints."""
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True,
                          timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_strict_equals_eager_bit_for_bit():
    """A whole training run: convolutions, norms, dropout, optimizer; nothing opened before the first flush."""
    strict = fresh(NETWORK, DS_NUMERICS="strict")
    assert strict == fresh(NETWORK, DS_NUMERICS="strict", DS_EAGER="1")
    assert strict == fresh(NETWORK, DS_NUMERICS="strict"), "and again"
    default = fresh(NETWORK)
    assert abs(float(default.split()[1]) - float(strict.split()[1])) < 1e-4


def test_unknown_numerics_are_refused():
    with pytest.raises(AssertionError, match="DS_NUMERICS is 'exact', not default or strict"):
        fresh("import deepseek", DS_NUMERICS="exact")


def test_threads_of_a_library_that_comes_first():
    """oneDNN is chosen before anything has opened the cpu's memory: it must use the pool's threads all the same."""
    program = ("import os, deepseek as ds\n"
               "(ds.rand(300, 300) @ ds.rand(300, 300)).numpy()\n"
               "print(len(os.listdir('/proc/self/task')))\n")  # fmt: skip
    assert int(fresh(program, DS_NUM_THREADS="3")) - int(fresh(program, DS_NUM_THREADS="1")) == 2


def reasons(run):
    before = ds.counters()
    run()
    after = ds.counters()
    change = {name[9:]: after[name] - before.get(name, 0) for name in after if name.startswith("flushes: ")}
    return {name: count for name, count in change.items() if count}


def test_every_flush_has_its_reason():
    ds.evaluate()
    x = ds.tensor([1.0, 0.0, 2.0])
    assert reasons(lambda: float((x + 1).sum())) == {"observed": 1}

    def step():
        y = x * 2  # noqa: F841  kept until it is evaluated
        ds.evaluate()

    assert reasons(step) == {"step end": 1}
    assert reasons(lambda: ds.nonzero(x)) == {"size depends on data": 1}
    shared = ds.from_numpy(np.ones(3, np.float32))
    assert reasons(lambda: shared + 1) == {"foreign memory": 1}

    def elsewhere():
        y = x * 3
        thread = threading.Thread(target=lambda: float((y + 1).sum()))
        thread.start()
        thread.join()

    found = reasons(elsewhere)
    assert found["used by another thread"] == 1 and found["observed"] == 1


@pytest.mark.parametrize("option, value, reason", [("flush_nodes", 5, "node threshold"), ("flush_bytes", 4000, "byte threshold"),
                                                   ("eager", True, "eager mode")])  # fmt: skip
def test_thresholds(option, value, reason):
    usual = {"flush_nodes": 4096, "flush_bytes": 1 << 32, "eager": False}[option]
    x = ds.asarray(np.ones(100, np.float32))

    def run():
        y = x
        for _ in range(10):
            y = y + 1
        return y

    ds.set_option(option, value)
    try:
        found = reasons(run)
    finally:
        ds.set_option(option, usual)
    assert set(found) == {reason} and found[reason] == {"flush_nodes": 2, "flush_bytes": 1, "eager": 10}[option]


def test_a_superset_of_outputs_is_a_hit():
    """Whether a temporary is still alive must not compile a program of its own."""
    x = ds.asarray(np.arange(6.0))

    def run(keep):
        y = x * 1.75
        z = y - 0.25
        if not keep:
            del y
        return float(z.sum())

    first = run(True)
    before = ds.counters()["programs_compiled"]
    assert run(False) == first == run(True)
    assert ds.counters()["programs_compiled"] == before


def test_explain():
    x = ds.asarray(np.linspace(-1, 1, 250_000, dtype=np.float32).reshape(500, 500))
    y = ds.tanh(x * 1.5 + 0.5) * ds.sigmoid(x)  # chain
    assert "recorded  not run yet" in ds.explain(y)
    z = ds.nn.functional.softmax(y, -1) @ x  # product
    z.numpy()  # look
    text = ds.explain(z)
    here = os.path.basename(__file__)
    assert text.splitlines()[0] == "value     f32[500,500], 1.0 MB"
    assert re.search(rf"flushed   observed   {here}:\d+   z.numpy\(\)  # look", text)
    assert re.search(r"program   compiled #\d+ \(run 1\), 7 nodes -> 3 launches, [\d.]+ ms", text)
    assert re.search(r"launches  .*cpu\.elementwise 1", text) and "matmul 1" in text
    assert re.search(rf"fused     \[mul add tanh sigmoid mul\] -> 1 cluster \(saves 4 x 1e\+03 kB\)   {here}:\d+ .*# chain", text)
    assert re.search(rf"not fused mul -> softmax: softmax takes no prologue   {here}:\d+ .*# product", text)
    assert re.search(rf"peak      [\d.]+ MB of a [\d.]+ MB bound, \d buffers; largest: \w+ \(1 MB\)   {here}:\d+", text)
    w = ds.nn.functional.softmax(ds.tanh(x * 1.5 + 0.5) * ds.sigmoid(x), -1) @ x
    w.numpy()
    assert re.search(r"program   hit #\d+ \(run 2\)", ds.explain(w))
    assert "given     not computed here" in ds.explain(x)
    bad = ds.take(ds.ones(3), ds.tensor([5]))  # outside
    with pytest.raises(IndexError):
        bad.numpy()
    assert re.search(rf"failed    .*5.*\n?.*{here}:\d+ .*# outside", ds.explain(bad))


def test_checked_flushes_are_explained():
    ds.set_option("check_finite", True)
    try:
        x = ds.asarray(np.ones(3)) * 2
        x.numpy()
        assert "were run one by one" in ds.explain(x)
    finally:
        ds.set_option("check_finite", False)


def test_evaluate_keeps_nothing():
    """Results die with their last reference, not with the next garbage collection."""
    x = ds.asarray(np.ones(1 << 18, np.float32))
    gc.disable()
    try:
        ds.evaluate(x + 1)
        ds.evaluate(x + 1)
        before = ds.counters()
        for _ in range(10):
            ds.evaluate(x + 1, [x * 2, {"a": x - 1}])
        after = ds.counters()
    finally:
        gc.enable()
    assert after["tensors_live"] <= before["tensors_live"] + 3
    assert after["cpu:0 bytes_in_use"] <= before["cpu:0 bytes_in_use"] + 3 * (1 << 20)
