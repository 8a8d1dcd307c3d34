"""Optimizers: one call of a step operator per parameter; learning rate and step count are runtime values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable

from .. import _native, autograd, creation
from ..sugar import use

if TYPE_CHECKING:
    from ..tensors import Tensor

    Parameters = Iterable[Tensor] | Iterable[dict[str, Any]]


class Optimizer:
    """Base: parameters in `groups` (dicts with "params" and settings such as "lr"), state by parameter.

    parameters: tensors, or such dicts, whose settings go before the defaults. ValueError if there are no parameters.
    """

    def __init__(self, parameters: Parameters, **defaults: Any) -> None:
        parameters = list(parameters)
        groups = parameters if parameters and isinstance(parameters[0], dict) else [{"params": parameters}]
        self.groups = [{**defaults, **group, "params": list(group["params"])} for group in groups]
        if not any(group["params"] for group in self.groups):
            raise ValueError("an optimizer needs parameters")
        self.state: dict[int, dict[str, Any]] = {}
        self.steps = 0

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """PyTorch's name for `groups`."""
        return self.groups

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """Changes one parameter in place by a gradient of its shape; to be written by subclasses.

        state: its own, kept between steps; group: its settings. NotImplementedError here.
        """
        raise NotImplementedError

    def step(self) -> None:
        """Changes every parameter that has a gradient, in place; outside of gradients. ShapeError, DTypeError."""
        self.steps += 1
        with autograd.no_grad():
            for group in self.groups:
                for parameter in group["params"]:
                    gradient = parameter.grad
                    if gradient is not None:
                        self.update(parameter, gradient, self.state.setdefault(id(parameter), {}), group)

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for group in self.groups:
            for parameter in group["params"]:
                parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """Step count, settings and state tensors, to be saved; parameters are numbered in order."""
        order = [parameter for group in self.groups for parameter in group["params"]]
        settings = [{key: value for key, value in group.items() if key != "params"} for group in self.groups]
        tensors = {f"{i}.{key}": value for i, p in enumerate(order) for key, value in self.state.get(id(p), {}).items()}
        return {"steps": self.steps, "groups": settings, "state": tensors}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from a saved state of an optimizer with as many parameters in the same order, copying its tensors.

        KeyError or IndexError if it is something else.
        """
        order = [parameter for group in self.groups for parameter in group["params"]]
        self.steps = int(state["steps"])
        for group, settings in zip(self.groups, state["groups"]):
            group.update(settings)
        self.state = {}
        for name, value in state["state"].items():
            number, _, key = name.partition(".")
            self.state.setdefault(id(order[int(number)]), {})[key] = creation.asarray(value, copy=True)


class SGD(Optimizer):
    """Stochastic gradient descent with momentum (Nesterov's with nesterov=True; Sutskever et al., 2013).

    g = gradient + weight_decay * parameter; velocity = momentum * velocity + g; parameter -= lr * velocity, or with
    nesterov lr * (g + momentum * velocity). State: a velocity of the parameter's shape. ValueError if there are no
    parameters.
    """

    def __init__(self, params: Parameters, lr: float = 1e-2, momentum: float = 0.0, weight_decay: float = 0.0,
                 nesterov: bool = False) -> None:  # fmt: skip
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, nesterov=nesterov)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of a parameter by a gradient of its shape, in place. ShapeError if it differs."""
        rate, decay = float(group["lr"]), group["weight_decay"]
        if not group["momentum"]:
            _native.assign(parameter, use.sgd_step(parameter, gradient, rate, weight_decay=decay))
            return
        if not state:
            state["velocity"] = creation.zeros_like(parameter)
        value, velocity = use.sgd_momentum_step(
            parameter, gradient, state["velocity"], rate, momentum=group["momentum"], weight_decay=decay,
            nesterov=group["nesterov"],
        )  # fmt: skip
        _native.assign(parameter, value)
        _native.assign(state["velocity"], velocity)


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2014) with bias correction; weight decay is added to the gradient.

    State: moving averages of gradient and square by betas, of the parameter's shape. ValueError if there are no
    parameters.
    """

    decoupled = False

    def __init__(self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:  # fmt: skip
        super().__init__(params, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
        """One step of a parameter by a gradient of its shape, in place. ShapeError if it differs."""
        if not state:
            state["mean"], state["square"] = creation.zeros_like(parameter), creation.zeros_like(parameter)
        value, mean, square = use.adam_step(
            parameter, gradient, state["mean"], state["square"], float(group["lr"]), float(self.steps),
            beta1=group["betas"][0], beta2=group["betas"][1], epsilon=group["eps"], weight_decay=group["weight_decay"],
            decoupled=self.decoupled,
        )  # fmt: skip
        _native.assign(parameter, value)
        _native.assign(state["mean"], mean)
        _native.assign(state["square"], square)


class AdamW(Adam):
    """Adam with decoupled weight decay: parameter -= lr * weight_decay * parameter (Loshchilov and Hutter, 2017).

    ValueError if there are no parameters.
    """

    decoupled = True

    def __init__(self, params: Parameters, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2) -> None:  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay)
