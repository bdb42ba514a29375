"""The rules on chapters in steps; a chapter that has none yet keeps them all.

After each step the library builds without a warning, and its program, docs/steps/stageNN/N.K.cpp,
prints something else than on the state before, on which it may not compile if what it shows is new
in the interface. A step begins with the symptom, in words, and ends with what the loop can do now.
Provisional is what comes with one step of a chapter and goes with a later one.
"""

import os
import re
import resource
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from chapter import has_prose
from checks.chapters import Text, steps_of
from checks.core import Note, lines, rule
from checks.transcripts import normal
from lives import FOREVER
from slices import own_names
from stepbuild import compiled, library, own_tests, places, printed, program_of, suite
from steps import Stop
from stepweave import remembered
from told import sources

MOST_CHANGED = 120      # changed lines of a step, in files that were there
MOST_NEW = 250          # lines of a file that comes with a step
MOST_PROVISIONAL = 40   # lines of a step that come and go within the chapter
PROVISIONAL_PART = 6    # of a chapter's changed lines, one in so many may be provisional
NOT_COMPILING_PART = 3  # of a chapter's programs, one in so many may not compile before
LEAST_PROGRAM, MOST_PROGRAM = 15, 40
MOST_WORDS = 730        # of a step
MOST_BESIDE = 1400      # words of a chapter beside its steps
LAST = "Now you have"
MOST_LAST = 3           # lines of that section


def chapters(tree):
    """(stage, previous, steps) of each chapter in steps that can be read."""
    for previous, stage in tree.pairs:
        if found := steps_of(stage, previous):
            yield stage, previous, found


def _parts(text, step):
    """(line, problem) for each part of a step that is missing."""
    if not step.blocks:
        yield step.line, f"step {step.name} changes nothing"
        return
    if not has_prose(text.lines, step.line, step.blocks[0].caption_line - 1, text.fenced):
        yield step.line, f"step {step.name} shows no symptom before it changes something"
    if not has_prose(text.lines, step.blocks[-1].close_line, step.end - 1, text.fenced):
        yield step.line, f"step {step.name} does not say what the loop can do now"
    if not any(re.fullmatch(rf"\$ \./evolve run {re.escape(step.name)}", text.lines[k])
               for k in range(step.line, step.end - 1) if k in text.fenced):
        yield step.line, f"step {step.name} does not show `$ ./evolve run {step.name}`"


@rule("a step has a symptom, its change, its program's run and what the loop can do now, in order; "
      f"a chapter in steps ends with {LAST!r}")
def step_parts(tree):
    for stage, _, found in chapters(tree):
        path = stage / "README.md"
        text = Text(path)
        for step in found:
            for line, why in _parts(text, step):
                yield tree.problem(path, line, why)
        last = text.section(LAST)
        count = sum(bool(text.lines[k].strip()) for k in last[1:])
        if not last or last[0] < found[-1].line:
            yield tree.problem(path, found[-1].line, f"no section {LAST!r} after the last step")
        elif not 1 <= count <= MOST_LAST:
            yield tree.problem(path, last[0] + 1, f"{count} lines, 1 to {MOST_LAST}")


def provisional(steps, first):
    """How many lines each step brings or takes that come and go within the chapter."""
    count = Counter()
    for lives in remembered(steps, first).values():
        for life in lives:
            if life.born and life.dead != FOREVER:
                count[life.born] += 1
                count[life.dead] += 1
    return count


@rule(f"a step changes at most {MOST_CHANGED} lines of files that were there and brings at most "
      f"{MOST_NEW} of a new one; {MOST_PROVISIONAL} of a step, a {PROVISIONAL_PART}th of a chapter "
      f"are provisional; {MOST_WORDS} words tell it, {MOST_BESIDE} what is beside the steps")
def step_sizes(tree):
    for stage, previous, found in chapters(tree):
        path, total, text = stage / "README.md", 0, Text(stage / "README.md")
        words = [text.words(range(step.line - 1, step.end - 1)) for step in found]
        gone = provisional(found, sources(previous))
        for step in found:
            new, old = Counter(), 0
            for block in step.blocks:
                new[block.file] += len(block.changes()) * (block.kind == "cpp")
                old += len(block.changes()) * (block.kind == "diff")
            total += old + new.total()
            yield Note(f"{step.name:5} {step.title:50}{old + new.total():5} lines, "
                       f"{gone[step.number]:3} provisional, {words[step.number - 1]:3} words")
            here = [(old, MOST_CHANGED, "changed lines of files that were there"),
                    (gone[step.number], MOST_PROVISIONAL, "provisional lines"),
                    (words[step.number - 1], MOST_WORDS, "words"),
                    *((count, MOST_NEW, f"lines of {name}") for name, count in new.items())]
            for count, most, what in here:
                if count > most:
                    yield tree.problem(path, step.line,
                                       f"step {step.name}: {count} {what}, {most} at most")
        if gone.total() * PROVISIONAL_PART > total:
            yield tree.problem(path, found[0].line, f"{gone.total()} of {total} changed lines are "
                               f"provisional, a {PROVISIONAL_PART}th at most")
        beside = text.words(range(len(text.lines))) - sum(words)
        if beside > MOST_BESIDE:
            yield tree.problem(path, 0, f"{beside} words beside the steps, {MOST_BESIDE} at most")


def _program(text, path, where, name):
    """What is wrong with a program that a chapter has to show in these lines, if anything."""
    code = lines(path)
    if not path.is_file():
        return "the step has no program"
    if not LEAST_PROGRAM <= len(code) <= MOST_PROGRAM:
        return f"{len(code)} lines, {LEAST_PROGRAM} to {MOST_PROGRAM}"
    if not any(text.lines[start + 1:end] == code for start, end, _ in text.fences
               if start + 1 in where):
        return f"{name} does not show it as it is"
    return None


def _programs(stage, previous, found):
    """(path, lines of the chapter that have to show it, what these are) of a chapter's programs.

    Before the first step of all there may be one, 1.0, that does without the library.
    """
    path = program_of(stage, 0)
    if found and previous is None and path.is_file():
        yield path, range(1, found[0].line), "what is before the first step"
    for step in found:
        yield program_of(stage, step.number), range(step.line, step.end), f"step {step.name}"


@rule(f"each step has and shows a program of {LEAST_PROGRAM} to {MOST_PROGRAM} lines in docs/steps, "
      "and no program there is without a step, but for one before the first of all")
def step_programs(tree):
    wanted = set()
    for previous, stage in tree.pairs:
        text, found = Text(stage / "README.md"), steps_of(stage, previous)
        if found is None:
            wanted |= {*program_of(stage, 1).parent.glob("*")}
        for path, *where in _programs(stage, previous, found or []):
            wanted.add(path)
            if why := _program(text, path, *where):
                yield tree.problem(path, 0, why)
    for path in sorted({*(tree.root / "docs/steps").glob("*/*")} - wanted):
        yield tree.problem(path, 0, "is the program of no step")


def _faulty(where):
    """Why the program of a step does not run on the code after it as it should, or None."""
    now = printed(where.program, where)
    if now is None:
        return f"does not compile after step {where.name}"
    if compiled(where.program, where)[1]:
        return f"compiles with a warning after step {where.name}"
    if now[1] is None:
        return f"does not end after step {where.name}"
    return f"fails after step {where.name} with status {now[1]}" if now[1] else None


def _proved(before, after):
    """(whether a step's program compiles before it, why it does not show what it should or None)."""
    if why := _faulty(after):
        return True, why
    if not before.files:
        return True, None  # the first step of all
    was, now = printed(after.program, before), printed(after.program, after)
    same = f"prints before step {after.name} what it prints after it: {now[0][:60]!r}"
    return was is not None, same if was and _same(was) == _same(now) else None


def _same(run):
    """What a program printed without what differs from run to run, and its status."""
    return [normal(text) for text in run[0].split("\n")], run[1]


def _libraries(tree, where):
    """What has to build of a step: with --full with each compiler, each source by itself."""
    with_clang = where._replace(cxx="clang++", each=True)
    return [where, where._replace(each=True), with_clang] if tree.full else [where]


def _attempt(ask, where):
    """What a question answers of a step, or the Stop that it raises."""
    try:
        return ask(where)
    except Stop as stop:
        return stop


def _asked(ask, found):
    """The answers to a question of each of some Places, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda where: _attempt(ask, where), found))


def _judged(after, built):
    """(whether a step's program compiles before it, why the step is not as it should be or None),
    or the Stop that came of its library."""
    if isinstance(built, Stop):
        return built
    return _proved(after.before, after) if after.program else (True, None)


def _busy():
    """Seconds of the clock until now, and those of processors that builds have taken."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), children.ru_utime + children.ru_stime


def _took(stage, found, since):
    """A note of how long a chapter took."""
    clock, cores = (now - then for now, then in zip(_busy(), since))
    return Note(f"{stage.name}: {len(found)} steps in {clock:.0f} s, {cores:.0f} s of processors")


@rule("after each step the library builds without a warning, and the step's program prints what it "
      f"did not before; at most a {NOT_COMPILING_PART}rd, rounded up, do not compile before; with "
      "--full each source is compiled by itself, with both compilers", builds=True)
def step_states(tree):
    for stage, previous, found in chapters(tree):
        path, red, since = stage / "README.md", 0, _busy()
        states = places(stage, previous)
        if previous is None and states[0].program and (why := _faulty(states[0])):
            yield tree.problem(states[0].program, 0, why)
        built = _asked(lambda where: [library(one) for one in _libraries(tree, where)],
                       states[1:])
        answers = _asked(lambda after: _judged(after._replace(each=tree.full), built[after.k - 1]),
                         states[1:])
        for step, after, answer in zip(found, states[1:], answers):
            if isinstance(answer, Stop):
                yield tree.problem(path, step.line, str(answer))
                break  # what follows is built on it
            compiles, why = answer
            red += not compiles
            if why:
                yield tree.problem(after.program, 0, why)
        if red * NOT_COMPILING_PART > len(found) + NOT_COMPILING_PART - 1:
            yield tree.problem(path, found[0].line,
                               f"{red} of {len(found)} programs do not compile before their step, "
                               f"a {NOT_COMPILING_PART}rd at most, rounded up")
        yield _took(stage, found, since)


def _named(text, step):
    """The tests that a step's prose names."""
    return set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", text.prose(range(step.line, step.end - 1))))


def _middle(found):
    """The step with which half of the chapter's changed lines are in."""
    lines = [sum(len(block.changes()) for block in step.blocks) for step in found]
    return next(k for k in range(1, len(found) + 1) if 2 * sum(lines[:k]) >= sum(lines))


def _sample(found):
    """The steps after which the old tests are run: the first, the middle, and the last but one."""
    return {1, _middle(found), len(found) - 1}


def _quick(where):
    """The place to run many tests at: clang, where there is one, takes half the time for them."""
    return where._replace(cxx="clang++") if shutil.which("clang++") else where


def _red(where, old, named, full):
    """The tests that should pass after a step and do not: old ones if asked for, and named ones.

    The last state is the stage, whose tests are run anyway.
    """
    failed = suite(where if full else _quick(where))[1] if old else []
    if where.is_last and not full:
        return failed
    return failed + sorted(named - set(own_tests(where, None if full else named)["passed"]))


def _tested(tree, old, choose=lambda found: range(1, len(found) + 1)):
    """Judges the tests after the chosen steps of each chapter, the old ones after those of `old`."""
    for stage, previous, found in chapters(tree):
        text, own, since = Text(stage / "README.md"), own_names(stage), _busy()
        some, path = old(found), stage / "README.md"
        chosen = [(found[k - 1], places(stage, previous)[k]) for k in choose(found)]
        named = {step.number: _named(text, step) & own for step, _ in chosen}
        answers = _asked(lambda where: _red(where, where.k in some, named[where.k], tree.full),
                         [where for _, where in chosen])
        for (step, _), answer in zip(chosen, answers):
            if isinstance(answer, Stop):
                yield tree.problem(path, step.line, str(answer))
                break
            for name in answer:
                yield tree.problem(path, step.line, f"{name} does not pass after step {step.name}")
        yield _took(stage, found, since)


@rule("after the first step of a chapter and the one with which half of its changed lines are in, "
      "the tests of the stage before pass, unless docs/lifted.txt names them, and those that the "
      "step names; after the last one the stage's are run anyway", builds=True)
def step_suites(tree):
    """What step_tests proves, of two steps of each chapter: what there is always time for."""
    def some(found):
        return {1, _middle(found)}
    yield from _tested(tree, some, lambda found: sorted(some(found)))


@rule("so they do after the last but one, with --full after each; after each step those of the "
      "stage's own that it names", builds=True)
def step_tests(tree):
    yield from _tested(tree, lambda found: range(1, len(found) + 1) if tree.full else _sample(found))
