"""The installed tree stands alone: plugins through find_package and pkg-config, programs, the Python wheel."""
import json
import os
import pathlib
import re
import subprocess
import sys
import sysconfig

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACME = ROOT / "tests/install/acme"
BUILD = pathlib.Path(os.environ.get("DS_BUILD", ROOT / "build/dev"))


def run(*command, cwd=None, **environment):
    """Output of a command, shown whole if it fails. Nothing of the checkout is in its environment."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("DS_", "PYTHON"))}
    done = subprocess.run([str(word) for word in command], cwd=cwd, env={**clean, **environment}, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-8000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


@pytest.fixture(scope="module")
def acme(prefix, tmp_path_factory):
    """A project outside of the checkout, built against the installed tree."""
    folder = tmp_path_factory.mktemp("acme")
    run("cmake", "-G", "Ninja", "-S", ACME, "-B", folder, f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder)
    return folder


def is_library(path):
    return re.search(r"\.so(\.\d+)*$", path.name)


def exports(library):
    return [line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines()]


def test_tree(prefix):
    for path in ("include/deepseek/ds.h", "include/deepseek/draft/operator.h", "include/deepseek/plugin.hpp",
                 "lib/libdeepseek.so", "lib/libdeepseek.so.1", "lib/deepseek/plugins", "bin/ds-plugin",
                 "lib/cmake/DeepSeek/DeepSeekConfig.cmake", "share/pkgconfig/deepseek.pc", "share/deepseek/template"):
        assert (prefix / path).exists(), path
    plugins = {path.name for path in (BUILD / "lib/deepseek/plugins").iterdir() if path.suffix in (".so", ".json")}
    assert plugins and plugins == {path.name for path in (prefix / "lib/deepseek/plugins").iterdir()}


def test_nothing_points_back(prefix):
    """No run path leads out of the prefix."""
    for library in [*filter(is_library, prefix.glob("lib/**/*.so*")), *prefix.glob("bin/*")]:
        for line in run("readelf", "-d", library).splitlines():
            if "RPATH" in line or "RUNPATH" in line:
                paths = line.split("[")[1].rstrip("]").split(":")
                assert all(path.startswith("$ORIGIN") for path in paths), f"{library}: {line}"


@pytest.mark.parametrize("name", ["acme.door", "acme.cxx"])
def test_find_package(acme, name):
    library = acme / f"{name}.so"
    assert exports(library) == ["ds_plugin_query_v1"]
    assert json.loads(library.with_suffix(".json").read_text())["name"] == name
    assert name in run(acme / "load", library, name)


def test_pkg_config(prefix, acme, tmp_path):
    """One command builds a plugin, another a program."""
    environment = {"PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")}
    run("sh", "-c", f"g++ $(pkg-config --variable=plugin deepseek) -DDS_PLUGIN_NAME='\"acme.one\"' {ACME}/cxx.cc -o acme.one.so",
        cwd=tmp_path, **environment)
    run("sh", "-c", f"cc {ACME}/load.c $(pkg-config --cflags --libs deepseek) -o load", cwd=tmp_path, **environment)
    assert exports(tmp_path / "acme.one.so") == ["ds_plugin_query_v1"]
    assert "acme.one" in run(tmp_path / "load", tmp_path / "acme.one.so", "acme.one", LD_LIBRARY_PATH=str(prefix / "lib"))


def test_plugins_of_the_prefix_load(prefix):
    listing = run(prefix / "bin/ds-plugin", "list")
    for path in (prefix / "lib/deepseek/plugins").glob("*.so"):
        assert path.stem in listing


PROGRAM = """
import deepseek as ds
from deepseek import nn, optim

ds.manual_seed(1)
x = ds.randn(64, 1, 8, 8)
y = (x.mean((1, 2, 3)) > 0).astype("int64")
model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2))
optimizer = optim.Adam(model.parameters(), lr=0.01)
losses = []
for _ in range(30):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(float(loss))
ds.save(model, "model.safetensors")
again = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(256, 2))
again.load_state_dict(ds.load("model.safetensors"))
print(ds.__file__)
print(losses[-1] < losses[0] / 2 and again(x).tolist() == model(x).tolist())
print(*(row["name"] for row in ds.plugins()))
"""


def test_wheel(tmp_path):
    """The wheel, in a fresh environment and outside of the checkout, computes with its own plugins."""
    # Compiler and flags of the dev preset, so that the compiler cache has seen every file.
    settings = ["cmake.build-type=Debug", "cmake.define.DS_WERROR=ON", "cmake.define.CMAKE_CXX_FLAGS_DEBUG=-O1 -g1",
                "cmake.define.CMAKE_C_FLAGS_DEBUG=-O1 -g1"]
    run(sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", tmp_path,
        *(f"--config-settings={setting}" for setting in settings), ROOT, CC="cc", CXX="c++")
    (wheel,) = tmp_path.glob("deepseek-*.whl")
    assert "-cp311-abi3-" in wheel.name
    run("/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh/bin/python"
    run(python, "-m", "pip", "install", "--no-index", "--no-deps", wheel)
    # cffi and numpy come from the environment that runs this test: no network here.
    site = pathlib.Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    output = run(python, "-c", PROGRAM, cwd=tmp_path).splitlines()
    assert output[0].startswith(str(tmp_path)) and output[1] == "True"
    assert set(output[2].split()) == {path.stem for path in (BUILD / "lib/deepseek/plugins").glob("*.so")}
    vendor = set((site / "deepseek").rglob("vendor/*"))
    libraries = set(filter(is_library, vendor))
    assert libraries and all(path.with_name(f"{path.name}.LICENSE") in vendor for path in libraries), "with their licences"
