"""The told blocks of a chapter: how they are written in Markdown, and read back.

A told block is a caption, a blank line and a fence. The caption is one line, a paragraph of its
own, that starts with `evolve/FILE` in backticks, names the function, and ends in a colon. A file
that is new in the stage is told in `cpp` fences, whose caption ends in "line K:"; a file that was
there before is told in `diff` fences of one or more hunks. Any other fence is an illustration.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_CAPTION = re.compile(r"`(evolve/[\w./+-]+)`(.*):$")
_FIRST = re.compile(r"\bline (\d+):$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(?: (.*))?$")


class ChapterError(Exception):
    """A told block that cannot be read; says where and why."""

    def __init__(self, line, why):
        """line is README's, from 1."""
        super().__init__(f"README.md:{line}: {why}")
        self.line = line


class Change(NamedTuple):
    """One line of a hunk or piece: both files' positions before it from 0, its line in README."""

    sign: str
    text: str
    old: int
    new: int
    line: int


@dataclass
class Hunk:
    """One hunk: its header as written, and its lines as (sign, text)."""

    line: int
    a: int
    b: int
    c: int
    d: int
    name: str
    lines: list = field(default_factory=list)

    def walk(self):
        """Every line where the header puts it; a side without lines names the line before it."""
        old = self.a if self.b == 0 else self.a - 1
        new = self.c if self.d == 0 else self.c - 1
        for k, (sign, text) in enumerate(self.lines):
            yield Change(sign, text, old, new, self.line + 1 + k)
            old += sign != "+"
            new += sign != "-"

    def sizes(self):
        """How many old and new lines the hunk really has."""
        return (sum(sign != "+" for sign, _ in self.lines),
                sum(sign != "-" for sign, _ in self.lines))

    def written(self):
        """The hunk in Markdown; a blank context line is left without its space at the end."""
        head = f"@@ -{self.a},{self.b} +{self.c},{self.d} @@ {self.name}".rstrip()
        return [head] + [(sign + text) if text or sign != " " else "" for sign, text in self.lines]


@dataclass(eq=False)
class Block:
    """A told block; line numbers are those of README, from 1."""

    file: str
    kind: str
    caption: str
    caption_line: int
    body: list
    open_line: int
    close_line: int
    first: int | None = None
    hunks: list = field(default_factory=list)

    def runs(self):
        """The lines that the block tells, without context: a list per hunk, or one for a piece."""
        if self.kind == "diff":
            return [[c for c in hunk.walk() if c.sign != " "] for hunk in self.hunks]
        return [[Change("+", text, 0, self.first - 1 + k, self.open_line + 1 + k)
                 for k, text in enumerate(self.body)]]

    def changes(self):
        return [change for run in self.runs() for change in run]

    def part(self):
        """What the caption says that the block is about."""
        rest = _CAPTION.match(self.caption).group(2) + ":"
        return _FIRST.sub("", rest).strip(" ,:")


def lines_of(text):
    """A file's lines; only \\n ends a line, so that joining them gives the file back."""
    return text.removesuffix("\n").split("\n") if text else []


def fences(lines):
    """(opening index, closing index, language) of every fence."""
    k = 0
    while k < len(lines):
        opening = _FENCE.match(lines[k])
        if opening:
            mark, start = opening.group(1), k
            closing = re.compile(rf" {{0,3}}{mark[0]}{{{len(mark)},}}\s*$")
            k += 1
            while k < len(lines) and not closing.match(lines[k]):
                k += 1
            if k == len(lines):
                raise ChapterError(start + 1, "this fence is never closed")
            yield start, k, opening.group(2)
        k += 1


def fenced(lines):
    """The indices of the lines that a fence holds, its own two with them."""
    return {k for start, end, _ in fences(lines) for k in range(start, end + 1)}


def _caption_of(lines, start):
    """The index of the caption of the fence at lines[start], or None for an illustration."""
    above = start - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    if above < 0 or not _CAPTION.match(lines[above]):
        return None
    if above != start - 2:
        raise ChapterError(above + 1, "one blank line must stand between a caption and its fence")
    if above > 0 and lines[above - 1].strip():
        raise ChapterError(above + 1, "a caption must be a paragraph of its own: blank line above")
    return above


def _hunks(body, line):
    """The hunks of a diff fence whose body begins at this line of README."""
    hunks = []
    for k, text in enumerate(body):
        if header := _HUNK.match(text):
            a, b, c, d = (1 if n is None else int(n) for n in header.groups()[:4])
            hunks.append(Hunk(line + k, a, b, c, d, header.group(5) or ""))
        elif text[:1] not in ("", " ", "+", "-"):
            raise ChapterError(line + k, f"neither a hunk header nor a line of a hunk: {text!r}")
        elif not hunks:
            raise ChapterError(line + k, "a diff block must begin with @@ -a,b +c,d @@")
        else:
            hunks[-1].lines.append((text[:1] or " ", text[1:]))
    return hunks


def _block(lines, start, end, kind, above):
    """The told block with its fence at lines[start] to lines[end], its caption at lines[above]."""
    if kind not in ("cpp", "diff"):
        raise ChapterError(start + 1, f"a fence with a caption must be cpp or diff, not {kind!r}")
    block = Block(_CAPTION.match(lines[above]).group(1), kind, lines[above], above + 1,
                  lines[start + 1:end], start + 1, end + 1)
    if kind == "diff":
        block.hunks = _hunks(block.body, start + 2)
        return block
    first = _FIRST.search(block.caption)
    if not first or int(first.group(1)) == 0:
        raise ChapterError(above + 1, 'the caption of a cpp block must end in "line K:"')
    block.first = int(first.group(1))
    return block


def parse(readme_text):
    """The told blocks of a chapter, in the order of its prose."""
    lines = lines_of(readme_text)
    blocks = []
    for start, end, kind in fences(lines):
        above = _caption_of(lines, start)
        if above is not None:
            blocks.append(_block(lines, start, end, kind, above))
    return blocks


def renumbered(caption, first):
    """A cpp caption with its line number set anew."""
    return _FIRST.sub(f"line {first}:", caption)


def chapter_of(stage):
    """The text of a stage's chapter; empty when there is none yet."""
    readme = Path(stage) / "README.md"
    return readme.read_text(encoding="utf-8") if readme.exists() else ""


def sources(stage):
    """The text of every file under evolve/ of a stage, by name; nothing for no stage."""
    if stage is None:
        return {}
    return {path.relative_to(stage).as_posix(): path.read_bytes().decode("utf-8", "surrogateescape")
            for path in sorted((Path(stage) / "evolve").rglob("*")) if path.is_file()}
