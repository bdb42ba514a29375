"""The rules on chapters in steps; a chapter that has none yet keeps them all.

After each step the library builds without a warning, and its program, docs/steps/stageNN/N.K.cpp,
prints something else than on the state before, on which it may not compile if what it shows is new
in the interface. A step begins with the symptom, in words, and ends with what the loop can do now.
Provisional is what comes with one step of a chapter and goes with a later one.
"""

import re
import subprocess
from collections import Counter

import follow
import steps as told_steps
from checks.chapters import Text
from checks.core import Note, lines, rule
from lives import FOREVER
from stepweave import remembered
from told import ChapterError, sources

MOST_CHANGED = 120      # changed lines of a step, in files that were there
MOST_NEW = 250          # lines of a file that comes with a step
MOST_PROVISIONAL = 40   # lines of a step that come and go within the chapter
PROVISIONAL_PART = 6    # of a chapter's changed lines, one in so many may be provisional
NOT_COMPILING_PART = 3  # of a chapter's programs, one in so many may not compile before
LEAST_PROGRAM, MOST_PROGRAM = 15, 40
LAST = "Now you have"
MOST_LAST = 4           # lines of that section


def chapters(tree):
    """(stage, previous, steps) of each chapter in steps that can be read; replay says of others."""
    for previous, stage in tree.steps:
        try:
            if found := told_steps.steps_of(stage):
                told_steps.states(stage, previous)
                yield stage, previous, found
        except ChapterError:
            pass


def _prose(text, start, end):
    """Whether there is a sentence in these lines, counted from 1, the end not among them."""
    return any(text.lines[k - 1].strip() and k - 1 not in text.fenced
               and not text.lines[k - 1].startswith(("#", "`evolve/", "<", "!["))
               for k in range(start, end))


def _parts(text, step):
    """(line, problem) for each part of a step that is missing."""
    if not step.blocks:
        yield step.line, f"step {step.name} changes nothing"
        return
    if not _prose(text, step.line + 1, step.blocks[0].caption_line):
        yield step.line, f"step {step.name} shows no symptom before it changes something"
    if not _prose(text, step.blocks[-1].close_line + 1, step.end):
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
      "are provisional")
def step_sizes(tree):
    for stage, previous, found in chapters(tree):
        path, total = stage / "README.md", 0
        gone = provisional(found, sources(previous))
        for step in found:
            new, old = Counter(), 0
            for block in step.blocks:
                new[block.file] += len(block.changes()) * (block.kind == "cpp")
                old += len(block.changes()) * (block.kind == "diff")
            total += old + new.total()
            yield Note(f"{step.name:5} {step.title:50}{old + new.total():5} lines, "
                       f"{gone[step.number]:3} provisional")
            here = [(old, MOST_CHANGED, "changed lines of files that were there"),
                    (gone[step.number], MOST_PROVISIONAL, "provisional lines"),
                    *((count, MOST_NEW, f"lines of {name}") for name, count in new.items())]
            for count, most, what in here:
                if count > most:
                    yield tree.problem(path, step.line,
                                       f"step {step.name}: {count} {what}, {most} at most")
        if gone.total() * PROVISIONAL_PART > total:
            yield tree.problem(path, found[0].line, f"{gone.total()} of {total} changed lines are "
                               f"provisional, a {PROVISIONAL_PART}th at most")


@rule(f"each step has a program of {LEAST_PROGRAM} to {MOST_PROGRAM} lines in docs/steps, and no "
      "program there is without a step")
def step_programs(tree):
    wanted = {follow.program_of(stage, step.number)
              for stage, _, found in chapters(tree) for step in found}
    for path in sorted({*wanted, *(tree.root / "docs/steps").glob("*/*")}):
        count = len(lines(path))
        if path not in wanted:
            yield tree.problem(path, 0, "is the program of no step")
        elif not path.is_file():
            yield tree.problem(path, 0, "the step has no program")
        elif not LEAST_PROGRAM <= count <= MOST_PROGRAM:
            yield tree.problem(path, 0, f"{count} lines, {LEAST_PROGRAM} to {MOST_PROGRAM}")


def _printed(program, where):
    """What a program prints on a state, with its exit status; None if it does not compile."""
    built, _ = follow.compiled(program, where)
    if built is None:
        return None
    done = subprocess.run([built], capture_output=True, text=True, errors="replace", timeout=20)
    return done.stdout, done.returncode


def _proved(program, before, after):
    """(whether it compiles before, why the step does not do what it should or None)."""
    now = _printed(program, after)
    if now is None:
        return True, f"the program does not compile after step {after.name}"
    if now[1]:
        return True, f"the program fails after step {after.name} with status {now[1]}"
    if not before.files:
        return True, None  # the first step of all
    try:
        was = _printed(program, before)
    except subprocess.TimeoutExpired:
        return True, None  # to hang is a symptom
    same = f"prints before step {after.name} what it prints after it: {now[0][:60]!r}"
    return was is not None, same if was == now else None


def _states(stage, previous):
    """The Places of a chapter, the stage before the first."""
    found = told_steps.states(stage, previous)
    return [follow.Place(stage, k, found) for k in range(len(found))]


@rule("after each step the library builds without a warning, and the step's program prints what it "
      f"did not before; at most a {NOT_COMPILING_PART}rd do not compile before", builds=True)
def step_states(tree):
    for stage, previous, found in chapters(tree):
        places, red = _states(stage, previous), 0
        for before, after in zip(places, places[1:]):
            if not after.program:
                continue
            try:
                compiles, why = _proved(after.program, before, after)
            except follow.Stop as stop:
                yield tree.problem(stage / "README.md", found[after.k - 1].line, str(stop))
                continue
            except subprocess.TimeoutExpired:
                compiles, why = True, f"does not end after step {after.name}"
            red += not compiles
            if why:
                yield tree.problem(after.program, 0, why)
        if red * NOT_COMPILING_PART > len(found) + NOT_COMPILING_PART - 1:
            yield tree.problem(stage / "README.md", found[0].line,
                               f"{red} of {len(found)} programs do not compile before their step, "
                               f"a {NOT_COMPILING_PART}rd at most")
