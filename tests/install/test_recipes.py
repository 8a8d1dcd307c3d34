"""The recipes of CONTRIBUTING.md, built against the installed tree and checked as any foreign plugin is."""
import re
import shlex
import subprocess

import pytest
from test_install import BUILD, ROOT, run

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
SOURCES = dict(re.findall(r"^`(\S+\.cc)`\n\n```cpp\n(.*?)^```", TEXT, flags=re.M | re.S))
SCRIPTS = re.findall(r"^```sh\n(.*?)^```", TEXT, flags=re.M | re.S)


def build(folder, name, *sources):
    """One .so from sources, with the flags that the build folder's package hands to everybody."""
    include, door = BUILD / "include", BUILD / "lib/cmake/DeepSeek/plugin.map"
    flags = "-std=c++20 -O1 -shared -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique"
    library = folder / f"{name}.so"
    run("c++", *shlex.split(flags), f"-I{include}", f"-Wl,--version-script={door}", f'-DDS_PLUGIN_NAME="{name}"',
        *sources, "-o", library)
    library.with_suffix(".json").write_text(run(BUILD / "bin/ds-plugin", "manifest", library))
    return library


@pytest.mark.parametrize("path", SOURCES)
def test_source(path, tmp_path):
    (tmp_path / "recipe.cc").write_text(SOURCES[path])
    library = build(tmp_path, "acme.recipe", tmp_path / "recipe.cc")
    assert "passed" in run(BUILD / "bin/ds-plugin", "check", library)


def test_device(tmp_path):
    (script,) = SCRIPTS
    (tmp_path / "plugins").mkdir()
    subprocess.run(["cp", "-r", ROOT / "plugins/device", tmp_path / "plugins/device"], check=True)
    run("sh", "-ec", script, cwd=tmp_path)
    folder = tmp_path / "plugins/device/acme"
    assert 3 <= len(list(folder.iterdir())) <= 8
    library = build(tmp_path, "device.acme", *folder.glob("*.cc"))
    assert "acme" in run(BUILD / "bin/ds-plugin", "info", library)
