"""Learning rates over time: call `step()` after the optimizer's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .optimizers import Optimizer


class Schedule:
    """Sets the learning rate of every parameter group, at once and with each `step()`.

    `rate(step, base)` is what subclasses write, base the group's rate when the schedule was made. KeyError if the
    optimizer's groups have no "lr".
    """

    def __init__(self, optimizer: Optimizer) -> None:
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
        """Goes on from what `state_dict` answered. KeyError if it is something else."""
        self.count, self.base = state["count"], list(state["base"])
        self._apply()


class StepLR(Schedule):
    """The base rate times gamma every step_size steps. ZeroDivisionError if step_size is 0."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """base * gamma ** (step // step_size). ZeroDivisionError if step_size is 0."""
        return base * self.gamma ** (step // self.step_size)


class CosineAnnealingLR(Schedule):
    """From the base rate down to eta_min along half a cosine in T_max steps (Loshchilov and Hutter, 2016).

    ZeroDivisionError if T_max is 0.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """eta_min + (base - eta_min) * (1 + cos(pi * step / T_max)) / 2. ZeroDivisionError if T_max is 0."""
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / self.T_max)) / 2


class OneCycleLR(Schedule):
    """From max_lr / div_factor up to max_lr in pct_start of total_steps, then down to the first rate /
    final_div_factor, both along half a cosine (Smith and Topin, 2019). ZeroDivisionError if a divisor is 0.
    """

    def __init__(self, optimizer: Optimizer, max_lr: float, total_steps: int, pct_start: float = 0.3,
                 div_factor: float = 25.0, final_div_factor: float = 1e4) -> None:  # fmt: skip
        self.max_lr, self.total, self.up = max_lr, total_steps, pct_start * total_steps
        self.first = max_lr / div_factor
        self.last = self.first / final_div_factor
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        """The rate of a step of total_steps, whatever the base; stays at the last one afterwards. ZeroDivisionError if
        total_steps is 0.
        """
        if step <= self.up:
            low, part = self.first, (step / self.up if self.up else 1.0)
        else:
            low, part = self.last, max(0.0, (self.total - step) / (self.total - self.up))
        return low + (self.max_lr - low) * (1 - math.cos(math.pi * part)) / 2
