"""Module: what has parameters and can be called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Iterator, Mapping

from .. import _native, autograd, dtypes, errors
from ..creation import asarray
from ..tensors import Tensor

if TYPE_CHECKING:
    from typing import Self

    from ..typing import TensorLike


class Parameter(Tensor):
    """A tensor, of the data's shape, that a Module finds as its own and optimizers change.

    Shares the memory of a tensor it is made of. Requires a gradient unless told otherwise: DTypeError unless floating.
    """

    # Hooks live here and not in a table: the garbage collector then frees those that hold their parameter or module.
    __slots__ = ("_hooks",)

    def __new__(cls, data: TensorLike, requires_grad: bool = True) -> Self:
        return super().__new__(cls, data.detach() if isinstance(data, Tensor) else data, None, requires_grad)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.detach(), self.requires_grad)

    def _become(self, content: Tensor) -> None:
        """Holds what another tensor holds from now on, with hooks and the gradient, so that whoever has it goes on."""
        requires_grad, gradient = self.requires_grad, self.grad
        _native.exchange(self, content)
        if requires_grad:
            self.requires_grad = True
            if gradient is not None:
                self.grad = gradient.detach().to(self.dtype).to(self.device)
        autograd.move_hooks(self)


class Module:
    """Base of all modules. Assign parameters and modules as attributes in `__init__`, compute in `forward`.

    AttributeError when that is done before `super().__init__()`; TypeError for another value in a parameter's place.

    >>> class Twice(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.inner = nn.Linear(4, 4)
    ...     def forward(self, x):
    ...         return self.inner(self.inner(x))
    """

    training: bool = True

    def __init__(self) -> None:
        for name in ("_parameters", "_buffers", "_modules"):
            object.__setattr__(self, name, {})

    # ---- attributes --------------------------------------------------------------------------------------------------
    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__}.__init__ must call super().__init__() before setting '{name}'")
        if not isinstance(value, (Parameter, Module)):
            for group in (self._parameters, self._buffers, self._modules):
                if name in group:
                    if group is not self._buffers and value is not None:
                        raise TypeError(f"'{name}' is a parameter or module; assign one of those, or None")
                    group[name] = value
                    return
        for group in (self._parameters, self._buffers, self._modules):
            group.pop(name, None)
        if isinstance(value, Parameter):
            self.__dict__.pop(name, None)
            self._parameters[name] = value
        elif isinstance(value, Module):
            self.__dict__.pop(name, None)
            self._modules[name] = value
        else:
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        for group in ("_parameters", "_buffers", "_modules"):
            found = self.__dict__.get(group, {})
            if name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for group in (self._parameters, self._buffers, self._modules):
            if name in group:
                del group[name]
                return
        object.__delattr__(self, name)

    def register_buffer(self, name: str, value: Tensor | None) -> None:
        """A tensor of any shape that belongs to the state but gets no gradient; None keeps the name free."""
        self._buffers[name] = value

    def register_parameter(self, name: str, value: Parameter | None) -> None:
        """As assigning it, of any shape; None keeps the name free."""
        self._parameters[name] = value

    # ---- walking -----------------------------------------------------------------------------------------------------
    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all inside with dotted names after the prefix, each before those inside it."""
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and all inside, each before those inside it."""
        return (module for _, module in self.named_modules())

    def children(self) -> Iterator[Module]:
        """The modules directly inside this one."""
        return (module for module in self._modules.values() if module is not None)

    def _named(self, group: str) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules():
            for name, value in getattr(module, group).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield (f"{prefix}.{name}" if prefix else name), value

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """All parameters with dotted names, shared ones once."""
        return self._named("_parameters")

    def parameters(self) -> Iterator[Parameter]:
        """All parameters of this module and those inside, shared ones once."""
        return (value for _, value in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Tensor]]:
        """All buffers with dotted names, shared ones once."""
        return self._named("_buffers")

    def buffers(self) -> Iterator[Tensor]:
        """All buffers of this module and those inside, shared ones once."""
        return (value for _, value in self.named_buffers())

    def apply(self, function: Callable[[Module], Any]) -> Self:
        """Calls function with every module inside, then with this one, which it answers; the function's errors pass."""
        for module in self.children():
            module.apply(function)
        function(self)
        return self

    # ---- state -------------------------------------------------------------------------------------------------------
    def state_dict(self) -> dict[str, Tensor]:
        """All parameters and buffers by dotted name; they share memory with the module."""
        return {name: value.detach() for name, value in (*self.named_parameters(), *self.named_buffers())}

    def load_state_dict(self, state: Mapping[str, TensorLike], strict: bool = True) -> tuple[list[str], list[str]]:
        """Copies tensors into parameters and buffers of these names. Answers missing and unexpected names.

        NotFoundError (a KeyError) if there are any and strict; ShapeError if a shape differs. On failure nothing is
        changed.
        """
        own = {**dict(self.named_parameters()), **dict(self.named_buffers())}
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        if strict and (missing or unexpected):
            raise errors.NotFoundError(f"state does not fit: missing {missing}, unexpected {unexpected}")
        values = {name: asarray(state[name]) for name in own if name in state}
        for name, value in values.items():
            if value.shape != own[name].shape:
                raise errors.ShapeError(f"'{name}' has shape {list(own[name].shape)}, the state's {list(value.shape)}")
        with autograd.no_grad():
            for name, value in values.items():
                _native.assign(own[name], value)
        return missing, unexpected

    def train(self, mode: bool = True) -> Self:
        """Training mode for this module and all inside (dropout, running statistics); answers the module."""
        for module in self.modules():
            object.__setattr__(module, "training", mode)
        return self

    def eval(self) -> Self:
        """Evaluation mode for this module and all inside; answers the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Sets requires_grad of all parameters and answers the module. DTypeError unless they are floating."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self, target: Any) -> Self:
        """Moves parameters and buffers to a device ("cpu"), or floating ones to a floating dtype; answers the module.

        Parameters stay the same objects, with gradients and hooks moved along, so an optimizer made before goes on;
        buffers are new ones. Nothing is changed on failure: DeviceError if the device is absent, DTypeError if the
        dtype is not floating, TypeError if there is no such dtype.
        """
        try:
            target = dtypes.dtype(target)
        except TypeError:
            if not isinstance(target, str):
                raise
        is_dtype = isinstance(target, dtypes.DType)
        if is_dtype and target.kind != "f":
            raise errors.DTypeError(f"{type(self).__name__}.to: a module's dtype is floating, not {target}")
        moved: dict[int, tuple[Tensor, Tensor]] = {}
        for value in (*self.parameters(), *self.buffers()):
            if (value.dtype.kind == "f" and value.dtype is not target) if is_dtype else value.device != target:
                moved[id(value)] = value, value.detach().to(target)
        for value, content in moved.values():
            if isinstance(value, Parameter):
                value._become(content)
        for module in self.modules():
            for name, value in module._buffers.items():
                if id(value) in moved and not isinstance(value, Parameter):
                    module._buffers[name] = moved[id(value)][1]
        return self

    # ---- calling -----------------------------------------------------------------------------------------------------
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; to be written by subclasses. NotImplementedError here."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.forward(*args, **kwargs)

    def extra_repr(self) -> str:
        """What repr shows in the brackets; to be written by subclasses."""
        return ""

    def __repr__(self) -> str:
        inner = [f"  ({name}): " + repr(module).replace("\n", "\n  ") for name, module in self._modules.items()]
        head = f"{type(self).__name__}({self.extra_repr()}"
        return head + ("\n" + "\n".join(inner) + "\n)" if inner else ")")


class Sequential(Module):
    """Modules one after the other: each gets what the one before answered. An index gives a module, a slice the like.

    IndexError for a module that is not there.
    """

    def __init__(self, *modules: Module) -> None:
        super().__init__()
        for i, module in enumerate(modules):
            self._modules[str(i)] = module

    def forward(self, x: Any) -> Any:
        """What the last module answers, x itself without modules. Errors are the modules', such as ShapeError."""
        for module in self._modules.values():
            x = module(x)
        return x

    def append(self, module: Module) -> Self:
        """Adds a module at the end and answers the whole."""
        self._modules[str(len(self._modules))] = module
        return self

    def __getitem__(self, index: Any) -> Any:
        modules = list(self._modules.values())
        return type(self)(*modules[index]) if isinstance(index, slice) else modules[index]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())


class ModuleList(Module):
    """A list of modules whose parameters are found; it cannot be called itself (NotImplementedError).

    IndexError for a module that is not there.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        for module in modules:
            self.append(module)

    append = Sequential.append
    __len__ = Sequential.__len__
    __iter__ = Sequential.__iter__

    def __getitem__(self, index: Any) -> Any:
        modules = list(self._modules.values())
        return ModuleList(modules[index]) if isinstance(index, slice) else modules[index]

    def __setitem__(self, index: int, module: Module) -> None:
        self._modules[str(range(len(self))[index])] = module

    def extend(self, modules: Iterable[Module]) -> Self:
        """Adds modules at the end and answers the list. TypeError if they cannot be iterated over."""
        for module in modules:
            self.append(module)
        return self
