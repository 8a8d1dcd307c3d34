"""Images: `fit` trains a small convolutional network, `classify` names what a picture shows."""

from __future__ import annotations

import os
import typing

from .augment import augment as augment
from .classifier import ImageClassifier as ImageClassifier
from .classifier import fit as fit

if typing.TYPE_CHECKING:
    from typing import Any

_loaded: dict[tuple[str, float], ImageClassifier] = {}


def classify(image: Any, model: Any, top: int = 3) -> list[tuple[str, float]]:
    """The most probable classes of an image: [('7', 0.998), ('1', 0.001), ..].

    image: a path, a PIL image or an array [h, w] (or [h, w, channels]); it is scaled to what the model was trained on.
    model: a path that `ImageClassifier.save` wrote, or one. CheckpointError if that cannot be read, FileNotFoundError
    for a missing picture, ImportError without Pillow where one is needed.
    """
    if not isinstance(model, ImageClassifier):
        path = os.path.abspath(os.fspath(model))
        key = (path, os.path.getmtime(path) if os.path.exists(path) else 0.0)
        if key not in _loaded:
            _loaded.clear()
            _loaded[key] = ImageClassifier.load(model)
        model = _loaded[key]
    return model.classify(image, top)
