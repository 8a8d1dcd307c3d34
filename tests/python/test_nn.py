"""Modules: state, modes, text; layers against formulas in NumPy."""

import numpy as np
import pytest

import deepseek as ds
from deepseek import nn
from deepseek.nn import functional as F

RNG = np.random.default_rng(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5))
        self.heads = nn.ModuleList([nn.Linear(8, 2), nn.Linear(8, 3, bias=False)])
        self.scale = nn.Parameter(ds.ones(1))
        self.register_buffer("seen", ds.zeros(1))

    def forward(self, x):
        x = self.body(x) * self.scale
        return [head(x) for head in self.heads]


def test_structure():
    net = Net()
    assert [name for name, _ in net.named_parameters()] == ["scale", "body.0.weight", "body.0.bias", "heads.0.weight",
                                                            "heads.0.bias", "heads.1.weight"]  # fmt: skip
    assert [name for name, _ in net.named_buffers()] == ["seen"] and len(list(net.modules())) == 8
    assert set(net.state_dict()) == {name for name, _ in net.named_parameters()} | {"seen"}
    assert len(net.body) == 3 and isinstance(net.body[1], nn.ReLU) and len(net.body[:2]) == 2
    assert isinstance(net.scale, nn.Parameter) and isinstance(net.scale, ds.Tensor) and net.scale.requires_grad
    assert "(0): Linear(4, 8, bias=True)" in repr(net) and repr(net).startswith("Net(\n  (body): Sequential(")
    counted = []
    net.apply(lambda module: counted.append(type(module).__name__))
    assert counted[-1] == "Net" and len(counted) == 8


def test_modes_and_gradients():
    net = Net()
    assert net.training and not net.eval().body[2].training and net.train().body[2].training
    a, b = net.eval()(ds.ones(3, 4))
    (a.sum() + b.sum()).backward()
    assert all(parameter.grad is not None for parameter in net.parameters())
    net.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())
    net.requires_grad_(False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert net.to(ds.float64).body[0].weight.dtype == ds.float64 and isinstance(net.body[0].weight, nn.Parameter)


def test_load_state_dict():
    one, other = Net(), Net()
    other.load_state_dict(one.state_dict())
    assert other.body[0].weight.tolist() == one.body[0].weight.tolist()
    state = one.state_dict()
    state["body.0.weight"] = ds.zeros(8, 5)
    state["scale"] = ds.zeros(1)
    with pytest.raises(ds.ShapeError, match="body.0.weight"):
        other.load_state_dict(state)
    assert other.scale.item() == 1, "nothing changes on failure"
    with pytest.raises(KeyError, match="scale"):
        other.load_state_dict({name: x for name, x in one.state_dict().items() if name != "scale"})
    assert other.load_state_dict({"more": ds.ones(1)}, strict=False)[1] == ["more"]


def test_attribute_rules():
    with pytest.raises(AttributeError, match="super"):
        type("Bad", (nn.Module,), {"__init__": lambda self: setattr(self, "x", nn.Linear(1, 1))})()
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError):
        layer.weight = ds.ones(2, 2)
    layer.weight = nn.Parameter(ds.ones(2, 2))
    assert layer.weight.sum().item() == 4
    del layer.bias
    with pytest.raises(AttributeError):
        layer.bias
    with pytest.raises(NotImplementedError):
        nn.Module()(1)


def test_linear_and_embedding():
    layer = nn.Linear(3, 2)
    x = RNG.normal(0, 1, (5, 3)).astype(np.float32)
    np.testing.assert_allclose(layer(ds.asarray(x)).detach().numpy(), x @ layer.weight.numpy().T + layer.bias.numpy(), rtol=1e-5)
    table = nn.Embedding(10, 4)
    np.testing.assert_array_equal(table(ds.tensor([[1, 2], [9, 1]])).detach().numpy(), table.weight.numpy()[[[1, 2], [9, 1]]])


def conv2d(x, w, stride, padding, dilation, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    n, c, h, width = x.shape
    o, i, kh, kw = w.shape
    oh, ow = ((size - dilation * (k - 1) - 1) // stride + 1 for size, k in ((h, kh), (width, kw)))
    y = np.zeros((n, o, oh, ow))
    for g in range(groups):
        for a in range(kh):
            for b in range(kw):
                part = x[:, g * i : (g + 1) * i, a * dilation :: stride, b * dilation :: stride][:, :, :oh, :ow]
                out = slice(g * o // groups, (g + 1) * o // groups)
                y[:, out] += np.einsum("nihw,oi->nohw", part, w[out, :, a, b])
    return y


@pytest.mark.parametrize("stride, padding, dilation, groups", [(1, 0, 1, 1), (2, 1, 1, 1), (1, 2, 2, 2), (3, 1, 1, 4)])
def test_conv2d(stride, padding, dilation, groups):
    layer = nn.Conv2d(4, 8, 3, stride, padding, dilation, groups)
    x = RNG.normal(0, 1, (2, 4, 9, 8)).astype(np.float32)
    expected = conv2d(x, layer.weight.numpy(), stride, padding, dilation, groups) + layer.bias.numpy()[:, None, None]
    np.testing.assert_allclose(layer(ds.asarray(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_pools():
    x = RNG.normal(0, 1, (2, 3, 4, 6)).astype(np.float32)
    blocks = x.reshape(2, 3, 2, 2, 3, 2)
    np.testing.assert_array_equal(nn.MaxPool2d(2)(ds.asarray(x)).numpy(), blocks.max((3, 5)))
    np.testing.assert_allclose(nn.AvgPool2d(2)(ds.asarray(x)).numpy(), blocks.mean((3, 5)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d(1)(ds.asarray(x)).numpy()[..., 0, 0], x.mean((2, 3)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape, layer", [((6, 3), nn.BatchNorm1d), ((4, 3, 2, 5), nn.BatchNorm2d)])
def test_batch_norm(shape, layer):
    norm = layer(3)
    x = RNG.normal(2, 3, shape).astype(np.float32)
    axes = tuple(axis for axis in range(len(shape)) if axis != 1)
    form = [1, 3] + [1] * (len(shape) - 2)
    mean, var = x.mean(axes), x.var(axes)
    expected = (x - mean.reshape(form)) / np.sqrt(var.reshape(form) + 1e-5)
    np.testing.assert_allclose(norm(ds.asarray(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-4)
    count = x.size // 3
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.1 * mean, rtol=1e-4)
    np.testing.assert_allclose(norm.running_var.numpy(), 0.9 + 0.1 * var * count / (count - 1), rtol=1e-4)
    norm.eval()
    expected = (x - norm.running_mean.numpy().reshape(form)) / np.sqrt(norm.running_var.numpy().reshape(form) + 1e-5)
    np.testing.assert_allclose(norm(ds.asarray(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_layer_norm_dropout_flatten():
    x = RNG.normal(1, 2, (2, 3, 4)).astype(np.float32)
    expected = (x - x.mean((1, 2), keepdims=True)) / np.sqrt(x.var((1, 2), keepdims=True) + 1e-5)
    np.testing.assert_allclose(nn.LayerNorm((3, 4))(ds.asarray(x)).detach().numpy(), expected, rtol=1e-4, atol=1e-4)
    drop = nn.Dropout(0.25)
    y = drop(ds.ones(10000)).numpy()
    assert set(np.unique(y)) == {0, np.float32(1 / 0.75)} and abs((y == 0).mean() - 0.25) < 0.03
    assert drop.eval()(ds.ones(5)).tolist() == [1] * 5
    with pytest.raises(ValueError):
        F.dropout(ds.ones(1), 1.5)
    assert nn.Flatten()(ds.ones(2, 3, 4)).shape == (2, 12)


def test_activations():
    special = pytest.importorskip("scipy.special")
    x = np.linspace(-5, 5, 41).astype(np.float32)
    for module, expected in (
        (nn.ReLU(), np.maximum(x, 0)), (nn.Sigmoid(), special.expit(x)), (nn.Tanh(), np.tanh(x)),
        (nn.SiLU(), x * special.expit(x)), (nn.GELU(), x * special.ndtr(x)), (nn.Softmax(), special.softmax(x)),
        (nn.LeakyReLU(0.1), np.where(x > 0, x, 0.1 * x)), (nn.Identity(), x),
    ):  # fmt: skip
        np.testing.assert_allclose(module(ds.asarray(x)).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_losses():
    special = pytest.importorskip("scipy.special")
    logits, labels = RNG.normal(0, 2, (5, 3)).astype(np.float32), np.array([0, 2, 1, 1, 0])
    log_p = special.log_softmax(logits, axis=1)
    picked = -log_p[np.arange(5), labels]
    for reduction, expected in (("mean", picked.mean()), ("sum", picked.sum()), ("none", picked)):
        np.testing.assert_allclose(nn.CrossEntropyLoss(reduction)(ds.asarray(logits), ds.asarray(labels)).numpy(), expected, rtol=1e-5)
        np.testing.assert_allclose(nn.NLLLoss(reduction)(ds.asarray(log_p), ds.asarray(labels)).numpy(), expected, rtol=1e-5)
    a, b = logits, logits[::-1].copy()
    np.testing.assert_allclose(float(nn.MSELoss()(ds.asarray(a), ds.asarray(b))), ((a - b) ** 2).mean(), rtol=1e-5)
    np.testing.assert_allclose(float(nn.L1Loss()(ds.asarray(a), ds.asarray(b))), abs(a - b).mean(), rtol=1e-5)
    target = (b > 0).astype(np.float32)
    p = special.expit(a.astype(np.float64))
    expected = -(target * np.log(p) + (1 - target) * np.log1p(-p)).mean()
    np.testing.assert_allclose(float(nn.BCEWithLogitsLoss()(ds.asarray(a), ds.asarray(target))), expected, rtol=1e-5)


def test_init():
    ds.manual_seed(0)
    x = ds.empty(200, 100)
    for write, std in ((nn.init.xavier_uniform_, np.sqrt(2 / 300)), (nn.init.kaiming_normal_, np.sqrt(2 / 100)),
                       (nn.init.kaiming_uniform_, np.sqrt(2 / 100)), (nn.init.xavier_normal_, np.sqrt(2 / 300))):  # fmt: skip
        assert write(x) is x and abs(x.std().item() / std - 1) < 0.05 and abs(x.mean().item()) < 0.01
    assert nn.init.constant_(nn.Parameter(ds.zeros(2)), 3).tolist() == [3, 3]
    assert abs(nn.Linear(100, 50).weight.abs().max().item() - 0.1) < 0.01


def test_to_keeps_parameters_and_optimizers():
    layer, other = nn.Linear(2, 2), nn.BatchNorm1d(2)
    net = nn.Sequential(layer, other)
    before, optimizer = list(net.parameters()), ds.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    seen = []
    layer.weight.register_hook(lambda gradient: seen.append(gradient.dtype))

    def step():
        optimizer.zero_grad()
        (net.eval()(ds.ones(1, 2, dtype=layer.weight.dtype)) * 1.0).sum().backward()
        optimizer.step()

    step()
    values, gradient = layer.weight.tolist(), layer.weight.grad.tolist()
    assert net.to("f64") is net and all(a is b for a, b in zip(before, net.parameters()))
    assert layer.weight.dtype == other.running_mean.dtype == ds.float64 and layer.weight.requires_grad
    assert layer.weight.tolist() == values and layer.weight.grad.tolist() == gradient
    step()
    assert seen == [ds.float32, ds.float64] and layer.weight.tolist() != values
    assert optimizer.state[id(layer.weight)]["velocity"].dtype == ds.float64
    values = layer.weight.tolist()
    net.to("null:0").to("cpu")
    assert layer.weight.tolist() == values and layer.weight.device == "cpu" and layer.weight is before[0]
    for target in ("half", ds.bfloat16, np.float32, "float"):
        assert net.to(target).to(ds.float64)[0].weight is before[0]
    with pytest.raises(ds.DTypeError):
        net.to(ds.int32)
    assert layer.weight.dtype == ds.float64


def test_copies_hold_parameters():
    import copy

    net = Net()
    net.scale.requires_grad_(False)
    again = copy.deepcopy(net)
    assert all(type(p) is nn.Parameter for p in again.parameters()) and not again.scale.requires_grad
    assert again.body[0].weight.requires_grad and again.body[0].weight is not net.body[0].weight


@pytest.mark.parametrize("kernel, dilation", [(3, 1), (2, 1), (4, 2), ((3, 2), (1, 3))])
def test_padding_same(kernel, dilation):
    layer = nn.Conv2d(1, 2, kernel, padding="same", dilation=dilation)
    x = RNG.normal(0, 1, (1, 1, 7, 6)).astype(np.float32)
    y = layer(ds.asarray(x)).detach().numpy()
    kh, kw = layer.kernel_size
    (dh, dw), whole = layer.dilation, [d * (k - 1) for d, k in zip(layer.dilation, layer.kernel_size)]
    padded = np.pad(x[0, 0], [(extent // 2, extent - extent // 2) for extent in whole])
    expected = sum(
        layer.weight.numpy()[:, 0, a, b, None, None] * padded[a * dh : a * dh + 7, b * dw : b * dw + 6]
        for a in range(kh) for b in range(kw)
    ) + layer.bias.numpy()[:, None, None]  # fmt: skip
    np.testing.assert_allclose(y[0], expected, rtol=1e-4, atol=1e-5)
    assert nn.Conv2d(1, 1, 3, padding="valid")(ds.asarray(x)).shape == (1, 1, 5, 4)


@pytest.mark.parametrize("smoothing", (0.0, 0.2))
def test_cross_entropy_weights_and_ignored(smoothing):
    special = pytest.importorskip("scipy.special")
    logits, labels = RNG.normal(0, 2, (5, 3)), np.array([0, 2, -1, 1, 0])
    weight, kept = np.array([0.5, 2.0, 1.0]), labels >= 0
    log_p, safe = special.log_softmax(logits, axis=1), np.where(kept, labels, 0)
    for w in (None, weight):
        each = kept * (1 if w is None else w[safe])
        spread = -(log_p * (1 if w is None else w)).sum(1) * kept
        losses = -log_p[np.arange(5), safe] * each * (1 - smoothing) + smoothing / 3 * spread
        for reduction, expected in (("none", losses), ("sum", losses.sum()), ("mean", losses.sum() / each.sum())):
            loss = nn.CrossEntropyLoss(reduction, label_smoothing=smoothing, weight=w, ignore_index=-1)
            np.testing.assert_allclose(loss(ds.asarray(logits), ds.asarray(labels)).numpy(), expected, rtol=1e-6, atol=1e-9)
    shares = special.softmax(RNG.normal(0, 1, (5, 3)), axis=1)
    found = F.cross_entropy(logits, shares, label_smoothing=smoothing, weight=weight)
    expected = -(log_p * weight * (shares * (1 - smoothing) + smoothing / 3)).sum(1).mean()
    assert float(found) == pytest.approx(expected, rel=1e-6)
    # -100 is left out without being told.
    masked = np.where(kept, labels, -100)
    assert float(F.cross_entropy(logits, masked)) == pytest.approx(-log_p[np.arange(5), safe][kept].mean(), rel=1e-6)
    assert float(nn.NLLLoss(ignore_index=-1)(log_p, labels)) == pytest.approx(-log_p[np.arange(5), safe][kept].mean(), rel=1e-6)


def test_losses_of_a_number():
    x = ds.tensor([1.0, 3.0])
    assert float(F.mse_loss(x, 1)) == 2 and float(F.l1_loss(x, 1.0)) == 1
    assert float(F.bce_with_logits(x, 1.0)) == pytest.approx(float(F.bce_with_logits(x, ds.ones(2))))


def test_layer_norm_takes_an_int():
    x = ds.tensor([[1.0, 2.0, 3.0]])
    assert F.layer_norm(x, 3).tolist() == F.layer_norm(x, (3,)).tolist() == nn.LayerNorm(3)(x).tolist()


def test_text_shows_settings():
    shown = {
        nn.Conv2d(4, 8, 3, padding="same", dilation=2, groups=2, bias=False):
            "Conv2d(4, 8, kernel_size=(3, 3), stride=(1, 1), padding='same', dilation=(2, 2), groups=2, bias=False)",
        nn.Conv2d(1, 2, 3): "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(0, 0))",
        nn.LeakyReLU(0.2): "LeakyReLU(slope=0.2)", nn.AdaptiveAvgPool2d(2): "AdaptiveAvgPool2d(output_size=(2, 2))",
        nn.Flatten(0): "Flatten(start=0)", nn.Softmax(1): "Softmax(axis=1)", nn.MSELoss("sum"): "MSELoss(reduction='sum')",
        nn.CrossEntropyLoss(ignore_index=0): "CrossEntropyLoss(ignore_index=0)", nn.NLLLoss(): "NLLLoss()",
        nn.CrossEntropyLoss(weight=ds.ones(3), label_smoothing=0.1): "CrossEntropyLoss(label_smoothing=0.1, weight=[3])",
        nn.BatchNorm1d(3, affine=False): "BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=False)",
        nn.LayerNorm(3, affine=False): "LayerNorm((3,), eps=1e-05, affine=False)",
    }  # fmt: skip
    assert {module: repr(module) for module in shown} == shown
