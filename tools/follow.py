#!/usr/bin/env python3
"""What a reader can do with the steps of a chapter.

    follow.py step                  lists all steps: number, title, changed lines, what one can run
    follow.py step 3.4 [DIR]        puts the code after step 3.4 into DIR (build/step/3.4)
    follow.py diff 3.4              what a step changes; `diff 3.2 3.6`, what several do
    follow.py run 3.4 [--on 3.3]    builds and runs a step's program, or on another step's code
    follow.py test 3.4              builds a step, runs the tests that one has by then
    follow.py mine DIR              how far the code in DIR is, for who types along
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import linediff
import slices
import stages
from steps import place, states, steps_of
from told import ChapterError, lines_of, sources

BUILD = Path(os.environ.get("EVOLVE_BUILD") or stages.ROOT / "build") / "step"


class Stop(Exception):
    """Why a command cannot be done."""


class Place(NamedTuple):
    """The code after a step; k of 0 is the stage before."""

    stage: Path
    k: int
    states: list

    @property
    def name(self):
        return f"{stages.number(self.stage)}.{self.k}"

    @property
    def files(self):
        return self.states[self.k]

    @property
    def is_last(self):
        return self.k == len(self.states) - 1

    @property
    def program(self):
        """The step's own program; None where it has none."""
        path = program_of(self.stage, self.k)
        return path if path.is_file() else None


def program_of(stage, k):
    """Where the program of a step stands."""
    n = stages.number(stage)
    return Path(stage).parent / "docs" / "steps" / f"stage{n:02}" / f"{n}.{k}.cpp"


def find(word, least=1):
    """The Place of `3.4`."""
    n, k = place(word)
    stage = stages.by_number(n)
    found = states(stage, stages.predecessor(stage))
    if k is None or not least <= k < len(found):
        many = f"stage {n} has {len(found) - 1} steps" if len(found) > 1 else \
            f"the chapter of stage {n} is not told in steps yet"
        raise Stop(f"there is no step {word}: {many}")
    return Place(stage, k, found)


def changed(before, after):
    """How many lines differ between two states."""
    return sum(line.sign != " " for name in {*before, *after} for line in
               linediff.script(lines_of(before.get(name, "")), lines_of(after.get(name, ""))))


def listing():
    """A line for each step of all chapters."""
    for stage in stages.stages():
        steps = steps_of(stage)
        found = states(stage, stages.predecessor(stage)) if steps else []
        for step, before, after in zip(steps, found, found[1:]):
            runs = f"./evolve run {step.name}" if program_of(stage, step.number).is_file() else ""
            yield f"{step.name:5} {step.title:50} {changed(before, after):4} lines  {runs}".rstrip()


def write(path, text):
    """Writes a file unless it is so already, so that builds see only what changed."""
    data = text.encode("utf-8", "surrogateescape")
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def put(where, folder):
    """Writes the code after a step into a folder, so that it builds alone.

    The tests are those of the stage before without those that the stage takes out, after the last
    step the stage's own; and the step's program comes as a sample.
    """
    folder = Path(folder)
    before = stages.predecessor(where.stage, where.stage.parent)
    frame = where.stage if where.is_last else before or where.stage
    tests = slices.given(where.stage, where.is_last)
    kept = {**where.files, **tests}
    for part in ("evolve", "test"):
        for path in (folder / part).rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in kept:
                path.unlink()
    for name, text in kept.items():
        write(folder / name, text)
    for path in [frame / "CMakeLists.txt", *(frame / "cmake").rglob("*")]:
        if path.is_file():
            write(folder / path.relative_to(frame), path.read_text())
    if where.program:
        write(folder / "sample" / "step.cpp", where.program.read_text())
    return folder


def put_for_reader(where, folder):
    """put(), but never over somebody's work."""
    if folder and Path(folder).exists() and any(Path(folder).iterdir()):
        raise Stop(f"{folder} is not empty")
    folder = put(where, folder or BUILD / where.name)
    print(f"the code after step {where.name} is in {os.path.relpath(folder)}; to build it:\n"
          f"  cmake -S {os.path.relpath(folder)} -B {os.path.relpath(folder / 'build')}\n"
          f"  cmake --build {os.path.relpath(folder / 'build')}")
    return 0


def build(where, *targets, tests):
    """Builds targets of a step in its own folder; returns the folder of what was built.

    A target is a word that CMake has behind the folder's name.
    """
    folder = put(where, BUILD / where.name)
    return made(folder, *targets, tests=tests)


def made(folder, *targets, tests):
    """Builds targets of a folder that builds alone."""
    tree = folder / "build"
    cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    prefix = "_" + folder.name.replace(".", "_")
    for command in (
            ["cmake", "-S", folder, "-B", tree, "-DCMAKE_BUILD_TYPE=Debug",
             "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON", f"-DBUILD_TESTING={'ON' if tests else 'OFF'}",
             *cache],
            ["cmake", "--build", tree, "-j", str(os.cpu_count()), "--target",
             *(f"{prefix}_{target}" for target in targets)]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Stop(f"{folder.name} does not build:\n{done.stdout}{done.stderr}")
    return tree


def compiled(program, where):
    """(the program built on the code after a step, or None; what the compiler says)."""
    tree = build(where, "evolve", tests=False)
    to = tree / program.stem
    library = next(tree.glob("lib*_evolve.a"))
    done = subprocess.run(
        [os.environ.get("CXX", "c++"), "-std=c++20", "-Wall", "-Wextra", f"-I{tree.parent}",
         program, library, "-pthread", "-o", to], capture_output=True, text=True)
    return (None if done.returncode else to), done.stderr


def run(where, on):
    """Runs a step's program on the code after it, or after another step."""
    if not where.program:
        raise Stop(f"step {where.name} has no program")
    program, said = compiled(where.program, on)
    if program is None:
        error = next((text for text in said.split("\n") if " error: " in text), said)
        print(f"does not compile on {on.name}: {error.partition(' error: ')[2] or error}")
        return 1
    return subprocess.run([program], check=False).returncode


def diff(one, two):
    """Shows what leads from one state to another, as git does."""
    sides = [BUILD / "diff" / where.name for where in (one, two)]
    for side, where in zip(sides, (one, two)):
        shutil.rmtree(side, ignore_errors=True)
        for name, text in where.files.items():
            write(side / name, text)
    done = subprocess.run(["git", "diff", "--no-index", "--", *(side.name for side in sides)],
                          cwd=BUILD / "diff", check=False)
    return 0 if done.returncode <= 1 else 1


def test(where):
    """Builds a step with the tests that compile on it, and runs them; says what it makes green."""
    now = slices.outcome(where, build, made)
    before = slices.known(where._replace(k=where.k - 1)) if where.k > 1 else None
    for line in slices.report(where, now, before):
        print(line)
    return 1 if now["broken"] else 0


def nearest(mine, found):
    """(k, whether the code is just that state) for the step that the code in a folder is after.

    Between two states there is code that takes the shortest way from one to the other; the detour
    is what was typed otherwise.
    """
    far = [changed(mine, state) for state in found]
    if 0 in far:
        return len(far) - 1 - far[::-1].index(0), True
    detours = [(far[k] + far[k + 1] - changed(found[k], found[k + 1]), far[k], k)
               for k in range(len(found) - 1)]
    return min(detours)[2], False


def lacking(mine, goal):
    """A line for each place where the code in a folder is not yet what it has to be."""
    for name in sorted({*mine, *goal}):
        if name not in mine:
            yield f"{name} is missing"
        elif name not in goal:
            yield f"{name} is more than there is"
        else:
            for region in linediff.regions(lines_of(mine[name]), lines_of(goal[name])):
                yield f"{name}: {_lack(region)}"


def _lack(region):
    """What is to do in one place."""
    a, b, c, d = region
    if a == b:
        return f"{_span(c, d)} of the step {'is' if d == c + 1 else 'are'} missing"
    if c == d:
        return f"your {_span(a, b)} {'goes' if b == a + 1 else 'go'}"
    return f"your {_span(a, b)} {'is' if b == a + 1 else 'are'} {_span(c, d)} of the step"


def _span(first, end):
    return f"line {end}" if end == first + 1 else f"lines {first + 1} to {end}"


def mine(folder):
    """Says how far a folder is along the steps of the chapter that it fits best."""
    own = sources(folder)
    if not own:
        raise Stop(f"there is nothing in {folder}/evolve")
    chapters = [(stage, states(stage, stages.predecessor(stage)))
                for stage in stages.stages() if steps_of(stage)]
    if not chapters:
        raise Stop("no chapter is told in steps yet")
    stage, found = min(chapters, key=lambda one: min(changed(own, state) for state in one[1]))
    k, exact = nearest(own, found)
    here = Place(stage, k, found)
    if exact:
        print(f"you are after {here.name}" if k else f"you are before {here._replace(k=1).name}")
        return 0
    following = here._replace(k=k + 1)
    print(f"you are between {here.name} and {following.name}" if k else
          f"you are in {following.name}")
    for line in lacking(own, following.files):
        print(f"  {line}")
    return 0


def _arguments(words):
    """The command line; bad usage ends here, with status 2."""
    parser = argparse.ArgumentParser(prog="evolve", description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, *names in (("step", "step?", "folder?"), ("diff", "step", "to?"), ("run", "step"),
                         ("test", "step"), ("mine", "folder")):
        one = verbs.add_parser(verb)
        for name in names:
            one.add_argument(name.rstrip("?"), nargs="?" if name.endswith("?") else None)
    verbs.choices["run"].add_argument("--on", metavar="STEP")
    return parser.parse_args(words)


def _done(args):
    """Does what the command line says."""
    if args.verb == "mine":
        return mine(args.folder)
    if args.verb == "step" and args.step is None:
        found = list(listing())
        print("\n".join(found) or "no chapter is told in steps yet")
        return 0
    where = find(args.step)
    if args.verb == "step":
        return put_for_reader(where, args.folder)
    if args.verb == "diff":
        return diff(where._replace(k=where.k - 1), find(args.to) if args.to else where)
    if args.verb == "run":
        return run(where, find(args.on, least=0) if args.on else where)
    return test(where)


def main(words=None):
    args = _arguments(words)
    try:
        return _done(args)
    except (Stop, ChapterError, ValueError) as why:
        print(f"evolve {args.verb}: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
