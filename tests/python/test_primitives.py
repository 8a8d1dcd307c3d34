"""abi/primitives.md names every primitive there is, and nothing else."""

import re
from pathlib import Path

import pytest

import deepseek as ds
from deepseek import operators

PAGE = Path(__file__).parents[2] / "abi" / "primitives.md"


def test_the_page_is_complete():
    text = PAGE.read_text()
    table = text[text.index("## Primitives") : text.index("Composites, whose")]
    listed = {name for row in table.splitlines() if row.startswith("| ") for name in re.findall(r"`(\w+)`", row.split("|")[2])}
    composites = set(re.findall(r"`(\w+)`", text.split("`decompose`: ")[1]))
    primitives, decomposed = set(), set()
    for name in operators.names():
        about = operators.get(name)
        kind, traits = about.info("class")[0], about.info("traits")[0].split()
        if not about.info("plugin")[0].startswith("ops."):
            continue
        if "composite" in traits:
            decomposed.add(name)
        elif kind != "view" and (kind != "elementwise" or name == "map"):
            primitives.add(name)
    elementwise_rows = {"sgd_step", "sgd_momentum_step", "adam_update"}
    assert listed - elementwise_rows == primitives - elementwise_rows
    assert composites == decomposed
