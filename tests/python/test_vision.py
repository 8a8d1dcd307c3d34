"""From pictures to a file to an answer, in little."""

import numpy as np
import pytest

import deepseek as ds
from deepseek import vision


def bars(count, rng):
    """Images 8 x 8 of a bright column (0) or row (1)."""
    images, labels = np.zeros((count, 8, 8), np.float32), rng.integers(0, 2, count)
    for image, label in zip(images, labels):
        at = rng.integers(2, 6)
        (image if label else image.T)[at] = 16
    return images + rng.uniform(0, 1, images.shape).astype(np.float32), labels


@pytest.fixture(scope="module")
def model():
    images, labels = bars(256, np.random.default_rng(0))
    return vision.fit(images, labels, classes=["column", "row"], epochs=4, batch_size=32, width=8, progress=False)


def test_fit_save_load_classify(model, tmp_path):
    images, labels = bars(64, np.random.default_rng(1))
    assert model.accuracy(images, labels) > 0.95 and len(model.history) == 4
    path = tmp_path / "bars.safetensors"
    model.save(path)
    again = vision.ImageClassifier.load(path)
    np.testing.assert_array_equal(again.probabilities(images), model.probabilities(images))
    answer = vision.classify(images[0], model=path)
    assert answer[0][0] == ["column", "row"][labels[0]] and answer[0][1] >= answer[1][1] and len(answer) == 2


def test_pictures(model, tmp_path):
    image = pytest.importorskip("PIL.Image")
    pixels = np.zeros((64, 64), np.uint8)
    pixels[24:32] = 255
    path = tmp_path / "row.png"
    image.fromarray(pixels).save(path)
    assert vision.classify(path, model=model)[0][0] == "row"
    image.fromarray(255 - pixels).save(path)
    assert vision.classify(path, model=model)[0][0] == "row", "dark on bright is turned round"
    assert vision.classify(pixels.T, model=model)[0][0] == "column"
    with pytest.raises(FileNotFoundError):
        vision.classify(tmp_path / "absent.png", model=model)


def test_same_seed_same_weights():
    images, labels = bars(64, np.random.default_rng(2))
    weights = [vision.fit(images, labels, epochs=1, width=4, progress=False).network.state_dict() for _ in range(2)]
    for name, value in weights[0].items():
        np.testing.assert_array_equal(value.numpy(), weights[1][name].numpy())


def test_wrong_input(model, tmp_path):
    with pytest.raises(ds.ShapeError):
        model.probabilities(np.zeros((2, 9, 9)))
    with pytest.raises(ValueError):
        vision.fit(np.zeros((2, 8, 8)), [1])
    path = tmp_path / "other.safetensors"
    ds.save({"x": ds.ones(1)}, path)
    with pytest.raises(ds.CheckpointError, match="not a model"):
        vision.classify(np.zeros((8, 8)), model=path)


def test_augment_keeps_shapes_and_moves_little():
    images, _ = bars(16, np.random.default_rng(3))
    same = vision.augment(images[:, None], 0, 0, 0)
    np.testing.assert_allclose(same[:, 0], images, atol=1e-5)
    moved = vision.augment(images[:, None])
    assert moved.shape == (16, 1, 8, 8) and moved.dtype == np.float32 and not np.allclose(moved[:, 0], images)


def test_every_range_and_polarity(model):
    """A picture is the same whatever its size, range and polarity."""
    image = pytest.importorskip("PIL.Image")
    small = np.zeros((8, 8))
    small[3] = 1
    for pixels in (small, np.kron(small, np.ones((4, 4)))):
        eight = np.rint(pixels * 255).astype(np.uint8)
        given = [eight, 255 - eight, image.fromarray(eight), image.fromarray(255 - eight), pixels, 1 - pixels,
                 pixels.astype(np.float32) * np.float32(model.scale), (1 - pixels) * model.scale, pixels > 0.5, eight[..., None],
                 np.stack([eight] * 3, -1), ds.asarray(pixels), pixels * 255]  # fmt: skip
        answers = [vision.classify(entry, model) for entry in given]
        assert all(answer == answers[0] for answer in answers) and answers[0][0][0] == "row"
    nothing = np.zeros((8, 8))
    assert vision.classify(nothing, model) == vision.classify(nothing.astype(np.uint8), model)
