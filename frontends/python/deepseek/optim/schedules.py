"""Learning rates over time: call `step()` after the optimizer's."""

from __future__ import annotations

import math
import numbers
import operator
from typing import TYPE_CHECKING, Any

from .. import errors

if TYPE_CHECKING:
    from .optimizers import Optimizer


def _count(owner: str, name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise errors.ArgumentError(f"{owner}: {name} must be a positive integer, not {value!r}")
    return number


def _finite(owner: str, name: str, value: Any, positive: bool = False) -> float:
    if not isinstance(value, numbers.Real) or not math.isfinite(value) or value < 0 or (positive and not value):
        wanted = "positive" if positive else "not negative"
        raise errors.ArgumentError(f"{owner}: {name} must be a finite number that is {wanted}, not {value!r}")
    return value


class Schedule:
    """Sets the learning rate of every parameter group, at once and with each `step()`.

    `rate(step, base)` is what subclasses write, base the group's rate when the schedule was made. DTypeError (a
    TypeError) for something else than an optimizer, KeyError if its groups have no "lr".
    """

    def __init__(self, optimizer: Optimizer) -> None:
        if not hasattr(optimizer, "groups"):
            raise errors.DTypeError(f"{type(self).__name__}: an optimizer is needed, not {optimizer!r:.80}")
        self.optimizer = optimizer
        self.base = [group["lr"] for group in optimizer.groups]
        self.count = 0
        self._apply()

    def rate(self, step: int, base: float) -> float:
        """The learning rate of a step, counted from 0; to be written by subclasses. NotImplementedError here."""
        raise NotImplementedError

    def _apply(self) -> None:
        for group, base in zip(self.optimizer.groups, self.base):
            group["lr"] = self.rate(self.count, base)

    def step(self) -> None:
        """Goes on by one step: call it after the optimizer's."""
        self.count += 1
        self._apply()

    def get_last_lr(self) -> list[float]:
        """The current learning rates, one per group."""
        return [group["lr"] for group in self.optimizer.groups]

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on: the count of steps and the base rates."""
        return {"count": self.count, "base": list(self.base)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from what `state_dict` answered. KeyError if it is something else, ArgumentError if it has rates of
        more or fewer groups; then nothing is changed.
        """
        count, base = int(state["count"]), [float(rate) for rate in state["base"]]
        if len(base) != len(self.optimizer.groups):
            raise errors.ArgumentError(f"{type(self).__name__}: the state has base rates of {len(base)} groups, the "
                                       f"optimizer {len(self.optimizer.groups)}")  # fmt: skip
        self.count, self.base = count, base
        self._apply()


class StepLR(Schedule):
    """The base rate times gamma every step_size steps. ArgumentError unless step_size is a positive integer and gamma
    a number that is not negative.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = _count("StepLR", "step_size", step_size), _finite("StepLR", "gamma", gamma)
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """base * gamma ** (step // step_size). TypeError unless they are numbers."""
        return base * self.gamma ** (step // self.step_size)


class CosineAnnealingLR(Schedule):
    """From the base rate down to eta_min along half a cosine in T_max steps (Loshchilov and Hutter, 2016).

    ArgumentError unless T_max is a positive integer and eta_min not negative.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max = _count("CosineAnnealingLR", "T_max", T_max)
        self.eta_min = _finite("CosineAnnealingLR", "eta_min", eta_min)
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """eta_min + (base - eta_min) * (1 + cos(pi * step / T_max)) / 2. TypeError unless numbers."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / self.T_max)) / 2


class OneCycleLR(Schedule):
    """From max_lr / div_factor up to max_lr in pct_start of total_steps, then down to the first rate /
    final_div_factor, both along half a cosine (Smith and Topin, 2019). ArgumentError unless total_steps is a positive
    integer, pct_start in 0 .. 1, and the others are positive.
    """

    def __init__(self, optimizer: Optimizer, max_lr: float, total_steps: int, pct_start: float = 0.3,
                 div_factor: float = 25.0, final_div_factor: float = 1e4) -> None:  # fmt: skip
        if _finite("OneCycleLR", "pct_start", pct_start) > 1:
            raise errors.ArgumentError(f"OneCycleLR: pct_start must be in 0 .. 1, not {pct_start!r}")
        for name, value in (("max_lr", max_lr), ("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            _finite("OneCycleLR", name, value, positive=True)
        self.max_lr, self.total = max_lr, _count("OneCycleLR", "total_steps", total_steps)
        self.up = pct_start * self.total
        self.first = max_lr / div_factor
        self.last = self.first / final_div_factor
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """The rate of a step of total_steps, whatever the base; stays at the last one afterwards. TypeError unless
        step is a number.
        """
        if step <= self.up:
            low, part = self.first, (step / self.up if self.up else 1.0)
        else:
            low, part = self.last, max(0.0, (self.total - step) / (self.total - self.up or 1.0))
        return low + (self.max_lr - low) * (1 - math.cos(math.pi * part)) / 2
