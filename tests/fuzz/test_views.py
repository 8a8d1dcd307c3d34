"""Random programs of views and in-place writes, each run in NumPy too: every array must agree after every look.

DS_FUZZ_SEED and DS_FUZZ_PROGRAMS choose other programs; a failure prints its seed and its program.
"""

import os

import pytest

import programs

PROGRAMS = int(os.environ.get("DS_FUZZ_PROGRAMS", "20000"))
SEED = int(os.environ.get("DS_FUZZ_SEED", "20260101"))
BATCHES = 20


@pytest.mark.parametrize("batch", range(BATCHES))
def test_views_and_writes(batch):
    for n in range(SEED + batch * PROGRAMS // BATCHES, SEED + (batch + 1) * PROGRAMS // BATCHES):
        # Some run again with other numbers: what was compiled is replayed.
        for turn in range(2 if n % 5 == 0 else 1):
            failed = programs.failure(n, turn)
            assert failed is None, failed[1]
