"""Gradients: modes, backward, hooks."""

from __future__ import annotations

import atexit
import functools
import threading
import typing
import weakref

from . import _native, errors
from ._runtime import check as _check, context as _context, ffi as _ffi, lib as _lib

if typing.TYPE_CHECKING:
    from typing import Any, Callable, Self, Sequence, TypeVar, overload

    from .tensors import Tensor
    from .typing import TensorLike

    F = TypeVar("F", bound=Callable[..., Any])

_failed = threading.local()


class _GradMode:
    """Sets the thread's gradient mode; a context manager and a decorator. Re-entrant."""

    _enabled = False

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        self._previous: list[bool] = []

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return super().__new__(cls)(function)

    def __enter__(self) -> Self:
        self._previous.append(_native.grad_mode(self._enabled))
        return self

    def __exit__(self, *_: Any) -> None:
        _native.grad_mode(self._previous.pop())

    def __call__(self, function: F) -> F:
        mode = type(self)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with mode():
                return function(*args, **kwargs)

        return wrapped


if typing.TYPE_CHECKING:
    # A class that answers the decorated function is beyond type checkers.
    @overload
    def no_grad() -> _GradMode: ...
    @overload
    def no_grad(function: F) -> F: ...
    @overload
    def enable_grad() -> _GradMode: ...
    @overload
    def enable_grad(function: F) -> F: ...

else:

    class no_grad(_GradMode):
        """Nothing recorded inside takes part in gradients: `with no_grad():`, `@no_grad`. Of this thread."""

    class enable_grad(_GradMode):
        """Undoes an outer `no_grad`: `with enable_grad():`, `@enable_grad`. Of this thread."""

        _enabled = True


class set_grad_enabled:
    """Sets the thread's gradient mode at once, for good or, as a context manager, for a block."""

    def __init__(self, enabled: bool) -> None:
        self._previous = _native.grad_mode(enabled)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        _native.grad_mode(self._previous)


def is_grad_enabled() -> bool:
    """The thread's gradient mode: whether what is recorded takes part in gradients."""
    enabled = _native.grad_mode(True)
    _native.grad_mode(enabled)
    return enabled


def _handles(tensors: Sequence[Any]) -> Any:
    return _ffi.new("ds_handle[]", [0 if tensor is None else tensor._handle for tensor in tensors] or [0])


def _list(value: Any, what: str) -> list[Any]:
    """One tensor or several as a list. DTypeError for anything else."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    for entry in values:
        if not isinstance(entry, _native.Tensor):
            raise errors.DTypeError(f"{what} must be a tensor or a list of tensors, not {entry!r:.80}")
    return values


def _gradients(value: Any, outputs: Any, count: int) -> list[Any]:
    """One gradient, or None, per output. ArgumentError if there are more or fewer."""
    if value is None:
        return [None] * count
    # Several numbers for one output are its gradient, written as a list.
    numbers = isinstance(value, (list, tuple)) and len(value) > 1 and all(isinstance(x, (int, float)) for x in value)
    several = isinstance(value, (list, tuple)) and not (numbers and not isinstance(outputs, (list, tuple)))
    values = _tensors(value if several else [value])
    if len(values) != count:
        raise errors.ArgumentError(f"{len(values)} gradients were given for {count} outputs; one each is needed")
    return values


def _check_hooks(status: int) -> None:
    failure, _failed.error = getattr(_failed, "error", None), None
    if failure is not None:
        raise failure
    _check(status)


def backward(outputs: Tensor | Sequence[Tensor], gradients: Any = None, retain_graph: bool = False,
             create_graph: bool = False) -> None:  # fmt: skip
    """Adds the gradients of `outputs` to `.grad` of every leaf they were computed from.

    gradients: one per output, of its shape; None is allowed for outputs of one element. Hooks run while it is recorded.
    create_graph lets the gradients be differentiated again; retain_graph lets backward run again. ShapeError if a
    gradient is missing or of another shape; ArgumentError if nothing requires a gradient, or there are more or fewer
    gradients than outputs; DTypeError for outputs that are no tensors.
    """
    listed = _list(outputs, "backward: outputs")
    gradients = _gradients(gradients, outputs, len(listed))
    flags = (_lib.DS_RETAIN_GRAPH if retain_graph else 0) | (_lib.DS_CREATE_GRAPH if create_graph else 0)
    _native.drain()
    with _Run(flags):
        _check_hooks(_lib.ds_backward(_context, _handles(listed), _handles(gradients), len(listed), flags,
                                     _native.location()))  # fmt: skip


def _tensors(values: Sequence[Any]) -> list[Any]:
    from .creation import asarray

    return [None if value is None else asarray(value) for value in values]


def grad(outputs: Tensor | Sequence[Tensor], inputs: Tensor | Sequence[Tensor], grad_outputs: Any = None,
         retain_graph: bool | None = None, create_graph: bool = False, allow_unused: bool = False) -> Any:  # fmt: skip
    """Gradients of `outputs` with respect to `inputs`, of their shapes, without touching `.grad`.

    One tensor for one input, a tuple for a list. An input that was not used is an ArgumentError, or None with
    allow_unused. retain_graph defaults to create_graph. grad_outputs and other errors (ShapeError, DTypeError) as for
    `backward`.
    """
    single = not isinstance(inputs, (list, tuple))
    listed, inputs = _list(outputs, "grad: outputs"), _list(inputs, "grad: inputs")
    gradients = _gradients(grad_outputs, outputs, len(listed))
    retain = create_graph if retain_graph is None else retain_graph
    flags = (_lib.DS_RETAIN_GRAPH if retain else 0) | (_lib.DS_CREATE_GRAPH if create_graph else 0)
    flags |= _lib.DS_ALLOW_UNUSED if allow_unused else 0
    results = _ffi.new("ds_handle[]", max(len(inputs), 1))
    _native.drain()
    with _Run(flags):
        _check_hooks(_lib.ds_grad(_context, _handles(listed), _handles(gradients), len(listed), _handles(inputs),
                                  len(inputs), flags, _native.location(), results))  # fmt: skip
    answers = tuple(_native.wrap_handle(results[i]) if results[i] else None for i in range(len(inputs)))
    return answers[0] if single else answers


# ---- hooks -----------------------------------------------------------------------------------------------------------
class _Hook:
    """A function on a tensor's gradient, the core's number for it, and whether it holds the tensor."""

    __slots__ = ("__weakref__", "circular", "function", "id", "tensor")

    def __init__(self, tensor: Any, function: Callable[[Any], Any]) -> None:
        self.function: Callable[[Any], Any] | None = function
        self.tensor, self.id = weakref.ref(tensor), 0
        self.circular = not tensor.is_leaf and _holds(function, tensor)

    def remove(self) -> None:
        tensor = self.tensor()
        if tensor is not None and self.id:
            _check(_lib.ds_hook_remove(_context, tensor._handle, self.id))
            self.id = 0
            if _keeps_hooks(tensor):
                tensor._hooks.remove(self)


# Hooks by the number the core has for them; weak references to those that a Parameter holds itself.
_alive: dict[int, Any] = {}
_numbers = iter(range(1, 1 << 62))
_called = threading.local()


class _Run:
    """A backward of this thread. If it frees its graph, circular hooks it called are over; nothing would free them."""

    def __init__(self, flags: int) -> None:
        self.frees = not flags & (_lib.DS_RETAIN_GRAPH | _lib.DS_CREATE_GRAPH)

    def __enter__(self) -> None:
        self.outer, _called.hooks = getattr(_called, "hooks", None), []

    def __exit__(self, *_: Any) -> None:
        for hook in _called.hooks if self.frees else ():
            hook.function = None
        _called.hooks = self.outer


def _holds(function: Any, tensor: Any, depth: int = 3) -> bool:
    """Whether a function reaches the tensor through its closure, defaults, bound arguments or object."""
    parts = [getattr(function, "__self__", None), getattr(function, "func", None)]
    for name in ("__defaults__", "args"):
        found = getattr(function, name, None)
        parts += found if isinstance(found, tuple) else ()
    for cell in getattr(function, "__closure__", None) or ():
        try:
            parts.append(cell.cell_contents)
        except ValueError:  # not assigned yet
            continue
    return any(part is tensor or (depth and callable(part) and _holds(part, tensor, depth - 1)) for part in parts)


class RemovableHandle:
    """What `Tensor.register_hook` answers; `remove()` takes the hook away, as does leaving it as a context manager.

    It does not keep the tensor alive.
    """

    def __init__(self, hook: Any) -> None:
        self._hook = weakref.ref(hook)

    def remove(self) -> None:
        """Takes the hook away; doing it twice is fine."""
        hook = self._hook()
        if hook is not None:
            hook.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


@_ffi.def_extern(name="ds_py_hook", error=17)
def _hook(user: Any, gradient: int, replacement: Any) -> int:
    try:
        hook = _alive.get(int(_ffi.cast("uintptr_t", user)))
        if isinstance(hook, weakref.ref):
            hook = hook()
        if hook is None:  # its parameter is gone
            return 0
        if hook.function is None:
            raise errors.ArgumentError("a hook that holds its own tensor ended with the backward that freed the graph; "
                                       "pass retain_graph there")  # fmt: skip
        if hook.circular:
            _called.hooks.append(hook)
        _check(_lib.ds_retain(_context, gradient))
        answer = hook.function(_native.wrap_handle(gradient))
        if answer is not None:
            if not isinstance(answer, _native.Tensor):
                raise TypeError(f"a hook must return a Tensor or None, not {type(answer).__name__}")
            _check(_lib.ds_retain(_context, answer._handle))
            replacement[0] = answer._handle
        return 0
    except BaseException as error:
        _failed.error = error
        return _lib.DS_INTERNAL


# The core may call this late at interpreter exit, when the module's names are gone: it has its own.
@_ffi.def_extern(name="ds_py_released")
def _released(user: Any, alive: Any = _alive, cast: Any = _ffi.cast) -> None:
    alive.pop(int(cast("uintptr_t", user)), None)


@atexit.register
def _end() -> None:
    """Ends all hooks while the interpreter is whole; later the core's calls would find no Python to run."""
    for hook in list(_alive.values()):
        hook = hook() if isinstance(hook, weakref.ref) else hook
        if hook is not None:
            hook.remove()
    _alive.clear()
    _native.drain()


def _keeps_hooks(tensor: Any) -> bool:
    return hasattr(type(tensor), "_hooks")


def _install(tensor: Any, hook: _Hook) -> None:
    number, place = next(_numbers), _ffi.new("uint64_t*")
    _alive[number] = weakref.ref(hook) if _keeps_hooks(tensor) else hook
    user = _ffi.cast("void*", number)
    status = _lib.ds_hook_add(_context, tensor._handle, _lib.ds_py_hook, _lib.ds_py_released, user, place)
    if status:
        _alive.pop(number, None)
        _check(status)
    hook.id = place[0]


def move_hooks(parameter: Tensor) -> None:
    """Puts a Parameter's hooks on what it holds now, of any shape; they end if that requires no gradient.
    StaleHandleError if it has been released.
    """
    target: Any = parameter
    hooks = getattr(target, "_hooks", [])
    if hooks and not target.requires_grad:
        target._hooks = []
        for hook in hooks:
            hook.id = 0
        return
    for hook in hooks:
        _install(target, hook)


def register_hook(tensor: Tensor, function: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Calls function with gradients of the tensor's shape, see Tensor.register_hook. TypeError, ArgumentError.

    The function lives as long as the tensor. One that holds the tensor (its closure names it) keeps it: that of a
    Parameter goes with it all the same, that of a computed tensor ends with the backward that frees the graph, that of
    another leaf stays until `remove()`.
    """
    if not callable(function):
        raise TypeError("a hook must be callable")
    if not tensor.requires_grad:
        raise errors.ArgumentError("a hook needs a tensor that requires a gradient")
    hook = _Hook(tensor, function)
    _install(tensor, hook)
    if _keeps_hooks(tensor):
        target: Any = tensor
        target._hooks = [*getattr(target, "_hooks", ()), hook]
    return RemovableHandle(hook)


def retain_grad(tensor: Tensor) -> None:
    """Keeps a computed tensor's gradient, of its shape, see Tensor.retain_grad. ArgumentError."""
    if tensor.is_leaf:
        return
    watched = weakref.ref(tensor)

    def keep(gradient: Any) -> None:
        target = watched()
        if target is not None:
            before = _retained.get(id(target))
            _retained[id(target)] = gradient if before is None else before + gradient

    register_hook(tensor, keep)
    if id(tensor) not in _retained:
        _retained[id(tensor)] = None
        weakref.finalize(tensor, _retained.pop, id(tensor), None)


# Gradients of computed tensors that somebody asked to keep; the core keeps those of leaves.
_retained: dict[int, Any] = {}


def get_grad(tensor: Tensor) -> Tensor | None:
    """The tensor's accumulated gradient, of its shape, or None. StaleHandleError if the tensor was released."""
    if id(tensor) in _retained:
        return _retained[id(tensor)]
    place = _ffi.new("ds_handle*")
    _check(_lib.ds_tensor_grad(_context, tensor._handle, place))
    return _native.wrap_handle(place[0]) if place[0] else None


def set_grad(tensor: Tensor, gradient: TensorLike | None) -> None:
    """Replaces the accumulated gradient; None forgets it. ShapeError unless it has the tensor's shape, ArgumentError
    unless that is a leaf that requires a gradient.
    """
    if id(tensor) in _retained:
        _retained[id(tensor)] = gradient
        return
    handle = 0 if gradient is None else _tensors([gradient])[0]._handle
    _check(_lib.ds_set_grad(_context, tensor._handle, handle))


def detach(tensor: Tensor) -> Tensor:
    """The same memory and shape outside of gradients. StaleHandleError if the tensor was released."""
    place = _ffi.new("ds_handle*")
    _check(_lib.ds_detach(_context, tensor._handle, place))
    return _native.wrap_handle(place[0])
