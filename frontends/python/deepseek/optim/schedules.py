"""Learning rates over time: call `step()` after the optimizer's."""

from __future__ import annotations

import math


class Schedule:
    """Sets the learning rate of every parameter group; `rate(step, base)` is what subclasses write."""

    def __init__(self, optimizer) -> None:
        self.optimizer = optimizer
        self.base = [group["lr"] for group in optimizer.groups]
        self.count = 0
        self._apply()

    def rate(self, step: int, base: float) -> float:
        """The learning rate of a step."""
        raise NotImplementedError

    def _apply(self) -> None:
        for group, base in zip(self.optimizer.groups, self.base):
            group["lr"] = self.rate(self.count, base)

    def step(self) -> None:
        """Goes on by one step."""
        self.count += 1
        self._apply()

    def get_last_lr(self) -> list[float]:
        """The current learning rates."""
        return [group["lr"] for group in self.optimizer.groups]

    def state_dict(self) -> dict:
        """What `load_state_dict` needs to go on."""
        return {"count": self.count, "base": list(self.base)}

    def load_state_dict(self, state: dict) -> None:
        """Goes on from a saved state."""
        self.count, self.base = state["count"], list(state["base"])
        self._apply()


class StepLR(Schedule):
    """Times gamma every step_size steps."""

    def __init__(self, optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        return base * self.gamma ** (step // self.step_size)


class CosineAnnealingLR(Schedule):
    """From the base rate down to eta_min along half a cosine in T_max steps."""

    def __init__(self, optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        return self.eta_min + (base - self.eta_min) * (1 + math.cos(math.pi * step / self.T_max)) / 2


class OneCycleLR(Schedule):
    """Up to max_lr and down to nearly nothing, both along half a cosine (Smith and Topin, 2019)."""

    def __init__(self, optimizer, max_lr: float, total_steps: int, pct_start: float = 0.3, div_factor: float = 25.0,
                 final_div_factor: float = 1e4) -> None:  # fmt: skip
        self.max_lr, self.total, self.up = max_lr, total_steps, pct_start * total_steps
        self.first = max_lr / div_factor
        self.last = self.first / final_div_factor
        super().__init__(optimizer)

    def rate(self, step: int, base: float) -> float:
        if step <= self.up:
            low, part = self.first, (step / self.up if self.up else 1.0)
        else:
            low, part = self.last, max(0.0, (self.total - step) / (self.total - self.up))
        return low + (self.max_lr - low) * (1 - math.cos(math.pi * part)) / 2
