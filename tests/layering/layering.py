"""The shape of the tree, checked: who includes whom, what libraries export, how large things are, headers as C and C++.

    layering.py [--build build/dev] [--cc cc] [--cxx c++] [--junit out.xml]

Standard library only. Prints one line per rule; the exit status is 1 if any is broken.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE_LINES, CORE_BYTES, FILE_LINES = 12_000, 1_000_000, 500
CODE = (".h", ".hpp", ".cc", ".c", ".py", ".rs", ".go", ".jl")
TREES = ("abi", "core", "sdk", "ops", "plugins", "frontends", "tests", "bench", "examples")

# What each folder of core may include, itself aside: everything before it, and of autodiff and run neither the other.
ORDER = ("base", "tensor", "registry", "ir", "record", "autodiff", "run", "api")
BELOW = {name: set(ORDER[:i]) for i, name in enumerate(ORDER)}
BELOW["run"] = BELOW["run"] - {"autodiff"}


def files(*trees):
    for tree in trees:
        for folder, below, names in os.walk(ROOT / tree):
            below[:] = [name for name in below if not name.startswith((".", "__")) and name != "build"]
            for name in sorted(names):
                if name.endswith(CODE):
                    yield pathlib.Path(folder, name)


def includes(path):
    text = path.read_text(errors="replace")
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, flags=re.M)


def is_test(path):
    return path.stem.endswith("_test") or path.stem.startswith("test_") or "tests" in path.relative_to(ROOT).parts


def owner(path):
    """The plugin a file belongs to: ops/math, plugins/kernel/cpu; None elsewhere."""
    parts = path.relative_to(ROOT).parts
    depth = {"ops": 2, "plugins": 3}.get(parts[0])
    return "/".join(parts[:depth]) if depth and len(parts) > depth else None


def core_includes(_):
    """core's folders include only lower ones, and abi"""
    for path in files("core"):
        folder = path.relative_to(ROOT / "core").parts[0]
        for name in includes(path):
            parts = pathlib.PurePosixPath(name).parts
            if parts[0] == "core" and len(parts) > 1 and not is_test(path):
                if parts[1] != folder and parts[1] not in BELOW.get(folder, set(ORDER)):
                    yield f"{path}: core/{folder} may not include {name}"
            elif parts[0] in ("sdk", "ops", "plugins", "frontends") or name.endswith(".hpp") and parts[0] == "deepseek":
                yield f"{path}: core may not include {name}"


def outside_includes(_):
    """plugins, sdk and frontends never include core; plugins never each other; abi only itself"""
    for path in files("abi", "sdk", "ops", "plugins", "frontends", "examples"):
        tree = path.relative_to(ROOT).parts[0]
        mine = owner(path)
        for name in includes(path):
            if name.startswith("core/") or "/core/" in name and name.startswith(".."):
                yield f"{path}: {tree} may not include {name}"
            if tree == "abi" and not name.startswith("deepseek/") and "/" in name:
                yield f"{path}: abi may not include {name}"
            if mine and not is_test(path):
                found = (path.parent / name).resolve()
                theirs = owner(found) if found.is_file() and found.is_relative_to(ROOT) else None
                if theirs and theirs != mine or name.startswith(("ops/", "plugins/")) and not name.startswith(mine + "/"):
                    yield f"{path}: {mine} may not include {name}"


def file_lengths(_):
    """no source file above 500 lines"""
    for path in files(*TREES):
        count = path.read_text(errors="replace").count("\n")
        if count > FILE_LINES:
            yield f"{path}: {count} lines"


def core_length(_):
    """the core stays below 12,000 lines"""
    count = sum(path.read_text().count("\n") for path in files("core") if not is_test(path))
    print(f"    core: {count} lines of {CORE_LINES}")
    if count > CORE_LINES:
        yield f"core has {count} lines"


def exports(library):
    run = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True)
    return {line.split()[2].split("@")[0] for line in run.stdout.splitlines() if len(line.split()) == 3 and line.split()[1] != "A"}


def core_exports(given):
    """libdeepseek.so exports ds_* only"""
    library = given.build / "lib/libdeepseek.so"
    for name in sorted(exports(library)):
        if not name.startswith("ds_"):
            yield f"{library.name} exports {name}"


def plugin_exports(given):
    """a plugin exports its door only, links no core, and has its manifest"""
    for library in sorted(given.build.glob("lib/deepseek/plugins/*.so")):
        if exports(library) != {"ds_plugin_query_v1"}:
            yield f"{library.name} exports {', '.join(sorted(exports(library))) or 'nothing'}"
        dynamic = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
        if "libdeepseek" in dynamic:
            yield f"{library.name} links the core"
        if (given.build / "bin/ds-plugin").exists() and not library.with_suffix(".json").exists():
            yield f"{library.name} has no manifest"


def core_size(given):
    """libdeepseek.so stays below 1 MB, stripped"""
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder, "core.so")
        subprocess.run(["strip", "-o", stripped, given.build / "lib/libdeepseek.so"], check=True)
        size = stripped.stat().st_size
    print(f"    core: {size} bytes stripped of {CORE_BYTES}")
    if size > CORE_BYTES:
        yield f"libdeepseek.so has {size} bytes"


def headers_compile(given):
    """headers of abi compile alone as C11, C17 and C++20"""
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{ROOT / 'abi/include'}"]
    headers = [path for path in files("abi") if path.suffix == ".h"]
    dialects = [(given.cc, "c", "-std=c11"), (given.cc, "c", "-std=c17"), (given.cxx, "c++", "-std=c++20")]
    for compiler, language, standard in dialects:
        for header in headers:
            source = f'#include "{header}"\n' * 2 + "typedef int not_empty;\n"
            run = subprocess.run([compiler, "-x", language, standard, *warnings, "-"], input=source, text=True, capture_output=True)
            if run.returncode:
                yield f"{header} as {standard[5:]}:\n{run.stderr}"


def names_say_something(_):
    """no file or folder is called utils, common, helpers, misc"""
    for path in files(*TREES):
        for part in path.relative_to(ROOT).parts:
            if re.fullmatch(r"(utils?|common|helpers?|misc|stuff)(\.\w+)?", part):
                yield str(path)


SOURCE_RULES = (core_includes, outside_includes, file_lengths, core_length, headers_compile, names_say_something)
BUILD_RULES = (core_exports, plugin_exports)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--build", type=pathlib.Path)
    arguments.add_argument("--cc", default="cc")
    arguments.add_argument("--cxx", default="c++")
    arguments.add_argument("--junit", type=pathlib.Path)
    given = arguments.parse_args()
    rules = SOURCE_RULES
    if given.build and (given.build / "lib/libdeepseek.so").exists():
        sanitized = "libasan" in subprocess.run(["readelf", "-d", given.build / "lib/libdeepseek.so"], capture_output=True,
                                                text=True, check=True).stdout
        rules += BUILD_RULES if sanitized else (*BUILD_RULES, core_size)
    suite, broken = xml.Element("testsuite", name="layering"), 0
    for rule in rules:
        complaints = [line.replace(f"{ROOT}/", "") for line in rule(given)]
        print(f"{'BROKEN' if complaints else 'ok    '}  {rule.__doc__}")
        case = xml.SubElement(suite, "testcase", classname="layering", name=rule.__name__)
        if complaints:
            broken += 1
            print(*(f"        {line}" for line in complaints), sep="\n")
            xml.SubElement(case, "failure", message=complaints[0]).text = "\n".join(complaints)
    if given.junit:
        given.junit.parent.mkdir(parents=True, exist_ok=True)
        xml.ElementTree(suite).write(given.junit)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
