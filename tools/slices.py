"""Which of a stage's tests one has after a step: those that compile on its code, and pass.

A test is cut out whole, with what cannot be compiled without it; a helper stays as long as it
compiles. What was cut leaves blank lines, so that the compiler's numbers hold all along.
"""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import cpp
import stages

ROUNDS = 12  # of cutting, each of which shows what needed what was cut before
_FAILED = re.compile(r"(?m)^(?:FAILED |  )(?:\w+/)?(\w+\.\w+)")
_INCLUDE = re.compile(r'#include "((?:evolve|test)/[^"]+)"')


def tests_of(stage):
    """The text of every file in a stage's test folder, by name; nothing for no stage."""
    if stage is None:
        return {}
    return {path.relative_to(stage).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((stage / "test").rglob("*")) if path.is_file()}


def lifted(stage):
    """The names of the tests that docs/lifted.txt has this stage take out."""
    path = stage.parent / "docs" / "lifted.txt"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return set(re.findall(rf"(?m)^{stage.name} \S+ (\w+\.\w+):", text))


def without(text, names):
    """A test file without the tests of these names."""
    bad = {item.first for item in cpp.functions(text) if item.name in names}
    return cut(text, bad) if bad else text


def given(stage, is_last):
    """The tests that a step has without a question, as name to text."""
    if is_last:
        return tests_of(stage)
    return {name: without(text, lifted(stage)) if name.endswith(".cpp") else text
            for name, text in tests_of(stages.predecessor(stage, stage.parent)).items()}


def cut(text, bad):
    """A source with everything blank that holds one of these lines, counted from 1."""
    lines = text.split("\n")
    for item in cpp.items(text):
        if item.kind != "namespace" and not item.member and bad & {*range(item.first,
                                                                          item.last + 1)}:
            bad = bad - {*range(item.first, item.last + 1)}
            lines[item.first - 1:item.last] = [""] * (item.last - item.first + 1)
    for k in bad:
        lines[k - 1] = ""
    return "\n".join(lines)


def names_in(text):
    """The tests of a source."""
    return {item.name for item in cpp.functions(text) if re.fullmatch(r"\w+\.\w+", item.name)}


def _reachable(text, there):
    """The lines that include what is not there."""
    return {k for k, line in enumerate(text.split("\n"), 1)
            if (found := _INCLUDE.match(line)) and found.group(1) not in there}


def _errors(path, folder):
    """{file of the folder: lines} that the compiler has something against in a source."""
    done = subprocess.run(
        [os.environ.get("CXX", "c++"), "-std=c++20", "-fsyntax-only", "-fmax-errors=0",
         f"-I{folder}", path], capture_output=True, text=True)
    found = {}
    for name, line in re.findall(r"(?m)^(\S+?):(\d+):\d+:\s+(?:fatal )?(?:error|  required from)",
                                 done.stderr):
        if Path(name).is_relative_to(folder / "test"):
            found.setdefault(Path(name).relative_to(folder).as_posix(), set()).add(int(line))
    if done.returncode and not found:
        raise RuntimeError(f"{path} does not compile, and no line of a test says why:\n"
                           f"{done.stderr[:2000]}")
    return found


def compilable(stage, folder):
    """The stage's tests, each cut to what compiles on the code in a folder, and written there."""
    there = {path.relative_to(folder).as_posix() for path in (folder / "evolve").rglob("*")}
    texts = tests_of(stage)
    there |= set(texts)
    for name in [name for name in texts if name.endswith(".h")] + \
            [name for name in texts if name.endswith("_test.cpp")]:
        texts[name] = _compilable(name, texts, there, folder)
    return texts


def _compilable(name, texts, there, folder):
    """One test file, cut until it compiles."""
    text = texts[name]
    for _ in range(ROUNDS):
        text = cut(text, missing) if (missing := _reachable(text, there)) else text
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if not (bad := _errors(path, folder).get(name)):
            return text
        text = cut(text, bad)
    raise RuntimeError(f"{name} does not compile after {ROUNDS} rounds of cutting")


def stamp(where):
    """What the outcome of a step depends on, in one word."""
    all_of_it = json.dumps([where.files, tests_of(where.stage), os.environ.get("CXX", "c++")])
    return hashlib.sha256(all_of_it.encode("utf-8", "surrogateescape")).hexdigest()


def _note(where):
    build = Path(os.environ.get("EVOLVE_BUILD") or stages.ROOT / "build")
    return build / "step" / f"{where.name}.json"


def known(where):
    """The outcome of a step's tests if it was found before and nothing has changed; else None."""
    note = _note(where)
    found = json.loads(note.read_text()) if note.is_file() else {}
    return found if found.get("stamp") == stamp(where) else None


def outcome(where, build, made):
    """{passed, failed, broken, stamp}: names of tests; broken are those of the stage before.

    build(where, ...) puts a step's code into its folder and builds it, made(folder, ...) builds
    what is there.
    """
    if found := known(where):
        return found
    folder = build(where, "evolve", tests=False).parent
    texts = compilable(where.stage, folder)
    there = set().union(*(names_in(text) for name, text in texts.items()
                          if name.endswith("_test.cpp")))
    tree = made(folder, "test", tests=True)
    program = next(tree.glob("*_test"))
    done = subprocess.run([program, "--each"], capture_output=True, text=True, errors="replace")
    failed = failures(done.stdout)
    old = set().union(*(names_in(text) for name, text in given(where.stage, False).items()
                        if name.endswith("_test.cpp")))
    found = {"stamp": stamp(where), "passed": sorted(there - failed),
             "failed": sorted(failed - old), "broken": sorted(old - (there - failed))}
    _note(where).write_text(json.dumps(found))
    return found


def failures(text):
    """The tests that failed by what a test program prints; of parameters, one is enough."""
    return set(_FAILED.findall(text))


def report(where, now, before):
    """Lines for a reader."""
    yield f"{where.name}: {len(now['passed'])} tests pass"
    if before:
        news = sorted(set(now["passed"]) - set(before["passed"]))
        lost = sorted(set(before["passed"]) - set(now["passed"]))
        yield from (f"  green now: {name}" for name in news)
        yield from (f"  no longer: {name}" for name in lost)
    yield from (f"  not yet: {name}" for name in now["failed"])
    yield from (f"  BROKEN: {name}" for name in now["broken"])
