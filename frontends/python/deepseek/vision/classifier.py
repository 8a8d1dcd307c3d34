"""ImageClassifier: a small convolutional network with all it needs to be used again: classes, image size, scaling."""

from __future__ import annotations

import json
import math
import os
from typing import Any, Callable, Sequence

from .. import autograd, checkpoint, errors, nn, optim, random
from ..creation import asarray
from ..data import DataLoader, TensorDataset
from .augment import augment as random_augment


def network(channels: int, size: Sequence[int], classes: int, width: int) -> nn.Module:
    """Four 3x3 convolutions in two stages with batch normalisation, then one linear layer."""

    def block(given: int, made: int) -> list[nn.Module]:
        return [nn.Conv2d(given, made, 3, padding=1, bias=False), nn.BatchNorm2d(made), nn.ReLU()]

    return nn.Sequential(
        *block(channels, width), *block(width, width), nn.MaxPool2d(2),
        *block(width, 2 * width), *block(2 * width, 2 * width), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(2 * width * (size[0] // 4) * (size[1] // 4), classes),
    )  # fmt: skip


class ImageClassifier:
    """A trained network: `probabilities(images)`, `classify(image)`, `save(path)`, `ImageClassifier.load(path)`.

    Images are [h, w] or [h, w, c] with values 0 .. scale; shape is (c, h, w); `history`: (loss, validation accuracy) by
    epoch. ShapeError unless shape is three positive extents, height and width at least 4; ArgumentError unless there
    are classes and scale and width are positive.
    """

    def __init__(self, classes: Sequence[str], shape: Sequence[int], scale: float, width: int = 24) -> None:
        self.classes = [str(name) for name in classes]
        self.shape = tuple(int(extent) for extent in shape)  # channels, height, width
        self.scale, self.width = float(scale), int(width)
        if len(self.shape) != 3 or self.shape[0] < 1 or min(self.shape[1:]) < 4:
            raise errors.ShapeError(f"ImageClassifier: shape must be (c, h, w) of at least (1, 4, 4), not {self.shape}")
        if not (math.isfinite(self.scale) and self.scale > 0 and self.width > 0 and self.classes):
            raise errors.ArgumentError(f"ImageClassifier: scale, width and number of classes must be positive, not "
                                       f"{scale!r}, {width!r} and {len(self.classes)}")  # fmt: skip
        self.history: list[tuple[float, float]] = []
        self.network = network(self.shape[0], self.shape[1:], len(self.classes), self.width)

    def prepare(self, images: Any) -> Any:
        """[n, h, w] or [n, h, w, c] -> float32 [n, c, h, w] in 0 .. 1, by NumPy. ShapeError if the size differs."""
        import numpy as np

        images = np.asarray(images, dtype=np.float32) / np.float32(self.scale)
        if images.ndim not in (3, 4):
            raise errors.ShapeError(f"images must be [n, h, w] or [n, h, w, c], they are {list(images.shape)}")
        images = images[:, None] if images.ndim == 3 else np.moveaxis(images, -1, 1)
        if images.shape[1:] != self.shape:
            raise errors.ShapeError(f"the model takes images {list(self.shape)}, these are {list(images.shape[1:])}")
        return np.ascontiguousarray(images)

    def probabilities(self, images: Any, batch_size: int = 512) -> Any:
        """Class probabilities [n, classes] of images [n, h, w], a NumPy array; the network is put in evaluation mode.

        ShapeError if the images' size is not the model's.
        """
        import numpy as np

        images = self.prepare(images)
        self.network.eval()
        with autograd.no_grad():
            parts = [nn.functional.softmax(self.network(asarray(images[i : i + batch_size])), -1).numpy()
                     for i in range(0, len(images), batch_size)]  # fmt: skip
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def classify(self, image: Any, top: int = 3) -> list[tuple[str, float]]:
        """The most probable classes of one image [h, w] or [h, w, c]: a path, a PIL image or an array; names and
        probabilities. Its size may be any. The values of an array go from 0 to the least of 1, the model's scale and
        255 that holds them. A grey image whose edge is bright is turned round. FileNotFoundError for a missing picture,
        DTypeError (a TypeError) for something else, ShapeError for other axes, ArgumentError for values that are not
        finite or a top that is not positive, ImportError without Pillow where one is needed.
        """
        if not hasattr(top, "__index__") or top < 1:
            raise errors.ArgumentError(f"classify: top must be a positive integer, not {top!r}")
        found = self.probabilities(_pixels(image, self.shape, self.scale)[None])[0]
        return [(self.classes[i], round(float(found[i]), 3)) for i in found.argsort(kind="stable")[::-1][:top]]

    def accuracy(self, images: Any, labels: Any) -> float:
        """The share of images [n, h, w] whose most probable class is their label [n], an index. ShapeError if they do
        not fit together.
        """
        import numpy as np

        found, labels = self.probabilities(images).argmax(1), np.asarray(labels)
        if found.shape != labels.shape or not len(found):
            raise errors.ShapeError(f"accuracy: {len(found)} images need as many labels [n], not {list(labels.shape)}")
        return float((found == labels).mean())

    def save(self, path: Any) -> None:
        """Writes weights and description to one file; the extension picks the format. CheckpointError if that fails."""
        description = {"classes": self.classes, "shape": self.shape, "scale": self.scale, "width": self.width}
        checkpoint.save(self.network, path, {"deepseek.vision": json.dumps(description)})

    @classmethod
    def load(cls, path: Any) -> ImageClassifier:
        """Reads what `save` wrote. CheckpointError if it is something else or missing, then a FileNotFoundError too."""
        state = checkpoint.load(path)
        try:
            description = json.loads(state.metadata["deepseek.vision"])
            classes, shape, scale, width = (description[key] for key in ("classes", "shape", "scale", "width"))
            # Before a network of that size is made.
            if not isinstance(classes, list) or state["0.weight"].shape != (width, shape[0], 3, 3):
                raise ValueError("the description does not fit the weights")
            model = cls(classes, shape, scale, width)
            model.network.load_state_dict(state)
        except (LookupError, ValueError, TypeError, OverflowError, errors.DeepSeekError) as error:
            told = f"{type(error).__name__}: {error}"
            raise errors.CheckpointError(f"{os.fsdecode(path)}: not a model of deepseek.vision ({told})") from None
        return model


def _pixels(image: Any, shape: Sequence[int], scale: float) -> Any:
    """An image as an array of the model's size, in 0 .. scale, bright on dark."""
    import numpy as np

    channels, height, width = shape
    if isinstance(image, np.ndarray) or hasattr(image, "__dlpack__"):
        pixels = _ranged(np.asarray(image), scale)
        if pixels.shape[:2] != (height, width) or (pixels.shape[2:] or (1,)) != (channels,):
            from PIL import Image

            picture = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
            pixels = _resized(picture, shape)
    elif isinstance(image, (str, bytes, os.PathLike)):
        from PIL import Image

        with Image.open(os.fsdecode(image)) as opened:
            pixels = _resized(opened, shape)
    elif hasattr(image, "convert") and hasattr(image, "resize"):
        pixels = _resized(image, shape)
    else:
        raise errors.DTypeError(f"classify: image must be a path, a PIL image or an array [h, w] or [h, w, channels], "
                                f"not {image!r:.80}")  # fmt: skip
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    return (1 - pixels if channels == 1 and edge.mean() > 0.5 else pixels) * np.float32(scale)


def _ranged(array: Any, scale: float) -> Any:
    """The pixels [h, w] or [h, w, c] of an array as float32 in 0 .. 1."""
    import numpy as np

    if array.dtype.kind not in "buif":
        raise errors.DTypeError(f"classify: the pixels of an array must be numbers, not {array.dtype}")
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if not array.size or not (array.ndim == 2 or (array.ndim == 3 and array.shape[-1] in (3, 4))):
        raise errors.ShapeError(f"classify: an image is [h, w] or [h, w, channels], this array {list(array.shape)}")
    pixels = array.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise errors.ArgumentError(f"classify: the pixels of an image {list(array.shape)} have NaN or inf")
    most = float(pixels.max())
    # Measured values go a little beyond the ones the model saw; integers beyond have 8 bits.
    bounds = {1.0: 1.0, scale: 1.25} | ({255.0: 1.0} if array.dtype.kind in "bui" else {})
    bound = next((bound for bound, more in sorted(bounds.items()) if most <= bound * more), most)
    return np.clip(pixels / np.float32(bound), 0, 1)


def _resized(picture: Any, shape: Sequence[int]) -> Any:
    """A PIL image's pixels in the model's size, float32 in 0 .. 1."""
    import numpy as np
    from PIL import Image

    picture = picture.convert("L" if shape[0] == 1 else "RGB").resize((shape[2], shape[1]), Image.Resampling.BOX)
    return np.asarray(picture, dtype=np.float32) / np.float32(255)


def _examples(images: Any, labels: Any, classes: Any) -> tuple[Any, Any]:
    """Images and labels as checked arrays."""
    import numpy as np

    images, labels = np.asarray(images), np.asarray(labels)
    if images.ndim not in (3, 4):
        raise errors.ShapeError(f"fit: images must be [n, h, w] or [n, h, w, c], they are {list(images.shape)}")
    if labels.ndim != 1 or len(images) != len(labels) or not len(images):
        raise errors.ShapeError(f"fit: images {list(images.shape)} need as many labels [n], not {list(labels.shape)}")
    if images.dtype.kind not in "buif" or labels.dtype.kind not in "buif":
        raise errors.DTypeError(f"fit: images and labels must be numbers, not {images.dtype} and {labels.dtype}")
    if not np.isfinite(images).all():
        wrong = int(np.argmin(np.isfinite(images).reshape(len(images), -1).all(1)))
        raise errors.ArgumentError(f"fit: pixels must be finite, image {wrong} has NaN or inf")
    if images.max() <= 0 and images.min() < 0:
        raise errors.ArgumentError(f"fit: pixels are from 0 up, these are in {images.min()} .. {images.max()}")
    most = 1 << 31 if classes is None else len(classes)
    fits = (labels >= 0) & (labels < most) & (labels == np.floor(labels))
    if not fits.all():
        wrong = int(np.argmin(fits))
        below = "" if classes is None else f" below {most}, the number of classes"
        raise errors.ArgumentError(f"fit: labels must be integers from 0{below}; label {wrong} is {labels[wrong]}")
    return images, labels.astype(np.int64)


def fit(images: Any, labels: Any, *, classes: Sequence[str] | None = None, epochs: int = 30, batch_size: int = 64,
        lr: float = 4e-3, validation: tuple[Any, Any] | None = None, augment: bool = True, width: int = 24,
        seed: int = 0, progress: bool | Callable[[int, float, float], None] = True) -> ImageClassifier:  # fmt: skip
    """Trains a small convolutional network on images [n, h, w] or [n, h, w, c] with integer labels [n].

    classes: names by label; validation: images and labels looked at after each epoch; progress: a bar (with tqdm), or a
    function (epoch, loss, accuracy). The same seed gives the same weights bit for bit. ShapeError if images and labels
    do not fit together or images are smaller than 4 x 4, ArgumentError (a ValueError) for pixels that are not finite,
    labels that are negative, no integers or above the classes, and numbers that are not positive; DTypeError for what
    is no number.
    """
    import numpy as np

    for name, value in (("epochs", epochs), ("batch_size", batch_size), ("width", width)):
        if not hasattr(value, "__index__") or value < 1:
            raise errors.ArgumentError(f"fit: {name} must be a positive integer, not {value!r}")
    images, labels = _examples(images, labels, classes)
    if validation is not None and (not isinstance(validation, (tuple, list)) or len(validation) != 2):
        raise errors.ArgumentError("fit: validation must be a pair of images and labels")
    names = [str(i) for i in range(int(labels.max()) + 1)] if classes is None else classes
    shape = (1 if images.ndim == 3 else images.shape[-1], *images.shape[1:3])
    random.manual_seed(seed)
    model = ImageClassifier(names, shape, 255.0 if images.dtype == np.uint8 else float(images.max()) or 1.0, width)
    prepared = model.prepare(images)
    optimizer = optim.AdamW(model.network.parameters(), lr=lr, weight_decay=1e-2)
    batches = len(prepared) // batch_size or 1
    schedule = optim.OneCycleLR(optimizer, max_lr=lr, total_steps=epochs * batches)
    with _Bar(progress, epochs, len(prepared)) as bar:
        for epoch in range(epochs):
            seen = random_augment(prepared) if augment else prepared
            loss = _epoch(model.network, TensorDataset(seen, labels), batch_size, optimizer, schedule)
            accuracy = model.accuracy(*validation) if validation is not None else float("nan")
            model.history.append((loss, accuracy))
            bar.step(epoch, loss, accuracy)
    model.network.eval()
    return model


def _epoch(module: nn.Module, dataset: TensorDataset, batch_size: int, optimizer: Any, schedule: Any) -> float:
    """One pass over the data; the mean loss."""
    module.train()
    losses = []
    for images, labels in DataLoader(dataset, min(batch_size, len(dataset)), shuffle=True, drop_last=True):
        loss = nn.functional.cross_entropy(module(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    return sum(losses) / len(losses)


class _Bar:
    """Shows progress with tqdm where it is installed, through a function, or not at all."""

    def __init__(self, progress: Any, epochs: int, count: int) -> None:
        self.function = progress if callable(progress) else None
        self.bar: Any = None
        self.count, self.epochs = count, epochs
        if progress is True:
            try:
                from tqdm import tqdm
            except ImportError:
                return
            layout = "{desc} |{bar:24}| {n_fmt}/{total_fmt} images  {elapsed}{postfix}"
            self.bar = tqdm(total=count * epochs, bar_format=layout, desc=f"epoch 0/{epochs}")

    def __enter__(self) -> _Bar:
        return self

    def step(self, epoch: int, loss: float, accuracy: float) -> None:
        """Shows an epoch that is done."""
        if self.function:
            self.function(epoch, loss, accuracy)
        if self.bar is not None:
            self.bar.set_description_str(f"epoch {epoch + 1}/{self.epochs}", refresh=False)
            known = f" val acc {accuracy:.3f}" if accuracy == accuracy else ""
            self.bar.set_postfix_str(f" loss {loss:.3f}{known}", refresh=False)
            self.bar.update(self.count)

    def __exit__(self, *_: Any) -> None:
        if self.bar is not None:
            self.bar.close()
