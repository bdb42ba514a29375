#!/usr/bin/env python3
"""A chapter is the diff, told: proves it, writes its code anew, and drafts it.

    ./evolve weave N                write the code of stage N's chapter anew from evolve/
    ./evolve weave 3.4 --from DIR   make DIR/evolve the state after step 3.4, and tell it so
    ./evolve draft N                told blocks for every changed line that it does not tell yet

How told blocks are written says told.py, how steps are, steps.py; how lines find their blocks again
say weave.py and lives.py. That a chapter is its diff, and can be read, `./evolve check` asks
replay() and stats().
"""

import statistics
import sys
from typing import NamedTuple

import cpp
import linediff
import stages
import verb
import weave as weaving
from draft import draft
from steps import states, steps_in, steps_of
from stepweave import weave_steps
from told import Block, ChapterError, chapter_of, fenced, lines_of, parse, sources
from weave import consecutive

__all__ = ["Block", "BlockStat", "ChapterError", "draft", "parse", "replay", "stats", "weave"]

MOST_CHANGED = 40  # changed lines in one block
MEDIAN_CODE = 12   # lines of code in the median block
MOST_TOGETHER = 4  # blocks of several files below one paragraph of a step


class BlockStat(NamedTuple):
    """How much one block asks of its reader."""

    block: Block
    changed: int
    code: int


def replay(stage, previous):
    """Why the chapter, applied to the stage before, is not this stage; empty when it is."""
    if not (stage / "README.md").exists():
        return [f"{stage.name}/README.md: there is no chapter"]
    old, new = sources(previous), sources(stage)
    try:
        blocks, steps = parse(chapter_of(stage)), steps_of(stage)
        problems = (_replay_steps(steps, states(stage, previous), new) if steps
                    else _replay_blocks(blocks, old, new))
    except ChapterError as error:
        problems = [error]
    return [f"{stage.name}/{problem}" for problem in problems]


def _replay_blocks(blocks, old, new):
    """Why blocks, applied to sources, do not give other sources."""
    problems = [f"README.md:{block.caption_line}: this block tells nothing"
                for block in blocks if not block.changes()]
    for name in sorted({*old, *new, *(block.file for block in blocks)}):
        ours = [block for block in blocks if block.file == name]
        problems += _replay_file(name, old.get(name), new.get(name), ours)
    return problems


def _replay_steps(steps, found, new):
    """Why steps, which leave these states one after the other, do not give the stage."""
    problems, last = [], found[-1]
    for step, before, after in zip(steps, found, found[1:]):
        problems += _replay_blocks(step.blocks, before, after)
    return problems + [problem for name in sorted({*last, *new})
                       for problem in _unlike(name, last.get(name), new.get(name))]


def _unlike(name, told, new):
    """Where what the steps leave of a file is not the stage's."""
    if new is None:
        yield f"{name}: is left by the steps, but the stage has no such file"
    elif not new.endswith("\n"):
        yield f"{name}: no newline at the end of the file, which a block cannot tell"
    elif told != new:
        region = linediff.regions(lines_of(told or ""), lines_of(new))[0]
        where = "more" if region.new_start == region.new_end else "not this"
        yield (f"{name}:{region.new_start + 1}: the steps leave {where} here; "
               "./evolve weave puts it into them")


def weave(stage, previous, edit=None):
    """The chapter anew, what is left to the author, and the captions whose lines changed."""
    if steps_of(stage):
        return weave_steps(stage, previous, edit)
    return weaving.weave(stage, previous)


def _replay_file(name, old, new, blocks):
    """The problems of one file, given as its texts before and after."""
    if new is None:
        if old is not None:
            return [f"{name}: was there before; files are never deleted or renamed"]
        return [f"README.md:{b.caption_line}: there is no file {name}" for b in blocks]
    if not new.endswith("\n"):
        return [f"{name}: no newline at the end of the file, which a block cannot tell"]
    want = "cpp" if old is None else "diff"
    why = "is new" if old is None else "was there before"
    wrong = [f"README.md:{b.open_line}: {name} {why} and must be told in {want} blocks"
             for b in blocks if b.kind != want]
    if wrong:
        return wrong
    old, new = lines_of(old or ""), lines_of(new)
    return _replay_hunks(name, old, blocks) + _replay_changes(name, old, new, blocks)


def _replay_hunks(name, old, blocks):
    """What is wrong with the frames of hunks: their sizes, and the lines that stay."""
    problems = []
    for hunk in (hunk for block in blocks for hunk in block.hunks):
        if hunk.sizes() != (hunk.b, hunk.d):
            problems.append(f"README.md:{hunk.line}: the hunk's lines are "
                            f"-{hunk.sizes()[0]} +{hunk.sizes()[1]}, not -{hunk.b} +{hunk.d}")
        elif not any(sign != " " for sign, _ in hunk.lines):
            problems.append(f"README.md:{hunk.line}: this hunk changes nothing")
        context = [change for change in hunk.walk() if change.sign == " "]
        problems += [_wrong(name, change, old) for change in context
                     if old[change.old:change.old + 1] != [change.text]]
    return problems


def _replay_changes(name, old, new, blocks):
    """What is told otherwise than in the diff, and what is not told."""
    script = linediff.script(old, new)
    untold = {line: k for k, line in enumerate(script) if line.sign != " "}
    problems, seen = [], set()
    for block in blocks:
        wrong = []
        for change in block.changes():
            side, k = (old, change.old) if change.sign == "-" else (new, change.new)
            if untold.pop(linediff.Line(*change[:4]), None) is None:
                wrong.append(_wrong(name, change, side, (change.sign, k) in seen))
            seen.add((change.sign, k))
        problems += wrong[:1]  # the others follow from it
    for first, *more in consecutive(sorted(untold.values())):
        line = script[first]
        number = line.old if line.sign == "-" else line.new
        also = f" and {len(more)} lines more" if more else ""
        problems.append(f"{name}:{number + 1}: changed, but not told: {line.sign}{line.text}{also}")
    return problems


def _wrong(name, change, lines, is_twice=False):
    """What is wrong with a told line, given the side of the file that it should stand on."""
    side, k = ("new", change.new) if change.sign == "+" else ("old", change.old)
    place = f"{side} line {k + 1} of {name}"
    if is_twice:
        return f"README.md:{change.line}: {place} is told twice"
    why = "the diff does not have it at that place"
    if not 0 <= k < len(lines):
        why = "the file ends before"
    elif lines[k] != change.text:
        why = f"there stands {lines[k]!r}"
    return f"README.md:{change.line}: told as {place}: {change.text!r}; {why}"


def has_prose(lines, start, end, code):
    """Whether lines[start:end] hold a sentence: not code, a heading, a picture or a tag."""
    return any(lines[k].strip() and k not in code
               and not lines[k].lstrip().startswith(("#", "<", "![")) for k in range(start, end))


def stats(stage):
    """A BlockStat for every block, and what is wrong with them for a reader."""
    try:
        text = chapter_of(stage)
        blocks = parse(text)
    except ChapterError as error:
        return [], [f"{stage.name}/{error}"]
    rows = []
    for block in blocks:
        changes = block.changes()
        code = sum(bool(cpp.code_lines(change.text)) for change in changes)
        rows.append(BlockStat(block, len(changes), code))
    problems = (_size_problems(rows) + _caption_problems(blocks)
                + _prose_problems(text, blocks, MOST_TOGETHER if _has_steps(text, stage) else 1))
    return rows, [f"{stage.name}/README.md{problem}" for problem in problems]


def _has_steps(text, stage):
    """Whether a chapter is told in steps, be it wrongly."""
    try:
        return bool(steps_in(text, stages.number(stage)))
    except ChapterError:
        return True


def _size_problems(rows):
    """Blocks that are too long, each and in the median."""
    problems = [f":{row.block.caption_line}: {row.changed} changed lines in one block, "
                f"{MOST_CHANGED} at most" for row in rows if row.changed > MOST_CHANGED]
    median = statistics.median(row.code for row in rows) if rows else 0
    if median > MEDIAN_CODE:
        problems.append(f": the median block has {median:g} lines of code, "
                        f"{MEDIAN_CODE} at most")
    return problems


def _caption_problems(blocks):
    """Captions that name a file and nothing in it."""
    return [f":{block.caption_line}: the caption does not name what part of {block.file} it is"
            for block in blocks if not block.part()]


def _prose_problems(text, blocks, most):
    """Blocks with nothing said before them; `most` of several files may share what is said."""
    lines = lines_of(text)
    code = fenced(lines)
    problems, together = [], 1
    for one, two in zip(blocks, blocks[1:]):
        said = has_prose(lines, one.close_line, two.caption_line - 1, code)
        together = 1 if said else together + 1
        if together > most or (not said and one.file == two.file):
            problems.append(f":{two.caption_line}: no prose between this block and the one before")
    return problems


def _edit(stage, k, folder):
    """The state after a step as it stands in an author's folder, for weave()."""
    if not 1 <= k <= len(steps_of(stage)):
        raise ChapterError(0, f"there is no step {stages.number(stage)}.{k}")
    if not (found := sources(folder)):
        raise ChapterError(0, f"there is nothing in {folder}/evolve")
    return k, found


def _say_weave(stage, step, folder):
    """Weaves one chapter; 1 when something is left to its author."""
    if not (stage / "README.md").exists():
        print(f"{stage.name}/README.md: there is no chapter; ./evolve draft proposes its blocks")
        return 1
    edit = _edit(stage, step, folder) if folder else None
    text, left, touched = weave(stage, stages.predecessor(stage), edit)
    if changed := text != chapter_of(stage):
        (stage / "README.md").write_text(text, encoding="utf-8")
    print(f"{stage.name}: the chapter's code is {'written anew' if changed else 'up to date'}")
    for caption in touched:
        print(f"  read again: {stage.name}/{caption}")
    for line in left:
        print(f"  left to you: {stage.name}/{line}")
    return 1 if left else 0


def _say_draft(stage):
    print(draft(stage, stages.predecessor(stage)), end="")
    return 0


def _arguments(words):
    """The command line; bad usage ends here, with status 2."""
    parser = verb.Parser("", description=__doc__.split("\n")[0])
    parser.add_argument("verb", choices=("weave", "draft"))
    parser.add_argument("place", metavar="N", type=verb.place, help="a stage, or with --from a step")
    parser.add_argument("--from", dest="folder", metavar="DIR", help="has the state of the step")
    args = parser.parse_args(words)
    if (args.place[1] is None) != (args.folder is None) or args.folder and args.verb != "weave":
        parser.error("weave 3 takes the stage's code, weave 3.4 needs --from, draft takes a stage")
    return args


def main(words=None):
    """Runs one verb on a stage; 1 if there is a problem, 2 for bad usage."""
    args = _arguments(words)
    try:
        stage = stages.by_number(args.place[0])
        if args.verb == "draft":
            return _say_draft(stage)
        return _say_weave(stage, args.place[1], args.folder)
    except ChapterError as error:
        print(f"./evolve {args.verb}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
