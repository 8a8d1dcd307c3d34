"""The one table where Python names operators: symbols, NumPy's names, and what the package's own functions call.

Everything else finds operators by asking the registry. An operator that is absent is an error where it is used.
"""

from __future__ import annotations

from typing import Any

from . import _native, operators

# Python's symbols -> operators.
SYMBOLS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "mod", "pow": "pow",
    "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "shift_left",
    "rshift": "shift_right", "lt": "less", "le": "less_equal", "eq": "equal", "ne": "not_equal", "gt": "greater",
    "ge": "greater_equal", "neg": "neg", "pos": "copy", "abs": "abs",
}  # fmt: skip

# & | ^ of two bools.
BOOL_SYMBOLS = {"and": "logical_and", "or": "logical_or", "xor": "logical_xor"}

# NumPy's and the array API's names of operators that go by another name here, with the same arguments.
ALIASES = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "true_divide": "div", "remainder": "mod",
    "negative": "neg", "absolute": "abs", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
}  # fmt: skip

# Operators that NumPy has under the same name: they appear as deepseek.<name>.
SAME = frozenset(
    """add sub mul div floor_divide mod pow neg abs sign minimum maximum floor ceil round trunc sqrt rsqrt square
    reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf
    erfc sigmoid equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor logical_not
    bitwise_not isnan isinf isfinite matmul relu gelu silu softmax log_softmax one_hot
    linear scatter_add hypot logaddexp copysign signbit""".split()
)

# What the package's own Python functions call, beyond the above.
_USED = frozenset(
    """where clip cast copy fill arange linspace eye sum prod mean max min argmax argmin any all var std logsumexp
    cumsum reshape transpose expand_dims squeeze broadcast_to concat stack pad tile repeat take
    take_along_axis index_get index_put nonzero leaky_relu elu softplus layer_norm batch_norm batch_norm_inference
    dropout embedding cross_entropy nll_loss mse_loss l1_loss bce_with_logits conv2d max_pool2d avg_pool2d
    adaptive_avg_pool2d random_uniform random_normal random_permutation randint sgd_step
    sgd_momentum_step adam_step sort argsort topk tril triu""".split()
)


class _Uses:
    """`use.reshape` is the operator, looked up once."""

    def __getattr__(self, name: str) -> Any:
        if name not in _USED and name not in SAME:
            raise AttributeError(f"{name} is not in the table of {__name__}")
        op = operators.get(name)
        setattr(self, name, op)
        return op


use = _Uses()


def install() -> None:
    """Gives the C part of the module the operators behind Python's symbols."""
    for symbol, name in SYMBOLS.items():
        op = operators.find(name)
        bools = operators.find(BOOL_SYMBOLS[symbol]) if symbol in BOOL_SYMBOLS else None
        if op is not None:
            _native.set_slot(symbol, op.id, bools.id if bools else 0)


def public(name: str) -> Any:
    """The operator a NumPy name stands for, or None."""
    name = ALIASES.get(name, name)
    return operators.find(name) if name in SAME or name in SYMBOLS.values() else None


def public_names() -> list[str]:
    """All names that `public` answers."""
    return sorted(SAME | ALIASES.keys())
