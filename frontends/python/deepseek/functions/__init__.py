"""NumPy's functions whose arguments differ from the operator's; the others are operators themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from . import choosing, elementwise, products, reductions, shapes

if TYPE_CHECKING:
    from .choosing import *
    from .elementwise import *
    from .products import *
    from .reductions import *
    from .shapes import *

TABLE = {
    name: value
    for module in (shapes, reductions, choosing, elementwise, products)
    for name, value in vars(module).items()
    if inspect.isfunction(value) and not name.startswith("_") and name not in ("asarray", "overload")
}
globals().update(TABLE)
