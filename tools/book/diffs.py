"""Two states of the code side by side, neighbouring stages or those of a step, folded by file.

A chapter tells the change in the order in which one would make it. Here it stands in the order of
the files, and every changed line of the library leads to the block of the chapter that tells it.
"""

import re
import shutil
from html import escape
from itertools import groupby
from typing import NamedTuple

import cpp
import linediff
import stages
import told
from book import changed, highlight, page, site
from book.kept import anew
from steps import Step, states, steps_in
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
    """One file of a step: its runs, which cover it, and what is around each line of it now.

    links(line, file) says what is a link in a line of code.
    """

    name: str
    is_new: bool
    runs: list
    around: list
    links: object = lambda line, file: ()

    def count(self, sign):
        """How many lines were added, or removed."""
        return sum(line.sign == sign for run in self.runs for line in run.lines)


class Chapter(NamedTuple):
    """What a chapter tells: its blocks, the heading above each, its steps, the states they leave."""

    number: int
    blocks: list
    sections: dict
    steps: list
    states: list = []

    def page_of(self, block):
        """The page of the book that has a block."""
        step = next((step.number for step in self.steps if block in step.blocks), None)
        return page.chapter_page(self.number, step)


class Pair(NamedTuple):
    """Two states of the code, as name to text: around a whole chapter, or around one step of it."""

    chapter: Chapter
    old: dict
    new: dict
    step: Step | None = None
    links: object = lambda line, file: ()

    @property
    def title(self):
        n = self.chapter.number
        if self.step:
            return f"Step {self.step.name} side by side"
        return f"Stages {n - 1} and {n} side by side" if self.old else f"Stage {n}, all of it"

    @property
    def file(self):
        return page.diff_page(self.chapter.number, self.step and self.step.number)


def files_of(folder):
    """The text of every file of a stage by name, its chapter left out; nothing for no stage."""
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8", "replace")
            for part in PARTS for path in [folder / part, *(folder / part).rglob("*")]
            if path.is_file()} if folder else {}


def _reading_order(name):
    """The library first, its tests last, a header before its source."""
    return PARTS.index(name.split("/")[0]), re.sub(r"\.h$", ".\0", name)


def names(*states):
    """All files that any of these states has, in reading order."""
    return sorted({name for files in states for name in files}, key=_reading_order)


def _runs(script, owner):
    """Cuts a whole diff where changed meets unchanged, and where another block tells on."""
    def kind(k):
        return script[k].sign == " ", id(owner(k))
    return [Run([script[k] for k in group], None if stays else owner(group[0]))
            for (stays, _), group in ((key, list(found)) for key, found
                                      in groupby(range(len(script)), kind))]


def compared(pair, name):
    old, new = pair.old.get(name), pair.new.get(name)
    script, owners = _owned(pair, name, old, new)
    return File(name, old is None, _runs(script, owners.get),
                cpp.enclosing(tuple(told.lines_of(new or ""))), pair.links)


def _owned(pair, name, old, new):
    """The diff of a file, and by the place in it the block that tells a changed line."""
    if name.startswith("evolve/") and (pair.step or not pair.chapter.steps):
        telling = Telling(name, old, new, (pair.step or pair.chapter).blocks)
        return telling.script, telling.owners
    script = linediff.script(told.lines_of(old or ""), told.lines_of(new or ""))
    return script, _traced(pair.chapter, name, script) if name.startswith("evolve/") else {}


def _traced(chapter, name, script):
    """Which block of which step tells each changed line of a stage."""
    now = [(line.old, None) for line in script if line.sign != "+"]  # (line at first, block)
    gone = {}
    for step, before, after in zip(chapter.steps, chapter.states, chapter.states[1:]):
        telling, was, now = Telling(name, before.get(name), after.get(name), step.blocks), now, []
        for k, line in enumerate(telling.script):
            if line.sign == "+":
                now.append((None, telling.owners[k]))
            elif line.sign == " ":
                now.append(was[line.old])
            else:
                gone[was[line.old][0]] = telling.owners[k]
    return {k: owner for k, line in enumerate(script) if line.sign != " "
            if (owner := gone.get(line.old) if line.sign == "-" else now[line.new][1])}


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


def chapter_of(stage):
    """The chapter of a stage, without states."""
    text, n = told.chapter_of(stage), stages.number(stage)
    found = steps_in(text, n)
    blocks = [block for step in found for block in step.blocks] if found else told.parse(text)
    return Chapter(n, blocks, sections(text), found)


def pairs(stage, previous):
    """The two stages, and the states around each step of the chapter."""
    found = states(stage, previous)
    chapter = chapter_of(stage)._replace(states=found)
    return [Pair(chapter, files_of(previous), files_of(stage)),
            *(Pair(chapter, *both, step)
              for step, both in zip(chapter.steps, zip(found, found[1:])))]


def _line(file, line, side, marks=()):
    """One line in its column; its number is no text, so that it is not copied with the code."""
    code = highlight.plain(line.text, marks)
    if file.name.endswith((".h", ".cpp")):
        code = highlight.cpp(line.text, file.links(line.text, file.name), marks)
    return f'<div data-n="{getattr(line, side) + 1}">{code}</div>'


def _column(file, lines, side, tag, extra="", marks=None):
    """The old or the new lines of a run, with the changed words of each, if there are."""
    inner = "".join(_line(file, line, side, found)
                    for line, found in zip(lines, marks or [()] * len(lines)))
    return f'<{tag} class="{side}"{extra}>{inner}</{tag}>'


def _stay(file, lines):
    """Unchanged lines, on both sides for the eye, once for whoever is read to."""
    left = _column(file, lines, "old", "div", ' aria-hidden="true"')
    return f'<div class="pair same">{left}{_column(file, lines, "new", "div")}</div>'


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


def _changed(file, run, place=""):
    """Removed lines on the left, added ones on the right; a new file has no left.

    place is put into the tag of the first run of a change, to which the keys lead.
    """
    old = [line for line in run.lines if line.sign == "-"]
    new = [line for line in run.lines if line.sign == "+"]
    if file.is_new:
        return f'<div class="whole"{place}>{_column(file, new, "new", "ins")}</div>'
    marks = changed.spans([line.text for line in old], [line.text for line in new])
    return (f'<div class="pair"{place}>'
            + _column(file, old, "old", "del" if old else "div", marks=marks[0])
            + _column(file, new, "new", "ins" if new else "div", marks=marks[1]) + "</div>")


def _inline_code(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


class Page:
    """The body of a page; remembers which blocks it has led to."""

    def __init__(self, chapter):
        self.chapter = chapter
        self.seen = set()

    def _told(self, block):
        """The way to the paragraph that explains what follows; the way back leads to the first."""
        k = self.chapter.blocks.index(block)
        anchor = page.told_anchor(k)
        name = "" if k in self.seen else f' id="{anchor}"'
        self.seen.add(k)
        section = _inline_code(self.chapter.sections[block.caption_line])
        part = f'<span class="part">{_inline_code(block.part())}</span>' if block.part() else ""
        return (f'<a class="told"{name} href="{self.chapter.page_of(block)}#{anchor}">'
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
            begins = k == 0 or file.runs[k - 1].stays
            out.append(_changed(file, run, ' data-change tabindex="-1"' if begins else ""))
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


def _panel(files):
    """What stays in view: the way from change to change, and the list of the files."""
    ways = "".join(f'<button type="button" data-go="{by}" aria-keyshortcuts="{key}" '
                   f'title="{word} change: key {key}">{arrow} {word} <kbd>{key}</kbd></button>'
                   for by, key, arrow, word in ((-1, "p", "↑", "Previous"), (1, "n", "↓", "Next")))
    return (f'<aside class="panel"><div class="go" role="group" aria-label="Changes">{ways}'
            f'<output aria-live="polite"></output></div><details class="list" open><summary>Files '
            f'<code class="here"></code></summary>{_contents(files)}</details></aside>')


def _ways(pair, last):
    """The ways to the pages before and after: of the stages up to `last`, or of the steps."""
    n, step = pair.chapter.number, pair.step
    here, most, word = (step.number, len(pair.chapter.steps), "Step") if step else (n, last, "Stage")
    for rel, k, text in (("prev", here - 1, f"← {word} {{}}"),
                         ("next", here + 1, f"{word} {{}} →")):
        if 1 <= k <= most:
            file, name = (page.diff_page(n, k), f"{n}.{k}") if step else (page.diff_page(k), k)
            yield site.way(rel, file, text.format(name))


def _lead(pair, last):
    """What one sees here, and where else to go."""
    n, step = pair.chapter.number, pair.step
    chapter = f'<a href="{page.chapter_page(n)}">the chapter</a>'
    before = f"Left the code before {step.name}, right after it. " if step else \
        "Left the stage before, right this one. "
    what = before if pair.old else "There is no stage before, so all of it is new. "
    return (f"<p>{what}Above each change of the library stands the section of {chapter} that "
            f"explains it; lines that stay are folded.</p>"
            f'<p class="tools"><button type="button" data-open="true">Unfold all files</button> '
            f'<button type="button" data-open="false">Fold all files</button> '
            f'<span class="ways">{" ".join(_ways(pair, last))}</span></p>')


def body(pair, last):
    """A page without its frame; `last` is the newest stage."""
    files = [compared(pair, name) for name in names(pair.old, pair.new)]
    differ = [file for file in files if any(not run.stays for run in file.runs)]
    same = [f"<code>{escape(file.name)}</code>" for file in files if file not in differ]
    writer = Page(pair.chapter)
    parts = [_lead(pair, last), f'<div class="diff">{_panel(differ)}<div class="sheets">',
             *map(writer.file, differ)]
    if same:
        parts.append(f'<p class="unchanged">Unchanged: {", ".join(same)}.</p>')
    return "\n".join([*parts, "</div></div>"])


_HEAD = '<link rel="stylesheet" href="diffs.css">\n<script src="diffs.js" defer></script>'


def write(root, out, wrap, known=None, kept=anew):
    """Writes the page of every stage and step; returns them as the book lists them.

    known(n) has the names of stage n's code, which lead somewhere. kept(name, inputs, make) may
    know what make() has returned for these inputs.
    """
    for name in ("diffs.css", "diffs.js"):
        shutil.copy(root / "docs" / "book" / name, out)
    found = stages.stages(root)
    written = []
    for previous, stage in zip([None, *found], found):
        for pair in pairs(stage, previous):
            n, k = pair.chapter.number, pair.step and pair.step.number
            back = [site.belongs_to(stage, k)]
            names = known and known(n)
            pair = pair._replace(links=names.links) if names else pair
            chapter = (stage / "README.md").read_text()
            inputs = [pair.old, pair.new, chapter, n, k, len(found), names and names.key]
            inside = kept(pair.file, inputs, lambda pair=pair: body(pair, len(found)))
            html = wrap(pair.title, inside, _HEAD, back)
            (out / pair.file).write_text(html, encoding="utf-8")
            written.append(page.Page(pair.title, pair.file, n, k))
    return written
