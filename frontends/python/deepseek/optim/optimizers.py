"""Optimizers: one call of a step operator per parameter; learning rate and step count are runtime values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Iterable, Mapping

from .. import _native, autograd, creation, errors
from ..sugar import use

if TYPE_CHECKING:
    from ..tensors import Tensor

    Parameters = Iterable[Tensor] | Iterable[dict[str, Any]]


def _number(owner: str, name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise errors.ArgumentError(f"{owner}: {name} must be a number, not {value!r}") from None
    if not (math.isfinite(number) and number >= 0):
        raise errors.ArgumentError(f"{owner}: {name} must be finite and not negative, not {value!r}")
    return number


class Optimizer:
    """Base: parameters in `groups` (dicts with "params" and settings such as "lr"), state by parameter.

    parameters: tensors, or such dicts, whose settings go before the defaults. ArgumentError (a ValueError) if there are
    none, one comes twice or was computed, or a setting is unknown or out of range; DTypeError (a TypeError) if one is
    no floating tensor, or if they are one tensor.
    """

    # Names of a parameter's state tensors, all of its shape; None: not known, as in subclasses that do not say.
    slots: tuple[str, ...] | None = None

    def __init__(self, parameters: Parameters, **defaults: Any) -> None:
        self.defaults = defaults
        self.groups: list[dict[str, Any]] = []
        self.state: dict[int, dict[str, Any]] = {}
        self.steps = 0
        if isinstance(parameters, _native.Tensor):
            raise errors.DTypeError(f"{self._name}: parameters is one tensor of shape {list(parameters.shape)}; put it "
                                    "in a list")  # fmt: skip
        if isinstance(parameters, Mapping) or not hasattr(parameters, "__iter__"):
            raise errors.DTypeError(f"{self._name}: parameters must be tensors or dicts with \"params\", in a list, "
                                    f"not {parameters!r:.80}")  # fmt: skip
        listed = list(parameters)
        if not any(isinstance(entry, Mapping) for entry in listed):
            listed = [{"params": listed}]
        groups: list[dict[str, Any]] = []
        for group in listed:
            groups.append(self._group(group, groups))
        if not any(group["params"] for group in groups):
            raise errors.ArgumentError(f"{self._name}: an optimizer needs parameters, there are none")
        self.groups = groups

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _group(self, group: Any, others: list[dict[str, Any]]) -> dict[str, Any]:
        """A checked copy of a group that is to stand beside others."""
        if not isinstance(group, Mapping) or "params" not in group:
            raise errors.DTypeError(f"{self._name}: a group is a dict with \"params\", not {group!r:.80}")
        unknown = sorted(str(key) for key in group if key != "params" and key not in self.defaults)
        if unknown:
            raise errors.ArgumentError(f"{self._name}: no setting is called {', '.join(unknown)}; there are: "
                                       f"{', '.join(self.defaults)}")  # fmt: skip
        parameters = group["params"]
        parameters = [parameters] if isinstance(parameters, _native.Tensor) else list(parameters)
        known = {id(parameter) for other in others for parameter in other["params"]}
        for i, parameter in enumerate(parameters):
            if not isinstance(parameter, _native.Tensor):
                raise errors.DTypeError(f"{self._name}: parameter {i} must be a tensor, not {parameter!r:.80}")
            what = f"{self._name}: parameter {i} of shape {list(parameter.shape)}"
            if parameter.dtype.kind != "f":
                raise errors.DTypeError(f"{what} must have a floating dtype, not {parameter.dtype}")
            if not parameter.is_leaf:
                raise errors.ArgumentError(f"{what} was computed; an optimizer changes tensors that were made")
            if id(parameter) in known:
                raise errors.ArgumentError(f"{what} is there twice")
            known.add(id(parameter))
        made = {**self.defaults, **group, "params": parameters}
        self.check(made)
        return made

    def check(self, group: dict[str, Any]) -> None:
        """Checks a group's settings. ArgumentError if one is out of range; subclasses check theirs as well."""
        for name in ("lr", "weight_decay", "momentum", "eps"):
            if name in group:
                _number(self._name, name, group[name])

    def needs(self, group: dict[str, Any]) -> tuple[str, ...]:
        """Which of `slots` the parameters of a group have. KeyError if the group lacks a setting."""
        return self.slots or ()

    def add_param_group(self, group: dict[str, Any]) -> None:
        """Adds a group: a dict with "params" and settings. Errors (ArgumentError, DTypeError) as for the first ones."""
        self.groups.append(self._group(group, self.groups))

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """PyTorch's name for `groups`."""
        return self.groups

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Changes one parameter in place by a gradient of its shape; to be written by subclasses.

        state: its own, kept between steps, "step" counts those of this parameter from 1; group: its settings.
        NotImplementedError here.
        """
        raise NotImplementedError

    def step(self) -> None:
        """Changes every parameter that has a gradient, in place; outside of gradients. ShapeError, DTypeError."""
        self.steps += 1
        with autograd.no_grad():
            for group in self.groups:
                for parameter in group["params"]:
                    gradient = parameter.grad
                    if gradient is None:
                        continue
                    state = self.state.setdefault(id(parameter), {})
                    state["step"] = state.get("step", 0) + 1
                    for key in self.needs(group):
                        # Also after Module.to changed the parameter.
                        if key not in state:
                            state[key] = creation.zeros_like(parameter, device=parameter.device)
                        elif state[key].dtype is not parameter.dtype or state[key].device != parameter.device:
                            state[key] = state[key].to(parameter.dtype).to(parameter.device)
                    self.update(parameter, gradient, state, group)

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for group in self.groups:
            for parameter in group["params"]:
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Step count, settings and state to be saved: {"steps": n, "groups": [{"lr": ..}, ..], "state": {"0.step": n,
        "0.mean": tensor, ..}}; parameters are numbered in order. `deepseek.save` writes it, see `load_state_dict`.
        """
        order = [parameter for group in self.groups for parameter in group["params"]]
        settings = [{key: value for key, value in group.items() if key != "params"} for group in self.groups]
        tensors = {f"{i}.{key}": value for i, p in enumerate(order) for key, value in self.state.get(id(p), {}).items()}
        return {"steps": self.steps, "groups": settings, "state": tensors}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on from a saved state of an optimizer with as many parameters in the same order, copying its tensors.

        state: what `state_dict` answered, or the same as `deepseek.load` reads it back, with names such as
        "groups.0.lr" and "state.0.mean". Nothing is changed on failure: NotFoundError (a KeyError) if a part is
        missing, ArgumentError if groups or settings differ, OutOfRangeError (an IndexError) for a parameter that is not
        there, ShapeError for a state of another shape.
        """
        steps, groups, entries = self._parts(state)
        if len(groups) != len(self.groups):
            raise errors.ArgumentError(f"{self._name}: the state has {len(groups)} groups, the optimizer "
                                       f"{len(self.groups)}")  # fmt: skip
        settings = []
        for own, saved in zip(self.groups, groups):
            unknown = sorted(str(key) for key in saved if key not in self.defaults)
            if unknown:
                raise errors.ArgumentError(f"{self._name}: the state has settings that are not this optimizer's: "
                                           f"{', '.join(unknown)}")  # fmt: skip
            settings.append({key: _setting(own[key], value) for key, value in saved.items()})
            self.check({**own, **settings[-1]})
        order = [parameter for group in self.groups for parameter in group["params"]]
        settled = [{**group, **found} for group, found in zip(self.groups, settings) for _ in group["params"]]
        loaded: dict[int, dict[str, Any]] = {}
        for name, value in entries.items():
            number, _, key = name.partition(".")
            if not number.isdecimal() or not key:
                raise errors.ArgumentError(f"{self._name}: '{name}' in the state is no name such as '0.step'")
            if int(number) >= len(order):
                raise errors.OutOfRangeError(f"{self._name}: the state has parameter {number}, there are {len(order)}")
            if key != "step" and self.slots is not None:
                if key not in self.slots:
                    raise errors.ArgumentError(f"{self._name} has no '{key}', the state has one for parameter {number}")
                if tuple(value.shape) != order[int(number)].shape:
                    raise errors.ShapeError(f"{self._name}: '{key}' of parameter {number} is {list(value.shape)}, the "
                                            f"parameter {list(order[int(number)].shape)}")  # fmt: skip
            own = loaded.setdefault(int(number), {})
            own[key] = int(value) if key == "step" else value
        for number, own in loaded.items():
            lacking = [key for key in self.needs(settled[number]) if key not in own]
            if lacking:
                raise errors.NotFoundError(f"{self._name}: the state of parameter {number} lacks {', '.join(lacking)}")
            # States from before steps were counted by parameter.
            own.setdefault("step", steps)
        self.steps = steps
        for group, found in zip(self.groups, settings):
            group.update(found)
        copied = lambda value: creation.asarray(value, copy=True) if hasattr(value, "shape") else value  # noqa: E731
        self.state = {id(order[i]): {key: copied(value) for key, value in own.items()} for i, own in loaded.items()}

    def _parts(self, state: Any) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
        """Steps, groups and state entries by name, of a nested or a flat state."""
        if not isinstance(state, Mapping):
            raise errors.DTypeError(f"{self._name}: a state is a dict, not {state!r:.80}")
        groups, entries = state.get("groups"), state.get("state")
        if "steps" in state and groups is None and entries is None:
            entries = {key[6:]: value for key, value in state.items() if key.startswith("state.")}
            found: dict[int, dict[str, Any]] = {}
            for name, value in state.items():
                part, _, rest = name.partition(".")
                number, _, key = rest.partition(".")
                if part == "groups" and number.isdecimal() and key:
                    found.setdefault(int(number), {})[key] = value
            groups = [found[i] for i in sorted(found)]
        parts = {"steps": state.get("steps"), "groups": groups, "state": entries}
        missing = [name for name, part in parts.items() if part is None]
        if missing:
            raise errors.NotFoundError(f"{self._name}: the state lacks {', '.join(missing)}")
        return int(state["steps"]), list(groups), dict(entries)


def _setting(own: Any, value: Any) -> Any:
    """A setting as a Python value of the own one's kind; files hold tensors, JSON lists."""
    value = value.tolist() if hasattr(value, "tolist") else value
    return tuple(value) if isinstance(own, tuple) else bool(value) if isinstance(own, bool) else value


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Nesterov's with nesterov=True; Sutskever et al., 2013).

    g = gradient + weight_decay * parameter; velocity = momentum * velocity + g; parameter -= lr * velocity, or with
    nesterov lr * (g + momentum * velocity). State: a velocity of the parameter's shape. ArgumentError (a ValueError) if
    there are no parameters, a setting is negative or not finite, or nesterov goes without momentum; see `Optimizer`.
    """

    slots = ("velocity",)

    def __init__(self, params: Parameters, lr: float = 1e-2, momentum: float = 0.0, weight_decay: float = 0.0,
                 nesterov: bool = False) -> None:  # fmt: skip
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def check(self, group: dict[str, Any]) -> None:
        """Checks a group's settings. ArgumentError if one is out of range, or nesterov goes without momentum."""
        super().check(group)
        if group["nesterov"] and not group["momentum"]:
            raise errors.ArgumentError(f"{self._name}: nesterov needs a momentum, not {group['momentum']!r}")

    def needs(self, group: dict[str, Any]) -> tuple[str, ...]:
        """A velocity if there is momentum. KeyError if the group lacks that setting."""
        return self.slots if group["momentum"] else ()

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of a parameter by a gradient of its shape, in place. ShapeError if it differs."""
        rate, decay = float(group["lr"]), group["weight_decay"]
        if not group["momentum"]:
            _native.assign(parameter, use.sgd_step(parameter, gradient, rate, weight_decay=decay))
            return
        value, velocity = use.sgd_momentum_step(
            parameter, gradient, state["velocity"], rate, momentum=group["momentum"], weight_decay=decay,
            nesterov=group["nesterov"],
        )  # fmt: skip
        _native.assign(parameter, value)
        _native.assign(state["velocity"], velocity)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014) with bias correction; weight decay is added to the gradient.

    State: moving averages of gradient and square by betas, of the parameter's shape, and how many steps it took itself,
    by which the averages are corrected. ArgumentError (a ValueError) if there are no parameters, a setting is negative
    or not finite, or betas are not in [0, 1); see `Optimizer`.
    """

    slots = ("mean", "square")
    decoupled = False

    def __init__(self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def check(self, group: dict[str, Any]) -> None:
        """Checks a group's settings. ArgumentError if one is out of range."""
        super().check(group)
        betas = group["betas"]
        if not isinstance(betas, (tuple, list)) or len(betas) != 2:
            raise errors.ArgumentError(f"{self._name}: betas must be two numbers, not {betas!r}")
        for i, beta in enumerate(betas):
            if _number(self._name, f"betas[{i}]", beta) >= 1:
                raise errors.ArgumentError(f"{self._name}: betas[{i}] must be below 1, not {beta!r}")

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of a parameter by a gradient of its shape, in place. ShapeError if it differs."""
        value, mean, square = use.adam_step(
            parameter, gradient, state["mean"], state["square"], float(group["lr"]), float(state["step"]),
            beta1=group["betas"][0], beta2=group["betas"][1], epsilon=group["eps"], weight_decay=group["weight_decay"],
            decoupled=self.decoupled,
        )  # fmt: skip
        _native.assign(parameter, value)
        _native.assign(state["mean"], mean)
        _native.assign(state["square"], square)


class AdamW(Adam):
    """Adam with decoupled weight decay: parameter -= lr * weight_decay * parameter (Loshchilov and Hutter, 2017).

    Errors (ArgumentError ..) as for `Adam`.
    """

    decoupled = True

    def __init__(self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay)
