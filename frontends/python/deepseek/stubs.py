"""Type stubs of the registered operators: `python -m deepseek.stubs deepseek/ops.pyi`, run by the build."""

from __future__ import annotations

import sys
from pathlib import Path

from . import operators

HEAD = '''"""Registered operators, written by the build from their schemas."""
from typing import Any, Sequence
from .tensors import Tensor

TensorLike = Any
DTypeLike = Any

'''


def stub() -> str:
    """The text of ops.pyi. Operators with dots in their names are reached through Any."""
    lines, spaces = [], set()
    for name in operators.names():
        if "." in name:
            spaces.add(name.partition(".")[0])
            continue
        op = operators.get(name)
        summary = " ".join(op.info("summary")).replace("\\", "\\\\").replace('"""', "'''")
        lines.append(f'def {name}{operators.signature(op.schema)}:\n    """{summary}"""\n')
    return HEAD + "\n".join(lines) + "".join(f"\n{space}: Any" for space in sorted(spaces)) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(stub(), encoding="utf-8")
