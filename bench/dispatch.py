"""The core end to end against its figures: import, recording, replay, kernels beside PyTorch and oneDNN, the demo.

    ./dev bench dispatch              everything but the bare machine
    ./dev bench dispatch --only add   figures whose name contains a text
    ./dev bench dispatch --bare       also: a bare Debian 12 (debootstrap, root) to the demo's result
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import ROOT, Figures, Worker, interleave, ratio

RELEASE = ROOT / "build" / "release"
NS, US, MS = 1e9, 1e6, 1e3
figures = Figures("dispatch")


def import_cost() -> None:
    """Time of `import deepseek` in fresh processes; memory beyond the interpreter's own once it has also computed."""
    program = ("import time\n"
               "def rss(): return int(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1])\n"
               "before = rss()\n"
               "start = time.perf_counter()\n"
               "import deepseek\n"
               "seconds = time.perf_counter() - start\n"
               "deepseek.zeros(1).item()\n"
               "print(seconds, rss() - before)")
    runs = [[float(x) for x in subprocess.check_output([sys.executable, "-c", program], text=True).split()] for _ in range(10)]
    figures.add("import_seconds", min(r[0] for r in runs), "s", 0.3, median=sorted(r[0] for r in runs)[5])
    figures.add("import_memory", max(r[1] for r in runs) / 1024, "MB", 50)


def core_size() -> None:
    """Bytes of the stripped core, lines of its sources without tests."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "core.so"
        shutil.copy(RELEASE / "lib" / "libdeepseek.so", copy)
        subprocess.run(["strip", str(copy)], check=True)
        figures.add("core_stripped", copy.stat().st_size / 1e6, "MB", 1)
    sources = [p for p in (ROOT / "core").rglob("*") if p.suffix in (".h", ".cc") and not p.stem.endswith("_test")]
    figures.add("core_lines", sum(len(p.read_text().splitlines()) for p in sources), "lines", 12000)


def core_costs() -> None:
    """Google Benchmark: recording, replaying, and the same kernel calls with nothing between."""
    command = [str(RELEASE / "bin" / "core_bench"), "--benchmark_format=json", "--benchmark_repetitions=20",
               "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"]
    environment = {**os.environ, "DS_PLUGIN_PATH": str(RELEASE / "lib" / "deepseek" / "plugins")}
    answer = json.loads(subprocess.check_output(command, env=environment, stderr=subprocess.DEVNULL))
    best = {}
    for row in answer["benchmarks"]:
        if row["run_type"] == "iteration":
            name = row["name"].split("/")[0]
            best[name] = min(best.get(name, 1e9), 1 / row["items_per_second"])
    figures.add("kernel_dispatch", (best["replay"] - best["direct"]) * NS, "ns", 5, direct_ns=best["direct"] * NS)
    figures.add("record_node", best["record"] * NS, "ns", 60)
    # The same difference: an instruction of a replay is a kernel reached and nothing else.
    figures.add("replay_instruction", (best["replay"] - best["direct"]) * NS, "ns", 5, with_kernel_ns=best["replay"] * NS)


def python_costs(ours: Worker, torch: Worker) -> None:
    """What one small operation costs from Python."""
    record, chain, chain_torch, single = interleave(
        [(ours, "record"), (ours, "chain"), (torch, "chain"), (ours, "single")])
    figures.add("python_record", record.min * US, "us", 0.6, median=record.median * US)
    figures.add("python_chain", chain.min * US, "us", round(chain_torch.min * US, 3),
                ratio_to_torch=ratio(chain, chain_torch), median=chain.median * US)
    figures.add("python_single", single.min * US, "us", 3, median=single.median * US)


def matmul(ours: Worker, machine: Worker) -> None:
    for n in (256, 1024, 2048):
        own, direct = interleave([(ours, f"matmul{n}"), (machine, f"matmul{n}")], seconds=0.4)
        figures.add(f"matmul_{n}", 100 / ratio(own, direct), "%", 95, at_least=True,
                    gflops=2 * n**3 / own.min / 1e9, onednn_gflops=2 * n**3 / direct.min / 1e9,
                    of_medians=100 * direct.median / own.median)


def bandwidth(ours: Worker, torch: Worker, machine: Worker) -> None:
    size = 3 * (64 << 20) / 1e9
    add, triad = interleave([(ours, "add"), (machine, "triad")], starts=3)
    figures.add("add_64MB", 100 / ratio(add, triad), "%", 90, at_least=True, gb_per_s=size / add.min,
                triad_gb_per_s=size / triad.min, of_medians=100 * triad.median / add.median)
    chain, floor, eager = interleave([(ours, "tanh_chain"), (machine, "read_write"), (torch, "tanh_chain")], starts=3)
    details = {"ms": chain.min * MS, "floor_ms": floor.min * MS, "of_medians": chain.median / floor.median,
               "torch_eager_ms": eager.min * MS}
    try:
        (compiled,) = interleave([(torch, "tanh_chain_compiled")])
        details["torch_compile_ms"] = compiled.min * MS
    except RuntimeError as problem:
        details["torch_compile"] = f"not available: {str(problem)[:120]}"
    figures.add("tanh_chain", ratio(chain, floor), "x", 2.2, **details)


def against_eager(ours: Worker, torch: Worker) -> None:
    for name in ("sum", "mean", "max", "softmax", "layer_norm", "transpose"):
        own, eager = interleave([(ours, name), (torch, name)], starts=3)
        figures.add(f"{name}_vs_eager", ratio(own, eager), "x", 1, ms=own.min * MS, torch_ms=eager.min * MS,
                    of_medians=own.median / eager.median, median_ms=own.median * MS, torch_median_ms=eager.median * MS)


def demo() -> None:
    """Five-fold accuracy, training time, and the same bits from two fresh processes without caches."""
    command = [str(ROOT / ".venv" / "bin" / "python"), "examples/demo.py"]
    environment = {**os.environ, "PYTHONPATH": str(RELEASE / "python")}

    def run(*arguments: str) -> str:
        return subprocess.run([*command, *arguments], cwd=ROOT, env=environment, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    text = run("--folds", "5")
    figures.add("demo_five_folds", float(re.search(r"mean accuracy[^0-9]*([0-9.]+)", text).group(1)), "accuracy", 0.985, at_least=True)
    weights = []
    for _ in range(2):
        text = run()
        weights.append((ROOT / "demo" / "digits.safetensors").read_bytes())
    figures.add("demo_training", float(re.search(r"trained on .* in ([0-9.]+) s", text).group(1)), "s", 60)
    figures.add("demo_same_bits", float(weights[0] == weights[1]), "equal", 1, at_least=True)


def bare() -> None:
    """debootstrap a Debian 12 into a temporary folder, clone, ./dev demo."""
    folder = Path(tempfile.mkdtemp(prefix="ds_bare_"))
    subprocess.run(["debootstrap", "--variant=minbase", "--include=ca-certificates,git", "bookworm", str(folder)], check=True,
                   stdout=subprocess.DEVNULL)
    # Nothing is installed there; how this machine reaches its packages is taken over.
    for source in ("/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt"):
        shutil.copy(source, str(folder) + source)
    shutil.copytree("/etc/apt/apt.conf.d", folder / "etc/apt/apt.conf.d", dirs_exist_ok=True)
    subprocess.run(["git", "clone", "-q", str(ROOT), str(folder / "deepseek")], check=True)
    mounts = [folder / "proc", folder / "dev"]
    subprocess.run(["mount", "-t", "proc", "proc", str(mounts[0])], check=True)
    subprocess.run(["mount", "--bind", "/dev", str(mounts[1])], check=True)
    try:
        start = time.perf_counter()
        done = subprocess.run(["chroot", str(folder), "bash", "/deepseek/dev", "demo"], text=True, stdout=subprocess.PIPE)
        minutes = (time.perf_counter() - start) / 60
        built = re.search(r"build.*ok \((\d+):(\d+)\)", done.stdout)
        if done.returncode or not built:
            raise RuntimeError(f"the demo failed on a bare machine:\n{done.stdout[-2000:]}")
        figures.add("bare_to_result", minutes, "min", 15)
        figures.add("bare_build", int(built.group(1)) + int(built.group(2)) / 60, "min", 8)
    finally:
        for mount in mounts:
            subprocess.run(["umount", str(mount)], check=False)
        if not any(os.path.ismount(mount) for mount in mounts):  # never into this machine's own /dev
            shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="parts whose name contains this text")
    parser.add_argument("--bare", action="store_true", help="measure on a bare Debian 12 as well")
    options = parser.parse_args()
    threads = {"OMP_NUM_THREADS": str(os.cpu_count())}
    ours = Worker("deepseek", [sys.executable, "bench/workloads_deepseek.py"], **threads)
    torch = Worker("torch", [sys.executable, "bench/workloads_torch.py"], **threads)
    machine = Worker("machine", [str(RELEASE / "bin" / "machine_bench")], **threads)
    parts = {"import": import_cost, "size": core_size, "core": core_costs, "python": lambda: python_costs(ours, torch),
             "matmul": lambda: matmul(ours, machine), "bandwidth": lambda: bandwidth(ours, torch, machine),
             "eager": lambda: against_eager(ours, torch), "demo": demo}
    if options.bare:
        parts["bare"] = bare
    for name, part in parts.items():
        if options.only in name:
            part()
    for worker in (ours, torch, machine):
        worker.close()
    figures.write()


if __name__ == "__main__":
    main()
