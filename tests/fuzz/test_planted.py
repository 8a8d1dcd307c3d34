"""Aliasing bugs planted in the engine, as passes and kernels of plugins: programs must tell each from NumPy.

A bug is found by a wrong value or shape, never by another exception. The same programs agree when nothing is planted:
test_views.py runs them.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from test_views import SEED

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("DS_BUILD", HERE.parents[1] / "build/dev"))
MOST = 10000

# What each does is said in plugins/passes.cc and plugins/kernels.cc.
PASSES = ("merges_versions", "drops_covered_writes", "forwards_by_shape", "reads_past_writes", "swaps_writes",
          "joins_as_dense", "plans_half_open", "forgets_views")  # fmt: skip
KERNELS = ("read_ignores_offset", "read_negative_as_positive", "read_zero_stride_as_one", "read_squares_untransposed",
           "read_in_place", "write_backwards", "write_skips_last_row", "write_dense_value", "write_changes_base",
           "write_over_value", "copy_ignores_strides")  # fmt: skip


def hunt(plugin, programs):
    path = BUILD / f"tests/fuzz/{plugin}.so"
    assert path.exists(), f"{path}: build fuzz_plugins"
    done = subprocess.run([sys.executable, HERE / "hunt.py", str(SEED), str(programs), path], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=300)  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    report = json.loads(done.stdout)
    assert not report["errors"], report["errors"][0]
    return report


@pytest.mark.parametrize("bug", PASSES + KERNELS)
def test_planted_bug_is_found(bug):
    found = hunt(bug, MOST)["found"]
    assert found, f"{MOST} programs did not notice {bug}"
    print(f"{bug}: found by program {found}")


@pytest.mark.parametrize("plugin", ("honest_read", "honest_write", "honest_plan"))
def test_no_bug_is_found_where_none_is(plugin):
    report = hunt(plugin, 2000)
    assert not report["found"], report["story"]
