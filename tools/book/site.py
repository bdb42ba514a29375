"""The book's own pages: which there are, in what order, and how one gets from each to others."""

import os
import re
from html import escape
from pathlib import Path
from typing import NamedTuple

import stages
import told
from book import markdown, page
from record import recording
from steps import Step, steps_of

_IN_DOCS = ("using-evolve", "someone-elses-program", "benchmarks")
BEFORE = ["how-to-follow", "the-loop"]
BEHIND = ["seven-answers", "someone-elses-program", "benchmarks", "using-evolve"]
LOOK_UP = ["glossary", "libevent-map", "defects"]


class Text(NamedTuple):
    """A page of prose: the file that it is made from, its name in the book, whose stage or step.

    It may be only the lines of the file from `first` to before `end`, counted from 0.
    """

    path: Path
    label: str
    stage: int | None = None
    step: Step | None = None
    first: int = 0
    end: int | None = None

    @property
    def file(self):
        return f"{self.label}.html"

    @property
    def whole(self):
        """All lines of the file."""
        return told.lines_of(self.path.read_text())

    @property
    def text(self):
        """Its Markdown, of which the first line is the title, whatever it is in the file.

        What is below that heading goes up with it; sections beside it, at the end, do not.
        """
        lines = self.whole[self.first:self.end]
        if self.first:
            inside, end = told.fenced(lines), len(lines)
            sections = [k for k, line in enumerate(lines) if line[:3] == "## " and k not in inside]
            for k in {*range((sections + [end])[1])} - inside:
                lines[k] = re.sub("^##", "#", lines[k])
        return "".join(line + "\n" for line in lines)

    @property
    def title(self):
        """Its heading, without marks of code."""
        first = self.text.split("\n", 1)[0]
        return first.removeprefix("# ").replace("`", "")

    @property
    def told_before(self):
        """How many told blocks of its chapter stand before it."""
        blocks = told.parse(self.path.read_text()) if self.first else []
        return sum(block.open_line <= self.first for block in blocks)


def parts(stage):
    """The pages of a chapter: one, or what is before its steps, each of them, and the rest."""
    n, path, found = stages.number(stage), stage / "README.md", steps_of(stage)
    if not found:
        return [Text(path, f"chapter{n:02}", n)]
    starts = [step.line - 1 for step in found] + [found[-1].end - 1]
    return [Text(path, f"chapter{n:02}", n, end=starts[0]),
            *(Text(path, page.chapter_page(n, step.number).removesuffix(".html"), n, step, *lines)
              for step, lines in zip(found, zip(starts, starts[1:]))),
            Text(path, f"chapter{n:02}_end", n, first=starts[-1])]


def belongs_to(stage, step=None):
    """The page of a chapter, or of one of its steps, and what it is called everywhere."""
    found = next((part for part in parts(stage) if step and part.step and
                  part.step.number == step), parts(stage)[0])
    return found.file, found.title


def chapters(root):
    return [part for stage in stages.stages(root) for part in parts(stage)]


def essays(root, labels):
    """Pages around them."""
    docs = root / "docs"
    return [Text((docs if label in _IN_DOCS else docs / "book") / f"{label}.md", label)
            for label in labels]


def texts(root):
    """All pages of prose, in the order in which they are read."""
    return essays(root, BEFORE) + chapters(root) + essays(root, BEHIND + LOOK_UP)


class Links:
    """Turns the links of a text, which are true on GitHub, into those of the book."""

    def __init__(self, root, prose, sources):
        """prose is all pages of it; other files of the project become pages by `sources`."""
        self.root, self.sources = root, sources
        self.page_of = {os.path.relpath(text.path, root): text.file for text in reversed(prose)}
        self.headings = {}
        for text in prose:
            self.headings[text.path, markdown.slug(text.title)] = text.file
            self.headings |= {(text.path, markdown.slug(heading)):
                              f"{text.file}#{markdown.anchor(text.label, heading)}"
                              for _, heading in markdown.headings(text.text)}
        self.page_of |= {stage.name: page.chapter_page(stages.number(stage))
                         for stage in stages.stages(root)}
        self.page_of |= {"README.md": "index.html", "docs/book/index.md": "index.html"}
        self.page_of |= {os.path.relpath(recording.path(root, n), root): page.replay_page(n)
                         for n in map(stages.number, stages.stages(root))}

    def resolve(self, text, target):
        """The address in the book of a link's target in a text."""
        if re.match(r"\w+:", target):
            return target
        path, _, heading = target.partition("#")
        if not path:
            return self.headings.get((text.path, heading), f"#{text.label}-{heading}")
        relative = os.path.relpath(text.path.parent / path, self.root)
        if known := self.headings.get((self.root / relative, heading)):
            return known
        if relative in self.page_of:
            file = self.page_of[relative]
            return f"{file}#{file.removesuffix('.html')}-{heading}" if heading else file
        if (self.root / relative).is_file():
            return self.sources.address(self.root / relative)
        return target  # a page of the book alone; whether it is there is checked at the end


def lost_tests(text, tests_of, newest):
    """Tests that a text names, and that neither its stage has nor the one before, where one left."""
    stage = text.stage or newest
    known = {**tests_of[stage], **tests_of.get(stage - 1, {})}
    return [f"{text.path.parent.name}/{text.path.name}: there is no test {code}"
            for code in dict.fromkeys(markdown.codes(text.text))
            if re.fullmatch(r"[A-Z]\w+\.[A-Z]\w+", code) and code not in known]


def names(symbols, tests, sources):
    """What inline code leads to: symbols of a stage's reference, and its tests."""
    found = {}
    members = {}
    for symbol in symbols:
        found.setdefault(symbol.name, symbol.href)
        last = symbol.name.rpartition("::")[2]
        members.setdefault(last, set()).add(symbol.href)
    for last, hrefs in members.items():
        if "_" in last and len(hrefs) == 1:  # a name of its own, not a word like any other
            found.setdefault(last, next(iter(hrefs)))

    def address(code):
        name = code.removesuffix("()")
        if name in tests:
            return sources.address(*tests[name])
        return found.get(name.removeprefix("evolve::")) if re.fullmatch(r"[\w:~]+", name) else None
    return address


def _link(href, text):
    return f'<a href="{href}">{escape(text)}</a>'


def way(rel, href, text):
    """A link to the page before or after, to which a key leads, too."""
    key = {"prev": "ArrowLeft", "next": "ArrowRight"}[rel]
    return f'<a rel="{rel}" aria-keyshortcuts="{key}" href="{href}">{escape(text)}</a>'


def neighbours(pages, k):
    """The links to the texts before and after, which stand below each."""
    contents = "index.html", "Contents"
    before = (pages[k - 1].file, pages[k - 1].title) if k else contents
    after = (pages[k + 1].file, pages[k + 1].title) if k + 1 < len(pages) else contents
    both = way("prev", before[0], f"← {before[1]}") + way("next", after[0], f"{after[1]} →")
    return f'<nav class="neighbours" aria-label="Previous and next">{both}</nav>'


def beside(text, extras, moment=None):
    """The links to what belongs to a chapter or a step; `extras` are pages made for them.

    moment is where in the chapter's replay the step's code runs; None if it does not.
    """
    n, k = text.stage, text.step and text.step.number
    links = [] if k is None else [
        f"<span>Step {k} of {len(steps_of(text.path.parent))} of "
        f"{_link(*belongs_to(text.path.parent))}</span>"]
    links += [_link(extra.file, extra.title) for extra in extras
              if extra.stage == n and extra.step == k]
    if moment:
        links.append(_link(f"{page.replay_page(n)}#{moment}", "Watch it run"))
    return f'<nav class="beside" aria-label="Beside this text">{" ".join(links)}</nav>'


def contents(text):
    """The list of the steps, on the first page of a chapter that has some."""
    rows = "".join(f"<li>{_link(part.file, part.title)}</li>"
                   for part in parts(text.path.parent)[1:]) if not text.first else ""
    return f'<nav class="steps" aria-label="Steps"><ul>{rows}</ul></nav>' if rows else ""


def _entries(texts):
    """Entries of the menu: [title, file]."""
    return [[text.title, text.file] for text in texts]


def _group(title, entries):
    """Entries below a title; a single one needs none, and none is no entry."""
    return [[title, None, entries]] if len(entries) > 1 else entries


def _chapter(stage):
    """A chapter's entry, with its steps below it."""
    first, *rest = _entries(parts(stage))
    return [*first, rest] if rest else first


def _kind(extras, kind):
    """The pages beside the chapters whose names begin so."""
    return [extra for extra in extras if extra.file.startswith(kind)]


def _compared(extras):
    """The entries of the stages' diffs, each with those of its steps below it."""
    found = [each for each in _kind(extras, "diff") if each.step is None]
    return [[each.title, each.file, _entries(step for step in _kind(extras, "diff")
                                             if step.stage == each.stage and step.step)]
            for each in found]


def menu(root, extras):
    """All pages in the order in which they are read: [title, file or None, what is below it]."""
    return [
        ["Contents", "index.html"], *_entries(essays(root, BEFORE)),
        *_group("Chapters", [_chapter(stage) for stage in stages.stages(root)]),
        *_entries(essays(root, BEHIND)),
        *_group("Look up", _entries(essays(root, LOOK_UP))),
        *_group("Reference", _entries(_kind(extras, "stage"))),
        *_group("Sources", _entries(_kind(extras, "sources"))),
        *_group("Side by side", _compared(extras)),
        *_group("Watch", _entries(_kind(extras, "replay"))),
    ]
