"""Images: `fit` trains a small convolutional network, `classify` names what a picture shows."""

from __future__ import annotations

import os
import typing

from .. import errors as _errors
from .augment import augment as augment
from .classifier import ImageClassifier as ImageClassifier
from .classifier import fit as fit

if typing.TYPE_CHECKING:
    from typing import Any

_loaded: dict[tuple[str, float], ImageClassifier] = {}


def classify(image: Any, model: Any, top: int = 3) -> list[tuple[str, float]]:
    """The most probable classes of an image: [('7', 0.998), ('1', 0.001), ..].

    image: a path, a PIL image or an array [h, w] (or [h, w, channels]); it is scaled to what the model was trained on,
    see `ImageClassifier.classify`. model: a path that `ImageClassifier.save` wrote, or one. CheckpointError if that
    cannot be read, FileNotFoundError for a missing picture or model, DTypeError (a TypeError) for something else than a
    picture, ShapeError for another number of axes, ImportError without Pillow where one is needed.
    """
    if not isinstance(model, ImageClassifier):
        if not isinstance(model, (str, bytes, os.PathLike)):
            raise _errors.DTypeError(f"classify: model must be a path or an ImageClassifier, not {model!r:.80}")
        path = os.path.abspath(os.fspath(model))
        key = (path, os.path.getmtime(path) if os.path.exists(path) else 0.0)
        if key not in _loaded:
            _loaded.clear()
            _loaded[key] = ImageClassifier.load(model)
        model = _loaded[key]
    return model.classify(image, top)
