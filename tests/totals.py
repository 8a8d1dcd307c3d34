"""Adds up what ctest, GoogleTest and pytest wrote into junit folders: one line, and exit status 1 after a failure."""
import argparse
import pathlib
import sys
import xml.etree.ElementTree as xml


def count(suites):
    """[passed, failed, skipped] of a JUnit file."""
    cases = [0, 0, 0]
    for case in suites.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None or case.get("status") == "fail":
            cases[1] += 1
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            cases[2] += 1
        else:
            cases[0] += 1
    return cases


def parse(path):
    try:
        return xml.parse(path).getroot()
    except (OSError, xml.ParseError):
        return None


def folder_totals(folder):
    """A program's own file counts its cases; a program that failed without saying where counts as one failure."""
    totals, bad = [0, 0, 0], []
    ctest = parse(folder / "ctest.xml")
    for entry in ctest.iter("testcase") if ctest is not None else ():
        name, inner = entry.get("name"), parse(folder / f"{entry.get('name')}.xml")
        own = count(entry if inner is None else inner)
        if count(entry)[1] and not own[1]:
            own[1] += 1
        if own[1]:
            bad.append(name)
        totals = [a + b for a, b in zip(totals, own)]
    pytest = parse(folder / "pytest.xml")
    if pytest is not None:
        own = count(pytest)
        totals = [a + b for a, b in zip(totals, own)]
        bad += ["pytest"] if own[1] else []
    return totals, bad


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=0)
    arguments.add_argument("--pytest", type=int, default=0, help="pytest's exit status")
    arguments.add_argument("folders", nargs="+", type=pathlib.Path)
    given = arguments.parse_args()
    totals = [0, 0, 0]
    for folder in given.folders:
        own, bad = folder_totals(folder)
        totals = [a + b for a, b in zip(totals, own)]
        if sum(own):
            print(f"{folder.parent.name:8} {own[0]} passed, {own[1]} failed, {own[2]} skipped"
                  + (f"   failed: {' '.join(bad)}" if bad else ""))
    if given.pytest not in (0, 5) and not totals[1]:
        print(f"pytest ended with status {given.pytest}")
        totals[1] += 1
    clock = f"{given.seconds // 60}:{given.seconds % 60:02}"
    print(f"TOTAL {totals[0]} passed, {totals[1]} failed, {totals[2]} skipped in {clock}")
    return 1 if totals[1] or not totals[0] else 0


if __name__ == "__main__":
    sys.exit(main())
