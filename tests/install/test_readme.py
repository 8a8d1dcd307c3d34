"""What the README shows: its Python session, its C program against the installed tree, its commands and pictures."""
import ast
import re
import subprocess
import sys

import pytest
from test_install import BUILD, ROOT, prefix, run  # noqa: F401  prefix is a fixture

TEXT = (ROOT / "README.md").read_text()


def block(language, containing):
    (found,) = [text for text in re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S) if containing in text]
    return found


def said(line, scope):
    """What an interactive session prints for a line; of an exception its last line."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            for node in ast.parse(line).body:
                expression = isinstance(node, ast.Expr)
                made = ast.Interactive([node])
                exec(compile(made if expression else ast.Module([node], []), "readme.py", "single" if expression else "exec"), scope)
        except Exception as error:
            out.write(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return out.getvalue().strip()


def test_python_session():
    program = ("import sys; sys.path.insert(0, sys.argv[1]); import test_readme\n"
               "scope, wrong = {}, []\n"
               "for line, expected in test_readme.session():\n"
               "    got = test_readme.said(line, scope)\n"
               "    if got != expected: wrong.append((line, got, expected))\n"
               "assert not wrong, wrong\n")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", program, str(ROOT / "tests/install")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def session():
    """Pairs of an input line and what follows it."""
    pairs = []
    for line in block("python", ">>> ").splitlines():
        if line.startswith(">>> "):
            pairs.append([line[4:], []])
        else:
            pairs[-1][1].append(line)
    assert len(pairs) >= 6
    return [(line, "\n".join(expected).strip()) for line, expected in pairs]


def test_c_program(prefix, tmp_path):  # noqa: F811
    (tmp_path / "four.c").write_text(block("c", "ds_tensor_item"))
    environment = {"PKG_CONFIG_PATH": str(prefix / "share/pkgconfig"), "LD_LIBRARY_PATH": str(prefix / "lib")}
    run("sh", "-c", "cc -std=c11 -Wall -Wextra -Werror four.c $(pkg-config --cflags --libs deepseek) -o four", cwd=tmp_path, **environment)
    assert run(tmp_path / "four", **environment).strip() == "4"


@pytest.mark.parametrize("picture", re.findall(r'<img src="([^"]+)"', TEXT))
def test_pictures_are_there(picture):
    assert (ROOT / picture).read_bytes().startswith(b"\x89PNG")


def test_verbs_are_those_of_dev():
    listed = re.search(r"`./dev` alone lists the rest: (.*?)\.\n", TEXT, re.S).group(1)
    usage = subprocess.run(["bash", str(ROOT / "dev")], capture_output=True, text=True, check=True).stdout
    for verb in [*re.findall(r"`([a-z]+)", listed), "demo", "test"]:
        assert f"./dev {verb}" in usage, verb
    assert BUILD.exists()
