"""What every benchmark shares: lines `FIGURE name value unit goal PASS|SHORT`, results as JSON, interleaved workers."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def machine() -> dict:
    """Model, cores, memory and kernel of this machine, versions of what is compared."""
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = next(int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    versions = {}
    for package in ("torch", "numpy", "onnxruntime", "cffi"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            pass
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory / 2**20, 1), "kernel": platform.release(),
            "python": platform.python_version(), "versions": versions}


class Figures:
    """Collects the figures of one benchmark; prints each at once, writes bench/results/NAME.json at the end. A run of some
    parts replaces their figures only; each says when it was measured."""

    def __init__(self, name: str) -> None:
        self.name, self.rows = name, []
        self.time = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

    def add(self, name: str, value: float, unit: str, goal: float, *, at_least: bool = False, **details) -> bool:
        """One figure held to `goal`: at most, or at_least. details go to the JSON (peers' numbers, medians)."""
        good = value >= goal if at_least else value <= goal
        sign = ">=" if at_least else "<="
        print(f"FIGURE {name} {value:.4g} {unit} {sign}{goal:g} {'PASS' if good else 'SHORT'}", flush=True)
        for key, detail in details.items():
            print(f"       {key}: {detail:.4g}" if isinstance(detail, float) else f"       {key}: {detail}", flush=True)
        self.rows.append({"name": name, "value": value, "unit": unit, "goal": sign + f"{goal:g}", "pass": good, **details})
        return good

    def write(self) -> Path:
        """Writes what was collected. Returns the file."""
        path = ROOT / "bench" / "results" / f"{self.name}.json"
        path.parent.mkdir(exist_ok=True)
        now = {row["name"]: {**row, "time": self.time} for row in self.rows}
        before = json.loads(path.read_text())["figures"] if path.exists() else []
        kept = [now.pop(row["name"], row) for row in before]
        path.write_text(json.dumps({"machine": machine(), "figures": kept + list(now.values())}, indent=1) + "\n")
        short = [row["name"] for row in self.rows if not row["pass"]]
        print(f"{len(self.rows) - len(short)} of {len(self.rows)} figures pass" + (f"; short: {', '.join(short)}" if short else ""))
        print(f"written to {path.relative_to(ROOT)}")
        return path


class Worker:
    """A process of its own that times workloads on request: one line `NAME SECONDS` in, one JSON list of seconds out."""

    def __init__(self, name: str, command: list[str], **environment: str) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **self.environment}, cwd=ROOT)

    def restart(self) -> None:
        """A fresh process: its pages lie elsewhere, which decides how much of a large array the caches keep."""
        self.close()
        self.start()

    def run(self, workload: str, seconds: float) -> list[float]:
        """Times of single calls, in seconds. Fails: RuntimeError with what the worker said."""
        self.process.stdin.write(f"{workload} {seconds}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"worker {self.name} ended at {workload}")
        answer = json.loads(line)
        if isinstance(answer, dict):
            raise RuntimeError(f"worker {self.name}, {workload}: {answer['error']}")
        return answer

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


def serve(workloads: dict) -> None:
    """The worker's side. workloads: name -> function that sets up and returns the function to time, or (function, calls)
    where one call does `calls` operations."""
    ready = {}
    for line in sys.stdin:
        name, seconds = line.split()
        try:
            if name not in ready:
                made = workloads[name]()
                ready[name] = made if isinstance(made, tuple) else (made, 1)
                for _ in range(3):
                    ready[name][0]()
            function, calls = ready[name]
            times, end = [], time.perf_counter() + float(seconds)
            while len(times) < 3 or time.perf_counter() < end:
                start = time.perf_counter()
                function()
                times.append((time.perf_counter() - start) / calls)
            answer = times
        except Exception as problem:  # the other side decides what a missing workload means
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        sys.__stdout__.write(json.dumps(answer) + "\n")
        sys.__stdout__.flush()


class Times:
    """Seconds of one workload: what the machine can do (min), with its noise (median), and the minimum of every round."""

    def __init__(self) -> None:
        self.all: list[float] = []
        self.rounds: list[float] = []

    def add(self, times: list[float]) -> None:
        self.all += times
        self.rounds.append(min(times))

    min = property(lambda self: min(self.all))
    median = property(lambda self: statistics.median(self.all))


def ratio(a: Times, b: Times) -> float:
    """How many times longer a takes than b: the median over the rounds, each of which had a and b side by side. Where
    neighbours halve the machine's bandwidth for seconds, two minima may be of different machines; two halves of a round
    seldom are."""
    return statistics.median(x / y for x, y in zip(a.rounds, b.rounds, strict=True))


def interleave(pairs: list[tuple[Worker, str]], rounds: int = 10, seconds: float = 0.3, starts: int = 1) -> list[Times]:
    """ABAB: every workload `rounds` times in turn, for `seconds` each. starts: generations of fresh processes, because one
    process is luckier than another with where its pages lie."""
    times = [Times() for _ in pairs]
    for start in range(starts):
        for worker in {worker for worker, _ in pairs} if starts > 1 else ():
            worker.restart()
        for worker, workload in pairs:
            worker.run(workload, 0.01)  # set up, unmeasured
        for _ in range(rounds):
            for slot, (worker, workload) in zip(times, pairs):
                slot.add(worker.run(workload, seconds))
    return times
