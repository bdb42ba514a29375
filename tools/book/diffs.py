"""Two neighbouring stages side by side: a page for each step, folded by file.

A chapter tells the change in the order in which one would make it. Here it stands in the order of
the files, and every changed line of the library leads to the block of the chapter that tells it.
"""

import re
import shutil
from html import escape
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import cpp
import linediff
import stages
import told
from book import highlight, page
from weave import Telling

PARTS = ("evolve", "sample", "cmake", "CMakeLists.txt", "test")
NEAR = 3  # unchanged lines to be seen on each side of a change
_FEW = 4  # a stretch that hides no more than this is not worth a fold


class Run(NamedTuple):
    """Neighbouring lines that all stay, or all change and are told by one block, if by any."""

    lines: list
    block: object = None

    @property
    def stays(self):
        """Whether both stages have these lines."""
        return self.lines[0].sign == " "


class File(NamedTuple):
    """One file of a step: its runs, which cover it, and what is around each line of it now."""

    name: str
    is_new: bool
    runs: list
    around: list

    def count(self, sign):
        """How many lines were added, or removed."""
        return sum(line.sign == sign for run in self.runs for line in run.lines)


class Step(NamedTuple):
    """One stage and the one before it, or None, and where its chapter tells each block."""

    stage: Path
    previous: Path | None
    blocks: list
    sections: dict

    @property
    def number(self):
        return stages.number(self.stage)

    @property
    def title(self):
        if self.previous is None:
            return f"Stage {self.number}, all of it"
        return f"Stages {self.number - 1} and {self.number} side by side"


def _text(folder, name):
    """A file's text, None where the stage does not have it."""
    path = folder / name if folder else None
    return path.read_bytes().decode("utf-8", "replace") if path and path.is_file() else None


def _reading_order(name):
    """The library first, its tests last, a header before its source."""
    return PARTS.index(name.split("/")[0]), re.sub(r"\.h$", ".\0", name)


def names(*folders):
    """All files that any of the stages has, in reading order; chapters are no part of it."""
    found = {path.relative_to(folder).as_posix() for folder in folders if folder
             for part in PARTS for path in [folder / part, *(folder / part).rglob("*")]
             if path.is_file()}
    return sorted(found, key=_reading_order)


def _runs(script, owner):
    """Cuts a whole diff where changed meets unchanged, and where another block tells on."""
    def kind(k):
        return script[k].sign == " ", id(owner(k))
    return [Run([script[k] for k in group], None if stays else owner(group[0]))
            for (stays, _), group in ((key, list(found)) for key, found
                                      in groupby(range(len(script)), kind))]


def compared(step, name):
    old, new = _text(step.previous, name), _text(step.stage, name)
    if name.startswith("evolve/"):
        telling = Telling(name, old, new, step.blocks)
        script, owner = telling.script, telling.owners.get
    else:
        script, owner = linediff.script(told.lines_of(old or ""), told.lines_of(new or "")), _nobody
    return File(name, old is None, _runs(script, owner),
                cpp.enclosing(tuple(told.lines_of(new or ""))))


def _nobody(_):
    """Who tells a line that is no part of the library."""
    return None


def sections(text):
    """For each told block, by its caption's line, the heading that it stands under."""
    lines = told.lines_of(text)
    code = told.fenced(lines)
    found, heading = {}, ""
    for k, line in enumerate(lines):
        if k not in code and (match := re.match(r"#{1,4} (.*)", line)):
            heading = match[1]
        found[k + 1] = heading
    return found


def step_of(stage, previous):
    """What a page needs of two stages and the chapter."""
    text = told.chapter_of(stage)
    return Step(stage, previous, told.parse(text), sections(text))


def _line(name, line, side):
    """One line in its column; its number is no text, so that it is not copied with the code."""
    code = highlight.cpp(line.text) if name.endswith((".h", ".cpp")) else escape(line.text)
    return f'<div data-n="{getattr(line, side) + 1}">{code}</div>'


def _column(name, lines, side, tag, extra=""):
    """The old or the new lines of a run."""
    inner = "".join(_line(name, line, side) for line in lines)
    return f'<{tag} class="{side}"{extra}>{inner}</{tag}>'


def _stay(file, lines):
    """Unchanged lines, on both sides for the eye, once for whoever is read to."""
    left = _column(file.name, lines, "old", "div", ' aria-hidden="true"')
    return f'<div class="pair same">{left}{_column(file.name, lines, "new", "div")}</div>'


def _folded(file, lines):
    """Unchanged lines that are to be unfolded."""
    around = file.around[lines[-1].new] if lines else ""
    where = f" · <code>{escape(around)}</code>" if around else ""
    return (f'<details class="rest"><summary>{len(lines)} lines stay{where}</summary>'
            f"{_stay(file, lines)}</details>")


def _context(file, lines, first, last):
    """An unchanged stretch: what is near a change is seen, the rest folded."""
    head = 0 if first else NEAR
    tail = len(lines) if last else len(lines) - NEAR
    if tail - head <= _FEW:
        return _stay(file, lines)
    parts = [_stay(file, lines[:head]) if head else "", _folded(file, lines[head:tail]),
             _stay(file, lines[tail:]) if tail < len(lines) else ""]
    return "".join(parts)


def _changed(file, run):
    """Removed lines on the left, added ones on the right; a new file has no left."""
    old = [line for line in run.lines if line.sign == "-"]
    new = [line for line in run.lines if line.sign == "+"]
    if file.is_new:
        return f'<div class="whole">{_column(file.name, new, "new", "ins")}</div>'
    return ('<div class="pair">' + _column(file.name, old, "old", "del" if old else "div")
            + _column(file.name, new, "new", "ins" if new else "div") + "</div>")


def _inline_code(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


class Page:
    """The body of one step's page; remembers which blocks it has led to."""

    def __init__(self, step):
        self.step = step
        self.seen = set()

    def _told(self, block):
        """The way to the paragraph that explains what follows; the way back leads to the first."""
        k = self.step.blocks.index(block)
        anchor = page.told_anchor(k)
        name = "" if k in self.seen else f' id="{anchor}"'
        self.seen.add(k)
        section = _inline_code(self.step.sections[block.caption_line])
        part = f'<span class="part">{_inline_code(block.part())}</span>' if block.part() else ""
        return (f'<a class="told"{name} href="{page.chapter_page(self.step.number)}#{anchor}">'
                f"{section}{part}</a>")

    def _body(self, file):
        """All runs of a file, each with the way to where it is told, unless that was just said."""
        out, last = [], None
        for k, run in enumerate(file.runs):
            if run.stays:
                out.append(_context(file, run.lines, k == 0, k + 1 == len(file.runs)))
                last = last if len(run.lines) <= 2 * NEAR + _FEW else None
                continue
            if run.block and run.block is not last:
                out.append(self._told(run.block))
            out.append(_changed(file, run))
            last = run.block
        return "\n".join(out)

    def file(self, file):
        """A file to be unfolded; the library's are, since they are what one comes for."""
        opened = " open" if file.name.startswith("evolve/") else ""
        word = '<span class="word">new</span>' if file.is_new else ""
        return (f'<details class="file" id="{anchor_of(file.name)}"{opened}>'
                f"<summary><code>{escape(file.name)}</code>{word}{_sizes(file)}</summary>"
                f'<div class="sides">{self._body(file)}</div></details>')


def anchor_of(name):
    return "file-" + re.sub(r"[^a-z0-9]+", "-", name.lower())


def _sizes(*files):
    """How much was added and removed."""
    added, removed = (sum(file.count(sign) for file in files) for sign in "+-")
    parts = [f'<span class="added">+{added}</span>'] if added else []
    parts += [f'<span class="removed">−{removed}</span>'] if removed else []
    return f'<span class="sizes">{" ".join(parts)}</span>'


def _contents(files):
    """Which files there are, by folder."""
    rows = []
    for part, group in groupby(files, lambda file: file.name.split("/")[0]):
        group = list(group)
        items = "".join(f'<li><a href="#{anchor_of(f.name)}"><code>'
                        f'{escape(f.name.removeprefix(part + "/"))}</code></a>{_sizes(f)}</li>'
                        for f in group)
        heading = f"<code>{part}/</code>" if "/" in group[0].name else "build"
        rows.append(f"<h2>{heading}{_sizes(*group)}</h2><ul>{items}</ul>")
    return f'<nav class="files" aria-label="Files">{"".join(rows)}</nav>'


def _lead(step, last):
    """What one sees here, and where else to go."""
    chapter = f'<a href="{page.chapter_page(step.number)}">the chapter</a>'
    what = ("Left the stage before, right this one. " if step.previous else
            "There is no stage before, so all of it is new. ")
    ways = [f'<a href="{page.diff_page(n)}">{word}</a>' for n, word in (
        (step.number - 1, f"← Stage {step.number - 1}"),
        (step.number + 1, f"Stage {step.number + 1} →")) if 1 <= n <= last]
    return (f"<p>{what}Above each change of the library stands the section of {chapter} that "
            f"explains it; lines that stay are folded.</p>"
            f'<p class="tools"><button type="button" data-open="true">Unfold all files</button> '
            f'<button type="button" data-open="false">Fold all files</button> '
            f'<span class="ways">{" ".join(ways)}</span></p>')


def body(step, last):
    """The page of a step, without its frame; `last` is the newest stage."""
    files = [compared(step, name) for name in names(step.stage, step.previous)]
    changed = [file for file in files if any(not run.stays for run in file.runs)]
    same = [f"<code>{escape(file.name)}</code>" for file in files if file not in changed]
    writer = Page(step)
    parts = [_lead(step, last), _contents(changed), *map(writer.file, changed)]
    if same:
        parts.append(f'<p class="unchanged">Unchanged: {", ".join(same)}.</p>')
    return "\n".join(parts)


_HEAD = '<link rel="stylesheet" href="diffs.css">\n<script src="diffs.js" defer></script>'


def write(root, out, wrap):
    """Writes the page of every step; returns them as the book lists them."""
    for name in ("diffs.css", "diffs.js"):
        shutil.copy(root / "docs" / "book" / name, out)
    found = stages.stages(root)
    written = []
    for previous, stage in zip([None, *found], found):
        step = step_of(stage, previous)
        file = page.diff_page(step.number)
        back = [(page.chapter_page(step.number), f"Chapter {step.number}")]
        html = wrap(step.title, body(step, len(found)), _HEAD, back)
        (out / file).write_text(html, encoding="utf-8")
        written.append(page.Page(step.title, file, step.number))
    return written
