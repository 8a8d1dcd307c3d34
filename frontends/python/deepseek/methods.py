"""Which of the package's functions are methods of Tensor too; found when first asked for."""

from __future__ import annotations

from typing import Any, Callable

from . import functions, sugar

_FUNCTIONS = frozenset(
    """sum prod mean max min argmax argmin any all var std cumsum logsumexp clip take repeat nonzero dot trace diagonal
    norm flip roll ptp tile expand_dims broadcast_to swapaxes moveaxis tril triu sort argsort topk argwhere
    count_nonzero gather equal not_equal less less_equal greater greater_equal pow power float_power left_shift
    right_shift bitwise_left_shift bitwise_right_shift fabs reciprocal round""".split()
)


def names() -> list[str]:
    """All names `find` answers."""
    return sorted({*_FUNCTIONS, *sugar.SAME, *sugar.ALIASES})


def find(name: str) -> Callable[..., Any] | None:
    """A function whose first argument is the tensor, or None."""
    if name in _FUNCTIONS:
        return functions.TABLE[name]
    operator = sugar.public(name)
    return None if operator is None else _method(name, operator)


def _method(name: str, operator: Any) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return operator(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"deepseek.{name} of this tensor: {operator.__doc__}"
    method.__signature__ = operator.__signature__  # type: ignore[attr-defined]
    return method
