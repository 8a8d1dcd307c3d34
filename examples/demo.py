"""Trains a small convolutional network on scikit-learn's 1,797 scans of handwritten digits, then classifies pictures.

    ./dev demo               train, test, draw demo/curves.png and demo/digits.png, classify demo/digit.png
    ./dev demo --folds 5     mean accuracy over five folds instead
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, train_test_split

import deepseek as ds

OUTPUT = Path("demo")


def cross_validate(images: np.ndarray, labels: np.ndarray, folds: int, epochs: int) -> None:
    """Trains once per fold and tests on what that fold holds back."""
    scores = []
    splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(images, labels)
    for number, (train, test) in enumerate(splits, 1):
        start = time.perf_counter()
        model = ds.vision.fit(images[train], labels[train], epochs=epochs, seed=number, progress=False)
        scores.append(model.accuracy(images[test], labels[test]))
        print(f"fold {number} of {folds}: {scores[-1]:.4f}   {time.perf_counter() - start:.1f} s", flush=True)
    print(f"mean accuracy: {np.mean(scores):.4f} (lowest {min(scores):.4f}, highest {max(scores):.4f})")


def draw_curves(history: list[tuple[float, float]], path: Path) -> None:
    """Loss and validation accuracy by epoch."""
    import matplotlib.pyplot as plt

    figure, left = plt.subplots(figsize=(7, 4))
    right = left.twinx()
    epochs = range(1, len(history) + 1)
    left.plot(epochs, [loss for loss, _ in history], color="tab:blue")
    right.plot(epochs, [accuracy for _, accuracy in history], color="tab:orange")
    left.set(xlabel="epoch", ylabel="loss (blue)", yscale="log")
    right.set(ylabel="accuracy on held-out digits (orange)", ylim=(0.8, 1.0))
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_digits(images: np.ndarray, labels: np.ndarray, probabilities: np.ndarray, path: Path) -> None:
    """A contact sheet of held-out digits: what the model said and how sure it was; mistakes first, in red."""
    import matplotlib.pyplot as plt

    said = probabilities.argmax(1)
    order = np.argsort(said == labels, kind="stable")[:60]
    figure, cells = plt.subplots(6, 10, figsize=(10, 7))
    for cell, i in zip(cells.flat, order):
        cell.imshow(images[i], cmap="gray")
        right = said[i] == labels[i]
        title = f"{said[i]}  {probabilities[i, said[i]]:.2f}" + ("" if right else f" ({labels[i]})")
        cell.set_title(title, fontsize=8, color="black" if right else "red")
        cell.axis("off")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def show_plugins() -> None:
    """The plugins that were loaded because something needed them."""
    used = [row for row in ds.plugins() if row.get("loaded")]
    groups = {}
    for row in used:
        groups.setdefault(row["name"].split(".")[0], []).append(row["name"])
    print(f"plugins at work ({len(used)}): " + "   ".join(" ".join(names) for _, names in sorted(groups.items())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=0, help="cross-validate with so many folds")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    digits = load_digits()
    images, labels = digits.images.astype(np.float32), digits.target
    if options.folds:
        cross_validate(images, labels, options.folds, options.epochs)
        return

    train, test, train_labels, test_labels = train_test_split(
        images, labels, test_size=360, random_state=0, stratify=labels
    )
    start = time.perf_counter()
    model = ds.vision.fit(
        train, train_labels, validation=(test, test_labels), epochs=options.epochs, seed=options.seed
    )
    print(f"trained on {len(train)} images in {time.perf_counter() - start:.1f} s")

    OUTPUT.mkdir(exist_ok=True)
    model.save(OUTPUT / "digits.safetensors")
    history = model.history
    model = ds.vision.ImageClassifier.load(OUTPUT / "digits.safetensors")
    probabilities = model.probabilities(test)
    right = int((probabilities.argmax(1) == test_labels).sum())
    checksum = sum(int(np.asarray(value).view(np.uint8).astype(np.int64).sum())
                   for value in model.network.state_dict().values())  # fmt: skip
    show_plugins()
    print(f"test accuracy: {right / len(test):.4f} ({right} of {len(test)})   weights {checksum:x}")

    draw_curves(history, OUTPUT / "curves.png")
    draw_digits(test, test_labels, probabilities, OUTPUT / "digits.png")
    save_picture(test[0], OUTPUT / "digit.png")
    answer = ds.vision.classify(OUTPUT / "digit.png", model=OUTPUT / "digits.safetensors")
    print(f"demo/digit.png (a {test_labels[0]}): {answer}")
    print("curves: demo/curves.png   digits: demo/digits.png   model: demo/digits.safetensors")


def save_picture(pixels: np.ndarray, path: Path) -> None:
    """One digit as a PNG of 128 x 128 pixels."""
    from PIL import Image

    Image.fromarray((pixels * (255 / 16)).astype(np.uint8)).resize((128, 128), Image.Resampling.NEAREST).save(path)


if __name__ == "__main__":
    main()
