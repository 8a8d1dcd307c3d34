"""The main job, shortened: ./dev demo's program trains, draws, saves, reloads and classifies; same bits every time."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def run(folder, *arguments):
    done = subprocess.run([sys.executable, str(DEMO), *arguments], capture_output=True, text=True, timeout=240, cwd=folder)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    return folder / "demo", run(folder, "--epochs", "6")


def test_accuracy_and_plugins(outcome):
    _, text = outcome
    accuracy, right = re.search(r"test accuracy: (0\.\d{4}) \((\d+) of 360\)", text).groups()
    assert float(accuracy) == round(int(right) / 360, 4) and float(accuracy) > 0.9
    for name in ("device.cpu", "kernel.cpu", "ops.conv", "ops.optim", "pass.fuse", "format.safetensors"):
        assert re.search(rf"plugins at work .*\b{re.escape(name)}\b", text), name


def test_pictures(outcome):
    from PIL import Image

    folder, _ = outcome
    for name, least in (("curves.png", 500), ("digits.png", 1000)):
        with Image.open(folder / name) as picture:
            assert picture.width >= least and len(picture.convert("L").getcolors(256)) > 50, name


def test_saved_model_classifies_the_picture(outcome):
    folder, text = outcome
    label, answer = re.search(r"demo/digit\.png \(a (\d)\): \[\('(\d)'", text).groups()
    program = f"import deepseek as ds; print(ds.vision.classify({str(folder / 'digit.png')!r}, model={str(folder / 'digits.safetensors')!r})[0][0])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == answer == label


def test_two_processes_make_the_same_bits(outcome, tmp_path):
    folder, _ = outcome
    run(tmp_path, "--epochs", "6")
    one, other = (hashlib.sha256((f / "digits.safetensors").read_bytes()).digest() for f in (folder, tmp_path / "demo"))
    assert one == other
