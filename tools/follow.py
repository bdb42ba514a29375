#!/usr/bin/env python3
"""What a reader can do with the steps of a chapter.

    follow.py step                  lists all steps: number, title, changed lines, what one can run
    follow.py step 3.4 [DIR]        puts the code after step 3.4 into DIR (build/step/3.4)
    follow.py diff 3.4 [3.6]        writes what is before and after, for tools/diff.sh to compare
    follow.py run 3.4 [--on 3.3]    builds and runs a step's program, or on another step's code
    follow.py test 3.4              builds a step, runs the tests that one has by then
    follow.py mine DIR              how far the code in DIR is, for those who type along

3.0 is the stage before, where that makes sense: for `step` and `--on`. Before 1.1 there is nothing:
`step 1.0` is a folder to begin in, and `run 1.0` a program that uses no library.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import linediff
import stages
import verb
from stepbuild import Place, compiled, find, library, own_tests, program_of, put, suite, write
from steps import Stop, states, steps_of
from told import ChapterError, lines_of, sources


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


def put_for_reader(where, folder):
    """put(), but never over somebody's work; what a reader builds there, no tool builds."""
    to = Path(folder or where.folder)
    if folder and to.exists() and not to.is_dir():
        raise Stop(f"{folder} is no folder")
    if folder and to.is_dir() and any(to.iterdir()):
        raise Stop(f"{folder} is not empty")
    put(where, to)
    anew, tree = ("", "build") if folder else (", which is made anew each time", "by-hand")
    here = os.path.relpath(to)
    if not where.files:
        print(f"what the first step begins with is in {here}{anew}; there is nothing to build yet")
        return 0
    print(f"the code after step {where.name} is in {here}{anew}; to build it:\n"
          f"  cmake -S {here} -B {here}/{tree}\n"
          f"  cmake --build {here}/{tree}")
    return 0


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
    """Writes two states of the code into build/step/diff, and says their names."""
    for where in (one, two):
        side = two.folder.parent / "diff" / where.name
        shutil.rmtree(side, ignore_errors=True)
        side.mkdir(parents=True)
        for name, text in where.files.items():
            write(side / name, text)
    print(one.name, two.name)
    return 0


def tested(where):
    """Runs the tests that have to pass on some code, if there are any; whether they do."""
    passed, failed = suite(where)
    if not passed and not failed:
        return True
    print(f"{passed} tests of the stage before pass, {len(failed)} fail")
    for name in failed:
        print(f"  FAILED: {name}")
    return not failed


def compare(what, before, now):
    """Says which of a stage's own tests pass on some code, and how that differs from before."""
    one = set(own_tests(before)["passed"]) if before.k else set()
    two = set(own_tests(now)["passed"])
    print(f"{len(two)} tests of {now.stage.name} pass; {what}: {len(two - one)} more, "
          f"{len(one - two)} less")
    for sign, names in (("+", two - one), ("-", one - two)):
        for name in sorted(names):
            print(f"  {sign} {name}")


def test(where):
    """Runs the tests that one has after a step; says what it makes green."""
    good = tested(where)
    compare(f"by step {where.name}", where.before, where)
    return 0 if good else 1


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


class Mine(Place):
    """The code of a reader, who is before some state."""

    name = "mine"


def _reached(here, later):
    """Where somebody is who has all of a step; `later` is the first step of the next chapter."""
    if not here.k:
        return f"you are before {here._replace(k=1).name}"
    more = f", and before {later[0].name}" if here.is_last and later else ""
    return f"you are after {here.name}{more}"


def mine(folder):
    """Says how far a folder is along the steps of the chapter that it fits best, and tests it."""
    own = sources(folder)
    if not own:
        raise Stop(f"there is nothing in {folder}/evolve")
    chapters = [(stage, states(stage, stages.predecessor(stage)))
                for stage in stages.stages() if steps_of(stage)]
    if not chapters:
        raise Stop("no chapter is told in steps yet")
    # The end of one chapter is the beginning of the next, to which what is more than that belongs.
    far = [min(changed(own, state) for state in found) for _, found in chapters]
    closest = [at for at, one in enumerate(far) if one == min(far)]
    at = closest[-1 if min(far) else 0]
    stage, found = chapters[at]
    k, exact = nearest(own, found)
    here = Place(stage, k, found)
    if exact:
        print(_reached(here, [Place(stage, 1, found) for stage, found in chapters[at + 1:at + 2]]))
        return 0
    following = here._replace(k=k + 1)
    print(f"you are between {here.name} and {following.name}" if k else
          f"you are in {following.name}")
    for line in lacking(own, following.files):
        print(f"  {line}")
    return try_out(Mine(stage, 0, [own, found[k + 1]]), here, folder)


def try_out(code, here, folder):
    """Builds and tests the code of a reader who is after a step."""
    try:
        library(code)
    except Stop as stop:
        errors = [text for text in str(stop).split("\n") if " error: " in text]
        print("\n".join(["it does not build:", *errors[:8]])
              .replace(f"{code.folder}/", f"{folder}/"))
        return 1
    good = tested(code)
    compare(f"since {here.name}", here, code)
    return 0 if good else 1


VERBS = {"step": ("step?", "folder?"), "diff": ("step", "to?"), "run": ("step",),
         "test": ("step",), "mine": ("folder",)}  # and the words behind each


def _arguments(words):
    """The command line; bad usage ends here, with status 2."""
    first = verb.Parser(description=__doc__.split("\n")[0])
    first.add_argument("verb", choices=VERBS)
    chosen = first.parse_args(words[:1])
    parser = verb.Parser(chosen.verb)
    for word in VERBS[chosen.verb]:
        kind, metavar = (str, "DIR") if word.startswith("folder") else (verb.place, "N.K")
        parser.add_argument(word.rstrip("?"), nargs="?" if word.endswith("?") else None, type=kind,
                            metavar=metavar)
    if chosen.verb == "run":
        parser.add_argument("--on", metavar="N.K", type=verb.place)
    return parser.parse_args(words[1:], chosen)


def _done(args):
    """Does what the command line says."""
    if args.verb == "mine":
        return mine(args.folder)
    if args.verb == "step" and args.step is None:
        found = list(listing())
        print("\n".join(found) or "no chapter is told in steps yet")
        return 0
    where = find(args.step, least=0 if args.verb in ("step", "run") else 1)
    if args.verb == "step":
        return put_for_reader(where, args.folder)
    if args.verb == "diff":
        return diff(where.before, find(args.to) if args.to else where)
    if args.verb == "run":
        return run(where, find(args.on, least=0) if args.on else where)
    return test(where)


def main(words=None):
    args = _arguments(sys.argv[1:] if words is None else words)
    try:
        return _done(args)
    except (Stop, ChapterError) as why:
        print(f"./evolve {args.verb}: {why}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
