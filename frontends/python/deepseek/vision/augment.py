"""Random shifts, rotations and zooms of small images, all images at once."""

from __future__ import annotations

from typing import Any

from .. import errors, random


def augment(images: Any, shift: float = 1.0, degrees: float = 12.0, zoom: float = 0.12) -> Any:
    """Images [n, c, h, w] (NumPy float32) turned, zoomed and moved at random, by bilinear sampling; outside is 0.

    shift in pixels, degrees and zoom (a share) are the largest changes to either side. Draws from the one random
    counter. ShapeError (a ValueError) unless there are four axes.
    """
    import numpy as np

    images = np.asarray(images)
    if images.ndim != 4:
        raise errors.ShapeError(f"augment: images must be [n, c, h, w], they are {list(images.shape)}")
    count, _, height, width = images.shape
    most = np.float32([[degrees], [zoom], [shift], [shift]])
    angle, scale, down, right = (random.rand(4, count).numpy() * 2 - 1) * most
    angle, scale = np.deg2rad(angle), 1 / (1 + scale)
    rows = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2
    columns = np.arange(width, dtype=np.float32)[None, :] - (width - 1) / 2
    sine, cosine = (np.sin(angle) * scale)[:, None, None], (np.cos(angle) * scale)[:, None, None]
    y = cosine * rows - sine * columns - down[:, None, None] + (height - 1) / 2
    x = sine * rows + cosine * columns - right[:, None, None] + (width - 1) / 2
    return _sample(images, y, x)


def _sample(images: Any, y: Any, x: Any) -> Any:
    """Bilinear values of images [n, c, h, w] at pixel positions y, x [n, h, w]."""
    import numpy as np

    height, width = images.shape[-2:]
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y, x = np.clip(y + 1, 0, height + 0.999), np.clip(x + 1, 0, width + 0.999)
    top, left = y.astype(np.int64), x.astype(np.int64)
    dy, dx = (y - top)[:, None], (x - left)[:, None]
    image = np.arange(len(images))[:, None, None]
    at = lambda row, column: np.moveaxis(padded[image, :, row, column], -1, 1)  # noqa: E731
    upper = at(top, left) * (1 - dx) + at(top, left + 1) * dx
    lower = at(top + 1, left) * (1 - dx) + at(top + 1, left + 1) * dx
    return (upper * (1 - dy) + lower * dy).astype(np.float32)
