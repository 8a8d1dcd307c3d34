"""What users get wrong: the class of the error, and that its text names the thing, values and shapes."""

import gc
import os
import pickle
import subprocess
import sys
import weakref

import numpy as np
import pytest

import deepseek as ds
from deepseek import autograd, nn, optim, random, vision
from deepseek.data import DataLoader, TensorDataset
from deepseek.nn import functional as F


def leaf(*shape):
    return ds.ones(*shape, requires_grad=True)


def parameter(*shape):
    return nn.Parameter(ds.ones(*shape))


LOGITS = ds.zeros(4, 3)

WRONG = [
    # optimizers
    (ds.DTypeError, r"SGD: parameters is one tensor of shape \[3, 2\]", lambda: optim.SGD(leaf(3, 2))),
    (ds.DTypeError, "SGD: parameter 1 must be a tensor, not 5", lambda: optim.SGD([leaf(1), 5])),
    (ds.DTypeError, "SGD: parameters must be tensors.* not 5", lambda: optim.SGD(5)),
    (ds.DTypeError, 'SGD: a group is a dict with "params"', lambda: optim.SGD([{"lr": 1.0}])),
    (ds.DTypeError, 'SGD: a group is a dict with "params"', lambda: optim.SGD([{"params": [leaf(1)]}, leaf(1)])),
    (ds.DTypeError, r"parameter 0 of shape \[2\] must have a floating dtype, not int64", lambda: optim.SGD([ds.tensor([1, 2])])),
    (ds.ArgumentError, r"parameter 0 of shape \[2\] was computed", lambda: optim.SGD([leaf(2) * 2])),
    (ds.ArgumentError, "there are none", lambda: optim.Adam([])),
    (ds.ArgumentError, "there are none", lambda: optim.Adam([{"params": []}])),
    (ds.ArgumentError, "no setting is called momentun; there are: lr, momentum",
     lambda: optim.SGD([{"params": [leaf(1)], "momentun": 0.9}])),
    (ds.ArgumentError, "SGD: lr must be finite and not negative, not -1", lambda: optim.SGD([leaf(1)], lr=-1)),
    (ds.ArgumentError, "lr .* not nan", lambda: optim.Adam([leaf(1)], lr=float("nan"))),
    (ds.ArgumentError, "lr must be a number, not 'fast'", lambda: optim.Adam([leaf(1)], lr="fast")),
    (ds.ArgumentError, "lr .* -2", lambda: optim.SGD([{"params": [leaf(1)], "lr": -2}])),
    (ds.ArgumentError, r"betas\[1\] must be below 1, not 1.0", lambda: optim.Adam([leaf(1)], betas=(0.9, 1.0))),
    (ds.ArgumentError, r"betas\[0\] .* not -0.1", lambda: optim.AdamW([leaf(1)], betas=(-0.1, 0.9))),
    (ds.ArgumentError, "betas must be two numbers", lambda: optim.Adam([leaf(1)], betas=0.9)),
    (ds.ArgumentError, "weight_decay", lambda: optim.AdamW([leaf(1)], weight_decay=-1)),
    (ds.ArgumentError, "nesterov needs a momentum, not 0", lambda: optim.SGD([leaf(1)], nesterov=True)),
    # schedules
    (ds.ArgumentError, "StepLR: step_size must be a positive integer, not 0", lambda: optim.StepLR(adam(), 0)),
    (ds.ArgumentError, "T_max .* 2.5", lambda: optim.CosineAnnealingLR(adam(), 2.5)),
    (ds.ArgumentError, "total_steps", lambda: optim.OneCycleLR(adam(), 1.0, 0)),
    (ds.ArgumentError, "pct_start must be in 0 .. 1, not 2", lambda: optim.OneCycleLR(adam(), 1.0, 5, pct_start=2)),
    (ds.ArgumentError, "div_factor .* 0", lambda: optim.OneCycleLR(adam(), 1.0, 5, div_factor=0)),
    (ds.DTypeError, "an optimizer is needed", lambda: optim.StepLR([leaf(1)], 2)),
    # layers
    (ds.ArgumentError, "Linear: in_features must be at least 0, not -1", lambda: nn.Linear(-1, 2)),
    (ds.ArgumentError, "out_features must be an integer, not 2.5", lambda: nn.Linear(1, 2.5)),
    (ds.ArgumentError, "Embedding: num_embeddings", lambda: nn.Embedding(-1, 2)),
    (ds.ArgumentError, "groups must divide in_channels and out_channels, 2 does not divide 3 and 4",
     lambda: nn.Conv2d(3, 4, 3, groups=2)),
    (ds.ArgumentError, "2 does not divide 4 and 3", lambda: nn.Conv2d(4, 3, 3, groups=2)),
    (ds.ArgumentError, "kernel_size must be at least 1, not 0", lambda: nn.Conv2d(1, 1, 0)),
    (ds.ArgumentError, r"kernel_size must be an integer or 2 of them, not \(3, 3, 3\)", lambda: nn.Conv2d(1, 1, (3, 3, 3))),
    (ds.ArgumentError, "stride must be at least 1, not 0", lambda: nn.Conv2d(1, 1, 3, stride=0)),
    (ds.ArgumentError, "groups must be at least 1", lambda: nn.Conv2d(1, 1, 3, groups=0)),
    (ds.ArgumentError, "in_channels must be at least 1", lambda: nn.Conv2d(0, 1, 3)),
    (ds.ArgumentError, "padding must be numbers, 'same' or 'valid', not 'full'", lambda: nn.Conv2d(1, 1, 3, padding="full")),
    (ds.ArgumentError, "'same' needs a stride of 1", lambda: nn.Conv2d(1, 1, 3, stride=2, padding="same")),
    (ds.ArgumentError, "'same' needs a stride of 1",
     lambda: F.conv2d(ds.ones(1, 1, 5, 5), ds.ones(1, 1, 3, 3), stride=2, padding="same")),
    (ds.ArgumentError, "MaxPool2d: kernel_size", lambda: nn.MaxPool2d(0)),
    (ds.ArgumentError, "output_size", lambda: nn.AdaptiveAvgPool2d((2, 0))),
    (ds.ArgumentError, "Dropout: p must be a probability in 0 .. 1, not 1.5", lambda: nn.Dropout(1.5)),
    (ds.ArgumentError, "dropout: p .* nan", lambda: F.dropout(ds.ones(1), float("nan"))),
    (ds.ShapeError, r"an empty batch \[0, 3\]", lambda: nn.BatchNorm1d(3)(ds.ones(0, 3))),
    (ds.ArgumentError, r"more than one value per channel, x is \[1, 3\]", lambda: nn.BatchNorm1d(3)(ds.ones(1, 3))),
    (ds.ShapeError, r"BatchNorm2d takes \[n, 3, h, w\], x is \[4, 3\]", lambda: nn.BatchNorm2d(3)(ds.ones(4, 3))),
    (ds.ShapeError, r"BatchNorm1d takes \[n, 3\] or \[n, 3, l\], x is \[4, 2\]", lambda: nn.BatchNorm1d(3)(ds.ones(4, 2))),
    (ds.ShapeError, r"the last axes of x \[2, 3\] must be \[4\]", lambda: F.layer_norm(ds.ones(2, 3), (4,))),
    (ds.ShapeError, r"the last axes of x \[2, 3\] must be \[4\]", lambda: nn.LayerNorm(4, affine=False)(ds.ones(2, 3))),
    (ds.ShapeError, r"the last axes of x \[3\] must be \[2, 3\]", lambda: F.layer_norm(ds.ones(3), (2, 3))),
    (ds.ArgumentError, "at least one axis", lambda: nn.LayerNorm(())),
    (ds.ShapeError, r"not empty, this one is \[3\]", lambda: nn.init.xavier_uniform_(ds.ones(3))),
    (ds.ShapeError, r"not empty, this one is \[3, 0\]", lambda: nn.init.kaiming_normal_(ds.ones(3, 0))),
    (ds.DTypeError, "a tensor is needed", lambda: nn.init.uniform_([1.0])),
    (ds.DTypeError, "floating, not int64", lambda: nn.Linear(1, 1).to("int64")),
    (ds.DeviceError, "nowhere", lambda: nn.Linear(1, 1).to("nowhere:1")),
    # losses
    (ds.ShapeError, r"mse_loss: prediction \[4, 1\] and target \[4\]", lambda: F.mse_loss(ds.ones(4, 1), ds.ones(4))),
    (ds.ShapeError, r"l1_loss: prediction \[4\] and target \[1\]", lambda: nn.L1Loss()(ds.ones(4), ds.ones(1))),
    (ds.ShapeError, r"bce_with_logits: prediction \[4, 1\] and target \[4\]",
     lambda: nn.BCEWithLogitsLoss()(ds.ones(4, 1), np.ones(4))),
    (ds.ArgumentError, "reduction must be 'mean', 'sum' or 'none', not 'average'", lambda: nn.MSELoss("average")),
    (ds.ArgumentError, "reduction", lambda: nn.CrossEntropyLoss(ds.ones(3))),
    (ds.ArgumentError, "label_smoothing must be in 0 .. 1, not 2", lambda: nn.CrossEntropyLoss(label_smoothing=2)),
    (ds.ShapeError, r"one number per class of logits \[4, 3\], it is \[2\]",
     lambda: F.cross_entropy(LOGITS, ds.zeros(4, dtype="int64"), weight=ds.ones(2))),
    # data and random numbers
    (ds.ArgumentError, "batch_size must be an integer of at least 1, not 0", lambda: DataLoader([1], 0)),
    (ds.ArgumentError, "batch_size .* 2.5", lambda: DataLoader([1], 2.5)),
    (ds.ArgumentError, "workers .* -1", lambda: DataLoader([1], workers=-1)),
    (ds.DTypeError, "a data set has __len__ and __getitem__, unlike 5", lambda: DataLoader(5)),
    (ds.ArgumentError, "at least one tensor", lambda: TensorDataset()),
    (ds.ShapeError, r"differ in length, their shapes are \[\[2\], \[3\]\]", lambda: TensorDataset(ds.ones(2), ds.ones(3))),
    (ds.ShapeError, r"\[\[\]\]", lambda: TensorDataset(5.0)),
    (ds.ArgumentError, "two integers of 64 bits.* not 5", lambda: random.set_state(5)),
    (ds.ArgumentError, r"two integers.* not \(1,\)", lambda: random.set_state((1,))),
    (ds.ArgumentError, r"two integers.* not \(-1, 0\)", lambda: random.set_state((-1, 0))),
    (ds.DTypeError, "a seed is an integer, not 1.5", lambda: ds.manual_seed(1.5)),
    (ds.ArgumentError, "p must be a probability in 0 .. 1, not 2.0", lambda: ds.bernoulli(2.0)),
    (ds.ArgumentError, "bernoulli", lambda: ds.bernoulli([0.5, float("nan")])),
    (ds.OutOfRangeError, r"permutation: .* not one of shape \[\]", lambda: ds.permutation(5.5)),
    (ds.ShapeError, "choice: 7 rows without replace", lambda: random.choice(5, 7, replace=False)),
    (ds.ArgumentError, "scale must not be negative, it is -1", lambda: random.normal(0, -1, 3)),
    # gradients
    (ds.DTypeError, "grad: outputs must be a tensor or a list of tensors, not 5", lambda: ds.grad(5, leaf(2))),
    (ds.DTypeError, "grad: inputs must be .* not 'a'", lambda: ds.grad(leaf(2).sum(), "a")),
    (ds.DTypeError, "backward: outputs must be .* not None", lambda: ds.backward(None)),
    (ds.ArgumentError, "2 gradients were given for 1 outputs", lambda: ds.grad(leaf(2).sum(), leaf(2), [ds.ones(1)] * 2)),
    (ds.ArgumentError, "1 gradients were given for 2 outputs", lambda: ds.backward([leaf(2).sum()] * 2, [ds.tensor(1.0)])),
]  # fmt: skip


def adam():
    return optim.Adam([leaf(1)])


@pytest.mark.parametrize("kind, text, call", WRONG, ids=[text[:40] for _, text, _ in WRONG])
def test_text_and_class(kind, text, call):
    with pytest.raises(kind, match=text) as caught:
        call()
    assert isinstance(caught.value, ds.DeepSeekError) and isinstance(caught.value, (ValueError, TypeError, RuntimeError))


def test_a_parameter_twice():
    w = parameter(2)
    for groups in ([w, w], [{"params": [w]}, {"params": w}]):
        with pytest.raises(ds.ArgumentError, match=r"parameter . of shape \[2\] is there twice"):
            optim.SGD(groups)


def test_failed_batch_keeps_statistics():
    norm = nn.BatchNorm1d(2)
    for x in (ds.ones(0, 2), ds.ones(1, 2)):
        with pytest.raises(ValueError):
            norm(x)
    assert norm.running_mean.tolist() == [0, 0] and norm.running_var.tolist() == [1, 1]
    assert norm.eval()(ds.ones(1, 2)).shape == (1, 2) and norm(ds.ones(0, 2)).shape == (0, 2)


def test_gradients_as_lists():
    w = leaf(2)
    assert ds.grad(w * 2, w, [1.0, 3.0]).tolist() == [2, 6]
    assert ds.grad(w * 2, w, [ds.tensor([1.0, 3.0])]).tolist() == [2, 6]
    assert [g.tolist() for g in ds.grad([w.sum(), (w * 3).sum()], [w], [1.0, 2.0])] == [[7, 7]]


# ---- hooks -----------------------------------------------------------------------------------------------------------
class Watched(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = parameter(3)
        self.seen = 0
        self.handle = self.weight.register_hook(self.look)
        weight = self.weight
        weight.register_hook(lambda gradient: gradient + weight.detach())

    def look(self, gradient):
        self.seen += 1


def test_hooks_that_hold_their_module_are_freed():
    module = Watched()
    (module.weight * 2).sum().backward()
    assert module.seen == 1 and module.weight.grad.tolist() == [3, 3, 3]
    gone = [weakref.ref(module), weakref.ref(module.weight)]
    del module
    gc.collect()
    ds.evaluate()
    assert [ref() for ref in gone] == [None, None]


def test_hook_that_holds_a_computed_tensor_is_freed():
    w = leaf(3)
    before = len(autograd._alive)
    h = w * 2
    h.register_hook(lambda gradient: gradient * h.detach())
    loss = h.sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert w.grad.tolist() == [8, 8, 8]
    gone = weakref.ref(h)
    del h, loss
    ds.evaluate()
    assert gone() is None and len(autograd._alive) == before


def test_removed_hook_of_a_parameter():
    module = Watched()
    module.handle.remove()
    module.handle.remove()
    (module.weight * 2).sum().backward()
    assert module.seen == 0 and module.weight.grad.tolist() == [3, 3, 3]


def test_exit_is_quiet():
    program = """
import deepseek as ds
from deepseek import nn

def hooked(x):
    x.register_hook(lambda gradient: print(x))
    return x

for _ in range(600):
    hooked(ds.ones(1, requires_grad=True))
kept = [hooked(make(ds.ones(1))) for make in (nn.Parameter, lambda x: x.requires_grad_()) for _ in range(600)]
computed = [hooked(x * 2) for x in kept]
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout == done.stderr == ""


# ---- images ----------------------------------------------------------------------------------------------------------
IMAGES = np.arange(4 * 64).reshape(4, 8, 8).astype(np.float32)


@pytest.mark.parametrize(
    "kind, text, images, labels, options",
    [
        (ds.ShapeError, r"images must be \[n, h, w\].* \[8, 8\]", IMAGES[0], [0] * 8, {}),
        (ds.ShapeError, r"labels \[n\], not \[4, 1\]", IMAGES, np.zeros((4, 1)), {}),
        (ds.ShapeError, r"images \[4, 8, 8\] need as many labels \[n\], not \[3\]", IMAGES, [0, 1, 0], {}),
        (ds.ShapeError, r"\(1, 3, 8\)", IMAGES[:, :3], [0, 1, 0, 1], {}),
        (ds.ArgumentError, "image 2 has NaN or inf", np.where(np.arange(4)[:, None, None] == 2, np.nan, IMAGES), [0] * 4, {}),
        (ds.ArgumentError, "label 1 is -1", IMAGES, [0, -1, 0, 0], {}),
        (ds.ArgumentError, "label 3 is 0.5", IMAGES, [0, 1, 0, 0.5], {}),
        (ds.ArgumentError, "below 2, the number of classes; label 0 is 2", IMAGES, [2, 1, 0, 0], {"classes": ["a", "b"]}),
        (ds.DTypeError, "must be numbers", IMAGES, list("abcd"), {}),
        (ds.ArgumentError, "batch_size must be a positive integer, not 0", IMAGES, [0] * 4, {"batch_size": 0}),
        (ds.ArgumentError, "epochs must be a positive integer, not 0", IMAGES, [0] * 4, {"epochs": 0}),
        (ds.ArgumentError, "validation must be a pair", IMAGES, [0] * 4, {"validation": IMAGES}),
    ],
)
def test_fit(kind, text, images, labels, options):
    with pytest.raises(kind, match=text):
        vision.fit(images, labels, progress=False, **options)


def test_classify():
    model = vision.ImageClassifier(["a", "b"], (1, 8, 8), 16.0, 4)
    for wrong in (None, [[1.0]], 5):
        with pytest.raises(TypeError, match="image must be a path, a PIL image or an array"):
            vision.classify(wrong, model)
    for wrong, kind, text in (
        (np.zeros(8), ds.ShapeError, r"this array \[8\]"), (np.zeros((8, 8, 2)), ds.ShapeError, r"\[8, 8, 2\]"),
        (np.zeros((0, 8)), ds.ShapeError, r"\[0, 8\]"), (np.full((8, 8), np.nan), ds.ArgumentError, "NaN or inf"),
    ):  # fmt: skip
        with pytest.raises(kind, match=text):
            vision.classify(wrong, model)
    with pytest.raises(ds.ArgumentError, match="top"):
        vision.classify(np.zeros((8, 8)), model, top=0)
    with pytest.raises(TypeError, match="model must be a path"):
        vision.classify(np.zeros((8, 8)), None)
    with pytest.raises(ds.ShapeError, match="as many labels"):
        model.accuracy(IMAGES, [0, 1])


@pytest.mark.parametrize("change", [
    {"classes": 5}, {"classes": []}, {"shape": None}, {"shape": [1]}, {"shape": [1, "a", 8]}, {"scale": None},
    {"scale": -1}, {"width": 10**9}, {"width": "wide"},
])  # fmt: skip
def test_odd_metadata(change, tmp_path):
    import json

    path = tmp_path / "model.safetensors"
    model = vision.ImageClassifier(["a", "b"], (1, 8, 8), 16.0, 4)
    described = {"classes": ["a", "b"], "shape": [1, 8, 8], "scale": 16.0, "width": 4, **change}
    for text in (json.dumps(described), "5", "[]", "{"):
        ds.save(model.network, path, {"deepseek.vision": text})
        with pytest.raises(ds.CheckpointError, match="not a model of deepseek.vision"):
            vision.ImageClassifier.load(path)


def test_missing_files(tmp_path):
    for call in (lambda path: ds.load(path), lambda path: vision.ImageClassifier.load(path),
                 lambda path: vision.classify(np.zeros((8, 8)), path)):  # fmt: skip
        with pytest.raises(FileNotFoundError, match="absent.safetensors") as caught:
            call(tmp_path / "absent.safetensors")
        assert isinstance(caught.value, ds.CheckpointError)


# ---- copies of modules -----------------------------------------------------------------------------------------------
def test_pickles_hold_parameters():
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    net[0].weight.requires_grad_(False)
    again = pickle.loads(pickle.dumps(net))
    assert [type(p) for p in again.parameters()] == [nn.Parameter] * 4
    assert [p.requires_grad for p in again.parameters()] == [False, True, True, True]
    assert again[0].weight.tolist() == net[0].weight.tolist() and os.path.sep not in repr(again)
    w = nn.Parameter(ds.ones(2), requires_grad=False)
    pair = pickle.loads(pickle.dumps([w, w]))
    assert pair[0] is pair[1] and type(pair[0]) is nn.Parameter and not pair[0].requires_grad
