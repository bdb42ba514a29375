"""The rules on the step from one stage to the next: a reader of the diff sees one mechanism.

Both sides are compared with the diff that the chapters are made of, so that what a rule counts is
what a reader sees.
"""

from typing import NamedTuple

import cpp
import linediff
from checks.core import Note, Problem, below, lines, read, rule, sources
from slices import LIFTED
from stages import number

FIRST_STAGE_LINES = 800
STEP_LINES = 600
BIG_STEPS = {5, 8}  # the numbers of the stages that may add more
BIG_STEP_LINES = 700
NEWEST_LINES = 4000
REMOVED_LINES = 150  # by all steps
WORTH = 8  # characters without white space; a shorter line, like `return;`, proves nothing


class Change(NamedTuple):
    """One region of one file: the lines that left and the lines that came, from index 0."""

    path: object
    old_start: int
    old: list
    new_start: int
    new: list


def _squeezed(text):
    """A line without its white space."""
    return "".join(text.split())


def file_changes(path, old, new):
    """The Changes from one list of lines to another."""
    return [Change(path, r.old_start, old[r.old_start:r.old_end],
                   r.new_start, new[r.new_start:r.new_end]) for r in linediff.regions(old, new)]


def step_changes(previous, stage, *folders):
    """The Changes of all files in these folders from one stage to the next."""
    names = {p.relative_to(s) for s in (previous, stage) for p in below(s, *folders)}
    return [change for name in sorted(names)
            for change in file_changes(name, lines(previous / name), lines(stage / name))]


def _same_run(old, new):
    """Whether both begin with lines that say the same but break or space it otherwise."""
    i = j = 0
    one = two = ""
    while one[:len(two)] == two[:len(one)]:
        if one == two and len(one) >= WORTH:
            return old[:i] != new[:j]
        if len(one) <= len(two):
            if i == len(old):
                return False
            one, i = one + _squeezed(old[i]), i + 1
        else:
            if j == len(new):
                return False
            two, j = two + _squeezed(new[j]), j + 1
    return False


def _open_braces(texts):
    """How many braces these lines open and do not close."""
    code = cpp.masked("\n".join(texts))
    return code.count("{") - code.count("}")


def _is_wrapped(change, i, j):
    """Whether old line i is new line j set in or out, since a brace was put or taken around it."""
    return (change.old[i].strip() == change.new[j].strip()
            and _open_braces(change.old[:i]) != _open_braces(change.new[:j]))


def reformatted(change):
    """(index of the new line, its text) where a region only spaces or breaks old lines anew."""
    if not any(text.strip() for text in change.old + change.new):
        return change.new_start, "only blank lines"
    for i, old in enumerate(change.old):
        for j, new in enumerate(change.new if old.strip() else []):
            if (new.strip() and _same_run(change.old[i:], change.new[j:])
                    and not _is_wrapped(change, i, j)):
                return change.new_start + j, new.strip()
    return None


def _runs(texts):
    """(index, three lines in a row) of what is not blank and not only brackets."""
    kept = [(k, _squeezed(text)) for k, text in enumerate(texts) if text.strip()]
    for one, two, three in zip(kept, kept[1:], kept[2:]):
        run = one[1], two[1], three[1]
        if sum(len(text) >= WORTH for text in run) >= 2:
            yield one[0], run


def moved(changes):
    """(change that lost a run of three lines, index, change that has it now) of what moved."""
    came = {run: change for change in changes for _, run in _runs(change.new)}
    for change in changes:
        for k, run in _runs(change.old):
            if run in came:
                yield change, k, came[run]
                break


@rule("a stage changes no line for its white space, its line breaks or its place alone")
def noise(tree):
    """Judges the diffs of library, samples and tests."""
    for previous, stage in tree.pairs[1:]:
        changes = step_changes(previous, stage, "evolve", "sample", "test")
        for change in changes:
            if found := reformatted(change):
                path = stage / change.path
                path = path if path.exists() else previous / change.path
                yield tree.problem(path, found[0] + 1, f"differs from {previous.name} in white "
                                   f"space or line breaks alone: {found[1]}")
        for change, k, now in moved(changes):
            yield tree.problem(stage / now.path, now.new_start + 1, "moved, not changed: these "
                               f"lines stood in {tree.name(previous / change.path)}:"
                               f"{change.old_start + k + 1}")


@rule("CMakeLists.txt and test/main.cpp are the same files in all stages")
def same_files(tree):
    """Compares every stage's with the first stage's."""
    for name in ("CMakeLists.txt", "test/main.cpp"):
        first = tree.stages[0] / name
        for stage in tree.stages:
            path = stage / name
            if not path.is_file():
                yield tree.problem(path, 0, "missing: copy it from the stage before")
            elif path.read_bytes() != first.read_bytes():
                changes = file_changes(path, lines(first), lines(path))
                place = changes[0].new_start + 1 if changes else 0
                yield tree.problem(path, place, f"differs from {tree.name(first)}")


class Lifted(NamedTuple):
    """A line of docs/lifted.txt: a test that leaves in a stage, and why."""

    line: int
    stage: str
    file: str
    test: str
    reason: str


def _lifted(tree):
    """The Lifted lines, and a problem for each that cannot be read."""
    path, entries, problems = tree.root / "docs/lifted.txt", [], []
    for k, text in enumerate(lines(path), 1):
        if not text.strip() or text.startswith("#"):
            continue
        if found := LIFTED.fullmatch(text):
            entries.append(Lifted(k, **found.groupdict()))
        else:
            form = "`stageNN_name test/FILE Suite.Name: reason`"
            problems.append(tree.problem(path, k, f"not of the form {form}"))
    return entries, problems


def _test_lines(text, test):
    """The indices of a test's lines with the comment above and the blank line below; or none."""
    found = next((f for f in cpp.functions(text) if f.name == test), None)
    if not found:
        return range(0)
    all_lines, comment = text.split("\n"), cpp.comment_lines(text)
    first, last = found.first, found.last
    while first - 1 in comment:
        first -= 1
    if last < len(all_lines) and not all_lines[last].strip():
        last += 1
    return range(first - 1, last)


def _is_kept(old, new):
    """Whether all old lines stand in the new ones, in their order."""
    rest = iter(new)
    return all(line in rest for line in old)


def _lost(tree, previous, stage, name, entries):
    """Problems of one test file that lost lines which no entry allows."""
    text = read(previous / name)
    left = {k for entry in entries for k in _test_lines(text, entry.test)}
    kept = [line for k, line in enumerate(lines(previous / name)) if k not in left]
    if not (stage / name).is_file():
        yield tree.problem(previous / name, 0, f"{stage.name} does not have this file any more")
    elif not _is_kept(kept, lines(stage / name)):
        change = next(c for c in file_changes(name, kept, lines(stage / name)) if c.old)
        yield tree.problem(stage / name, change.new_start + 1, f"a test file only grows, but lost "
                           f"this line of {previous.name}: {change.old[0].strip()} (a test of a "
                           "limit that is lifted leaves whole, and is listed in docs/lifted.txt)")


def _entry_answer(tree, previous, stage, entry):
    """The note for an entry that holds, or the problem of one that does not."""
    place = tree.root / "docs/lifted.txt", entry.line
    if previous is None or not (previous / entry.file).is_file():
        return tree.problem(*place, f"no stage before {entry.stage} has {entry.file}")
    if not _test_lines(read(previous / entry.file), entry.test):
        return tree.problem(*place, f"{tree.name(previous / entry.file)} has no test {entry.test}")
    if (stage / entry.file).is_file() and _test_lines(read(stage / entry.file), entry.test):
        return tree.problem(*place, f"{entry.test} is still in {tree.name(stage / entry.file)}")
    return Note(f"{entry.stage} takes out {entry.test}: {entry.reason}")


@rule("a test of one stage stands unchanged in the next, but for those in docs/lifted.txt")
def tests_grow(tree):
    """Judges what became of every test file, and every entry of docs/lifted.txt."""
    entries, problems = _lifted(tree)
    yield from problems
    known = {stage.name: (previous, stage) for previous, stage in tree.pairs}
    for entry in entries:
        if entry.stage in known:
            yield _entry_answer(tree, *known[entry.stage], entry)
        else:
            yield tree.problem(tree.root / "docs/lifted.txt", entry.line, f"no stage {entry.stage}")
    for previous, stage in tree.pairs[1:]:
        for path in below(previous, "test"):
            name = path.relative_to(previous)
            mine = [e for e in entries if (e.stage, e.file) == (stage.name, name.as_posix())]
            yield from _lost(tree, previous, stage, name, mine)


class Size(NamedTuple):
    """What a stage has of code and what its step adds and removes, in lines."""

    stage: object
    before: int
    code: int
    added: int
    removed: int


def _code(path):
    """The indices of a file's lines of code, neither blank nor comment; none where there is no file."""
    if not path.is_file():
        return set()
    text = cpp.masked(read(path)).split("\n")
    return {k for k, line in enumerate(text) if line.strip()}


def _size(previous, stage):
    """Counts a step of evolve/."""
    before = sum(len(_code(path)) for path in sources(previous, "evolve"))
    code = sum(len(_code(path)) for path in sources(stage, "evolve"))
    if previous is None:
        return Size(stage, 0, code, code, 0)
    added = removed = 0
    for path, i, old, j, new in step_changes(previous, stage, "evolve"):
        removed += len(_code(previous / path) & set(range(i, i + len(old))))
        added += len(_code(stage / path) & set(range(j, j + len(new))))
    return Size(stage, before, code, added, removed)


def _over(size):
    """What a step has too much of."""
    if not size.before and size.code > FIRST_STAGE_LINES:
        yield f"{size.code} lines of code; the first stage may have {FIRST_STAGE_LINES}"
    most = BIG_STEP_LINES if number(size.stage) in BIG_STEPS else STEP_LINES
    if size.before and size.added > most:
        yield f"adds {size.added} lines of code; this step may add {most}"
    if size.code > NEWEST_LINES:
        yield f"{size.code} lines of code; the newest stage may have {NEWEST_LINES}"


@rule(f"evolve/ begins with at most {FIRST_STAGE_LINES} lines of code and ends with at most "
      f"{NEWEST_LINES}; a stage adds at most {STEP_LINES}, two of them {BIG_STEP_LINES}, and all "
      f"together remove at most {REMOVED_LINES}")
def budget(tree):
    """Judges the size of every step, and prints the table."""
    sizes = [_size(previous, stage) for previous, stage in tree.pairs]
    removed = sum(size.removed for size in sizes)
    yield Note(f"{'lines of code in evolve/':28}{'all':>6}{'added':>7}{'removed':>9}")
    for size in sizes:
        yield Note(f"{size.stage.name:28}{size.code:6}{size.added:7}{size.removed:9}")
        for text in _over(size):
            yield Problem(f"{tree.name(size.stage)}/evolve", 0, text)
    yield Note(f"{'removed by all steps':28}{removed:22}")
    if removed > REMOVED_LINES:
        most = max(sizes, key=lambda size: size.removed)
        yield Problem(f"{tree.name(most.stage)}/evolve", 0,
                      f"removes {most.removed} lines of code; all steps together {removed}, and "
                      f"they may remove {REMOVED_LINES}: give the stage before the shape that "
                      f"this one needs")
