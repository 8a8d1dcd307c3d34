"""The dispatch benchmark's workloads in PyTorch, eager and compiled."""

import os

import numpy as np
import torch

from figures import serve

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
rng = np.random.default_rng(0)


def data(*shape):
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))


def chain():
    a, b = data(16), data(16)
    a.requires_grad_(True)

    def run():
        x = a
        for _ in range(100):
            x = x + b

    return run, 100


def formula(x):
    return torch.tanh(x * 1.5 + 0.5) * torch.sigmoid(x) + x


def tanh_chain():
    x = data(16 << 20)
    return lambda: formula(x)


def tanh_chain_compiled():
    x, compiled = data(16 << 20), torch.compile(formula)
    return lambda: compiled(x)


def reduction(name):
    def make():
        x = data(16 << 20)
        function = getattr(torch, name)
        return lambda: float(function(x))

    return make


def softmax():
    x = data(4096, 1024)
    return lambda: torch.softmax(x, -1)


def layer_norm():
    x, weight, bias = data(4096, 1024), data(1024), data(1024)
    return lambda: torch.nn.functional.layer_norm(x, (1024,), weight, bias)


def transpose():
    x = data(4096, 4096)
    return lambda: x.t().contiguous()


WORKLOADS = {"chain": chain, "tanh_chain": tanh_chain, "tanh_chain_compiled": tanh_chain_compiled, "softmax": softmax,
             "layer_norm": layer_norm, "transpose": transpose, **{n: reduction(n) for n in ("sum", "mean", "max")}}

if __name__ == "__main__":
    serve(WORKLOADS)
