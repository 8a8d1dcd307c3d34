"""Gradients: modes, backward, hooks."""

from __future__ import annotations

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


def _list(value: Any, count: int) -> list[Any]:
    if value is None:
        return [None] * count
    return list(value) if isinstance(value, (list, tuple)) else [value]


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
    gradient is missing or of another shape; ArgumentError if nothing requires a gradient.
    """
    outputs = _list(outputs, 1)
    gradients = _list(gradients, len(outputs))
    flags = (_lib.DS_RETAIN_GRAPH if retain_graph else 0) | (_lib.DS_CREATE_GRAPH if create_graph else 0)
    _native.drain()
    _check_hooks(_lib.ds_backward(_context, _handles(outputs), _handles(_tensors(gradients)), len(outputs), flags,
                                 _native.location()))  # fmt: skip


def _tensors(values: Sequence[Any]) -> list[Any]:
    from .creation import asarray

    return [None if value is None else asarray(value) for value in values]


def grad(outputs: Tensor | Sequence[Tensor], inputs: Tensor | Sequence[Tensor], grad_outputs: Any = None,
         retain_graph: bool | None = None, create_graph: bool = False, allow_unused: bool = False) -> Any:  # fmt: skip
    """Gradients of `outputs` with respect to `inputs`, of their shapes, without touching `.grad`.

    One tensor for one input, a tuple for a list. An input that was not used is an ArgumentError, or None with
    allow_unused. retain_graph defaults to create_graph. grad_outputs and ShapeError as for `backward`.
    """
    single = not isinstance(inputs, (list, tuple))
    outputs, inputs = _list(outputs, 1), _list(inputs, 1)
    gradients = _tensors(_list(grad_outputs, len(outputs)))
    retain = create_graph if retain_graph is None else retain_graph
    flags = (_lib.DS_RETAIN_GRAPH if retain else 0) | (_lib.DS_CREATE_GRAPH if create_graph else 0)
    flags |= _lib.DS_ALLOW_UNUSED if allow_unused else 0
    results = _ffi.new("ds_handle[]", max(len(inputs), 1))
    _native.drain()
    status = _lib.ds_grad(_context, _handles(outputs), _handles(gradients), len(outputs), _handles(inputs), len(inputs),
                          flags, _native.location(), results)  # fmt: skip
    _check_hooks(status)
    answers = tuple(_native.wrap_handle(results[i]) if results[i] else None for i in range(len(inputs)))
    return answers[0] if single else answers


# ---- hooks -----------------------------------------------------------------------------------------------------------
_alive: dict[int, Callable[[Any], Any]] = {}
_numbers = iter(range(1, 1 << 62))


class RemovableHandle:
    """What `Tensor.register_hook` answers; `remove()` takes the hook away, as does leaving it as a context manager.

    It does not keep the tensor alive.
    """

    def __init__(self, tensor: Any, number: int) -> None:
        self._tensor = weakref.ref(tensor)
        self._number = number

    def remove(self) -> None:
        """Takes the hook away; doing it twice is fine."""
        tensor = self._tensor()
        if tensor is not None and self._number:
            _check(_lib.ds_hook_remove(_context, tensor._handle, self._number))
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.remove()


@_ffi.def_extern(name="ds_py_hook", error=17)
def _hook(user: Any, gradient: int, replacement: Any) -> int:
    function = _alive[int(_ffi.cast("uintptr_t", user))]
    try:
        _check(_lib.ds_retain(_context, gradient))
        answer = function(_native.wrap_handle(gradient))
        if answer is not None:
            if not isinstance(answer, _native.Tensor):
                raise TypeError(f"a hook must return a Tensor or None, not {type(answer).__name__}")
            _check(_lib.ds_retain(_context, answer._handle))
            replacement[0] = answer._handle
        return 0
    except BaseException as error:
        _failed.error = error
        return _lib.DS_INTERNAL


@_ffi.def_extern(name="ds_py_released")
def _released(user: Any) -> None:
    _alive.pop(int(_ffi.cast("uintptr_t", user)), None)


def register_hook(tensor: Tensor, function: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Calls function with gradients of the tensor's shape, see Tensor.register_hook. TypeError, ArgumentError."""
    if not callable(function):
        raise TypeError("a hook must be callable")
    if not tensor.requires_grad:
        raise errors.ArgumentError("a hook needs a tensor that requires a gradient")
    number, place = next(_numbers), _ffi.new("uint64_t*")
    _alive[number] = function
    user = _ffi.cast("void*", number)
    status = _lib.ds_hook_add(_context, tensor._handle, _lib.ds_py_hook, _lib.ds_py_released, user, place)
    if status:
        _alive.pop(number, None)
        _check(status)
    return RemovableHandle(tensor, place[0])


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
