"""Turns abi/include/deepseek/ds.h into the C source of deepseek._native.

    python build_ffi.py INCLUDE_DIR OUTPUT.c

The headers are the only source: what they declare is what `lib` offers. The module's own C code (native/*.c) adds the
Tensor type and the hot path; native/module.c owns PyInit__native and calls the one cffi writes.
"""

import re
import sys
from pathlib import Path

import cffi

HEADERS = ("ds_types.h", "ds.h")

# Callbacks from C into Python: the gradient hooks.
CALLBACKS = """
extern "Python" int32_t ds_py_hook(void*, ds_handle, ds_handle*);
extern "Python" void ds_py_released(void*);
"""

PREAMBLE = """
#define PyInit__native ds_native_cffi_init
#include "deepseek/ds.h"
"""


def declarations(text: str) -> str:
    """What cffi can parse of a header: typedefs, structs, prototypes and integer constants."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    constants = re.findall(r"^#define (DS_[A-Z0-9_]+) ((?:-?\d+(?:u|ull)?|DS_DTYPE\(.*\)))\s*$", text, flags=re.M)
    text = re.sub(r"^#(?:.*\\\n)*.*$", "", text, flags=re.M)
    text = re.sub(r"DS_STATIC_ASSERT\(.*?\);", "", text, flags=re.S)
    text = re.sub(r"\bDS_(EXTERN_C_BEGIN|EXTERN_C_END|API)\b", "", text)
    text = text.replace("[DS_MAX_RANK]", "[16]")
    names = "".join(f"#define {name} ...\n" for name, _ in constants)
    return names + text


def builder(include: Path) -> cffi.FFI:
    ffi = cffi.FFI()
    for header in HEADERS:
        ffi.cdef(declarations((include / "deepseek" / header).read_text()))
    ffi.cdef(CALLBACKS)
    ffi.set_source("deepseek._native", PREAMBLE, py_limited_api=True)
    return ffi


if __name__ == "__main__":
    builder(Path(sys.argv[1])).emit_c_code(sys.argv[2])
