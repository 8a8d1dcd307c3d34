"""hunt.py SEED PROGRAMS [PLUGIN]: programs of a process of its own, with a plugin loaded first. One line of JSON:
programs run until one disagreed with NumPy, that program, and what else was raised meanwhile."""

import json
import sys

import deepseek as ds

import programs


def hunt(seed, count):
    errors = []
    for n in range(count):
        if (failed := programs.failure(seed + n)) is None:
            continue
        error, story = failed
        if isinstance(error, programs.Mismatch):
            return {"found": n + 1, "story": story, "errors": errors}
        errors.append(story)
    return {"found": None, "story": "", "errors": errors}


if __name__ == "__main__":
    for plugin in sys.argv[3:]:
        ds.load_plugin(plugin)
    print(json.dumps(hunt(int(sys.argv[1]), int(sys.argv[2]))))
