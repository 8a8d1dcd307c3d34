"""Several threads, forked children, and what they share."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import deepseek as ds


def work(seed):
    rng = np.random.default_rng(seed)
    w = ds.asarray(rng.normal(0, 1, (8, 8))).requires_grad_()
    x = ds.asarray(rng.normal(0, 1, (8, 8)))
    for _ in range(30):
        loss = (ds.tanh(x @ w) ** 2).mean()
        loss.backward()
        with ds.no_grad():
            w -= 0.1 * w.grad
            w.grad = None
    return w.numpy().copy()


def test_four_threads_record_independently():
    alone = [work(seed) for seed in range(4)]
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(work, range(4)))
        for one, other in zip(alone, together):
            np.testing.assert_array_equal(one, other)


def test_handing_values_over():
    pending = ds.arange(100.0) * 2 + 1
    results = []

    def other():
        results.append((pending * 10).sum().item())

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert results == [(np.arange(100) * 2 + 1).sum() * 10]
    assert pending[3].item() == 7


def test_one_tensor_read_by_many():
    shared = ds.asarray(np.arange(1000.0))
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda i: float((shared * i).sum()) - i * 499500.0, range(40))) == {0.0}


def test_errors_and_modes_belong_to_threads():
    barrier = threading.Barrier(2)
    texts = {}

    def fail(name, a, b):
        barrier.wait()
        for _ in range(100):
            try:
                ds.ones(a) + ds.ones(b)
            except ds.ShapeError as error:
                texts.setdefault(name, set()).add(str(error).split("\n")[0])

    threads = [threading.Thread(target=fail, args=arguments) for arguments in (("x", 2, 3), ("y", 4, 5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(found) == 1 for found in texts.values()) and texts["x"] != texts["y"]

    modes = []
    with ds.no_grad():
        thread = threading.Thread(target=lambda: modes.append(ds.is_grad_enabled()))
        thread.start()
        thread.join()
    assert modes == [True]


def test_dropping_tensors_everywhere():
    def churn(_):
        for i in range(300):
            x = ds.asarray(np.full(4, float(i)))
            y = [x + j for j in range(5)]
            del x
        return y[4].tolist()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(churn, range(8))) == [[303.0] * 4] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_child_goes_on():
    x = ds.asarray(np.arange(10000.0)).reshape(100, 100)
    before = float((x @ x).sum())
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = repr(float((x @ x).sum()) == before and float((x * 2).sum()) == 2 * float(x.sum()))
        except BaseException as error:
            answer = repr(error)
        os.write(write, answer.encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as stream:
        assert stream.read() == "True"
    assert os.waitpid(child, 0)[1] == 0
    assert float((x @ x).sum()) == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is POSIX")
@pytest.mark.skipif("libasan" in os.environ.get("LD_PRELOAD", ""), reason="the sanitizer's allocator forks with its lock held")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_fork_while_another_thread_computes():
    stop = threading.Event()
    x = ds.asarray(np.full((200, 200), 0.01))

    def busy():
        while not stop.is_set():
            float((x @ x).sum())

    thread = threading.Thread(target=busy)
    thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                signal.alarm(20)
                os._exit(0 if float((x[0, :5] * 2).sum()) == 0.1 else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()
