"""The dispatch benchmark's workloads in DeepSeek; see workloads_torch.py for the same in PyTorch."""

import numpy as np

import deepseek as ds
from figures import serve

SHAPES = {"matmul256": 256, "matmul1024": 1024, "matmul2048": 2048}
rng = np.random.default_rng(0)


def data(*shape):
    return ds.tensor(rng.standard_normal(shape, dtype=np.float32))


def record():
    """1,000 recorded additions of 16 floats under gradients, every result alive, until the next thousand."""
    a, b = data(16).requires_grad_(), data(16)
    kept = []

    def run():
        kept.clear()
        for _ in range(1000):
            kept.append(a + b)

    return run, 1000


def chain():
    a, b = data(16), data(16)
    a.requires_grad_(True)

    def run():
        x = a
        for _ in range(100):
            x = x + b
        ds.evaluate(x)

    return run, 100


def single():
    a, b = data(16).requires_grad_(), data(16)
    return lambda: (a + b).numpy()


def matmul(n):
    def make():
        a, b = data(n, n), data(n, n)
        return lambda: ds.evaluate(a @ b)

    return make


def add():
    a, b = data(16 << 20), data(16 << 20)
    return lambda: ds.evaluate(a + b)


def tanh_chain():
    x = data(16 << 20)
    return lambda: ds.evaluate(ds.tanh(x * 1.5 + 0.5) * ds.sigmoid(x) + x)


def reduction(name):
    def make():
        x = data(16 << 20)
        function = getattr(ds, name)
        return lambda: float(function(x))

    return make


def softmax():
    x = data(4096, 1024)
    return lambda: ds.evaluate(ds.nn.functional.softmax(x, axis=-1))


def layer_norm():
    x, weight, bias = data(4096, 1024), data(1024), data(1024)
    return lambda: ds.evaluate(ds.nn.functional.layer_norm(x, (1024,), weight, bias))


def transpose():
    x = data(4096, 4096)
    return lambda: ds.evaluate(x.T.copy())


WORKLOADS = {"record": record, "chain": chain, "single": single, "add": add, "tanh_chain": tanh_chain,
             "softmax": softmax, "layer_norm": layer_norm, "transpose": transpose,
             **{name: matmul(n) for name, n in SHAPES.items()}, **{n: reduction(n) for n in ("sum", "mean", "max")}}

if __name__ == "__main__":
    serve(WORKLOADS)
