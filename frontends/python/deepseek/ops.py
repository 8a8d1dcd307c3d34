"""Every registered operator by its name: `deepseek.ops.matmul`, `deepseek.ops.acme.softclip` (plugins included)."""

from __future__ import annotations

from . import operators as _operators


class Namespace:
    """Operators below a dotted prefix."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __getattr__(self, name: str):
        return _lookup(self._prefix + name)

    def __dir__(self) -> list[str]:
        return _names(self._prefix)

    def __repr__(self) -> str:
        return f"<operators {self._prefix}*: {' '.join(_names(self._prefix))}>"


def _names(prefix: str) -> list[str]:
    inside = (name[len(prefix) :] for name in _operators.names() if name.startswith(prefix))
    return sorted({name.partition(".")[0] for name in inside})


def _lookup(name: str):
    op = _operators.find(name)
    if op is not None:
        return op
    if any(entry.startswith(name + ".") for entry in _operators.names()):
        return Namespace(name + ".")
    return _operators.get(name)


def __getattr__(name: str):
    if name.startswith("__"):
        raise AttributeError(name)
    return _lookup(name)


def __dir__() -> list[str]:
    return _names("")
