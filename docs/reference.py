"""reference.py LIBDEEPSEEK.SO FOLDER: writes operators.md, what the registry says about every operator found.

Through the C interface alone, so it serves any language's users and needs no frontend.
"""
import collections
import ctypes
import pathlib
import sys

TextSink = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_uint64)


class Text(ctypes.Structure):
    _fields_ = [("data", ctypes.POINTER(ctypes.c_char)), ("size", ctypes.c_uint64)]


class Registry:
    def __init__(self, library):
        self.core = ctypes.CDLL(str(library))
        self.context = ctypes.c_uint64()
        self.check(self.core.ds_context_create(ctypes.byref(self.context)))

    def check(self, status):
        if status:
            code, text = ctypes.c_int32(), Text()
            self.core.ds_error(self.context, ctypes.byref(code), ctypes.byref(text), None)
            raise SystemExit(f"status {status}: {ctypes.string_at(text.data, text.size).decode() if text.size else ''}")

    def texts(self, function, *arguments):
        """What a function that answers through a sink says."""
        rows = []

        def take(_, data, length):
            rows.append(ctypes.string_at(data, length).decode())
            return 0

        self.check(function(self.context, *arguments, TextSink(take), None))
        return rows

    def operators(self):
        return self.texts(self.core.ds_operators)

    def describe(self, name):
        operator = ctypes.c_uint64()
        raw = name.encode()
        self.check(self.core.ds_operator_find(self.context, raw, ctypes.c_uint64(len(raw)), ctypes.byref(operator)))
        info = self.core.ds_operator_info
        return {what: "\n".join(self.texts(info, operator, what.encode(), ctypes.c_uint64(len(what))))
                for what in ("schema", "summary", "samples", "plugin", "class")}


def page(registry):
    plugins = collections.defaultdict(list)
    for name in sorted(registry.operators()):
        row = registry.describe(name)
        plugins[row["plugin"]].append((name, row))
    yield "# Operators\n"
    for plugin, rows in sorted(plugins.items()):
        yield f"\n## {plugin}\n"
        for name, row in rows:
            yield f"\n### {name}\n\n{row['summary']}\n\n```\n{row['schema']}\n```\n"
            if row["samples"]:
                yield f"\nClass: {row['class']}. Samples: {'; '.join(f'`{line}`' for line in row['samples'].splitlines())}\n"


def main(library, folder):
    registry = Registry(library)
    target = pathlib.Path(folder, "operators.md")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(page(registry)))
    print(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
