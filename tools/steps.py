"""The steps of a chapter: how they are written in Markdown, and the state of the code after each.

A step is a section whose heading is `## 3.4 A heap instead of a list`: the stage's number, the
step's, its title. It ends where the next heading of its level begins. Its told blocks change the
state that the step before left, the first step's the stage before; a file is told in `cpp` pieces
by the step that brings it and in `diff` blocks by those after it. A chapter that has steps tells no
line outside of them. One without is a single change, as it is in told.py.
"""

import re
from dataclasses import dataclass, field

import stages
from told import ChapterError, chapter_of, fenced, lines_of, parse, sources

_HEADING = re.compile(r"##? ")
_STEP = re.compile(r"## (\d+)\.(\d+)\s+(\S.*)$")


class Stop(Exception):
    """Why a command on steps cannot be done."""


@dataclass(eq=False)
class Step:
    """One step; its section is the lines from `line` to before `end`, counted from 1."""

    stage: int
    number: int
    title: str
    line: int
    end: int
    blocks: list = field(default_factory=list)

    @property
    def name(self):
        """What a reader calls it: 3.4."""
        return f"{self.stage}.{self.number}"

    def told(self, file):
        """Every line that its blocks show of a file, unchanged ones too."""
        return [change for block in self.blocks if block.file == file for change in _shown(block)]


def _shown(block):
    """The lines of a block with their context."""
    if block.kind == "cpp":
        return block.changes()
    return [change for hunk in block.hunks for change in hunk.walk()]


def _sections(lines, stage):
    """The steps without their blocks."""
    inside = fenced(lines)
    headings = [k for k, text in enumerate(lines) if _HEADING.match(text) and k not in inside]
    found = []
    for k, end in zip(headings, [*headings[1:], len(lines)]):
        if title := _STEP.match(lines[k]):
            here = (int(title.group(1)), int(title.group(2)))
            if here != (stage, len(found) + 1):
                raise ChapterError(k + 1, f"step {here[0]}.{here[1]} stands where {stage}."
                                          f"{len(found) + 1} has to: steps are counted from 1")
            found.append(Step(*here, title.group(3).strip(), k + 1, end + 1))
    return found


def steps_in(text, stage):
    """The steps of a chapter of the stage with this number, in order; none where it has none."""
    steps = _sections(lines_of(text), stage)
    for block in parse(text) if steps else []:
        home = next((s for s in steps if s.line < block.caption_line < s.end), None)
        if home is None:
            raise ChapterError(block.caption_line, "this block stands in no step of the chapter")
        home.blocks.append(block)
    return steps


def steps_of(stage):
    """The steps of a stage's chapter."""
    return steps_in(chapter_of(stage), stages.number(stage))


def states(stage, previous):
    """The sources before the first step, and after each as its blocks tell them: name to text.

    Raises ChapterError where a block does not fit what is there before it.
    """
    found = [sources(previous)]
    for step in steps_of(stage):
        found.append(applied(found[-1], step))
    return found


def applied(state, step):
    """A state with the blocks of a step applied to it."""
    after = dict(state)
    for name in dict.fromkeys(block.file for block in step.blocks):
        blocks = [block for block in step.blocks if block.file == name]
        want, why = ("diff", "was there before") if name in state else ("cpp", "is new")
        for block in blocks:
            if block.kind != want:
                raise ChapterError(block.open_line, f"{name} {why} and must be told in {want} "
                                                    f"blocks in step {step.name}")
        after[name] = "".join(text + "\n" for text in
                              _applied(name, lines_of(state.get(name, "")), step.told(name)))
    return {name: text for name, text in after.items() if text}


def _applied(name, old, told):
    """The lines of a file after told changes; context may cross what another block adds."""
    new, k = [], 0
    for change in told:
        if change.sign != "+":
            _fits(name, "old", change, old[change.old:change.old + 1] == [change.text])
    for change in sorted((c for c in told if c.sign != " "), key=lambda c: c.old + c.new):
        new += old[k:change.old]
        _fits(name, "old" if change.sign == "-" else "new", change,
              k <= change.old <= len(old) and change.new == len(new))
        k = change.old + (change.sign == "-")
        new += [change.text] if change.sign == "+" else []
    return new + old[k:]


def _fits(name, side, change, does):
    """Complains of a told line that has no place in what is there before it."""
    if not does:
        number = (change.new if side == "new" else change.old) + 1
        raise ChapterError(change.line, f"told as {side} line {number} of {name}: "
                                        f"{change.text!r}; it does not fit the step before")
