"""The book's own pages: which there are, in what order, and how one gets from each to others."""

import os
import re
from html import escape
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import stages
from book import markdown, page

_SHORT = {"seven-answers": "Seven answers", "using-evolve": "Using evolve",
          "someone-elses-program": "Someone else's program",
          "defects": "Defects of libevent"}
BEFORE = ["how-to-follow", "the-loop"]
BEHIND = ["seven-answers", "someone-elses-program", "using-evolve"]
LOOK_UP = ["glossary", "libevent-map", "defects"]


class Text(NamedTuple):
    """A page of prose: the file that it is made from, its name in the book, whose stage."""

    path: Path
    label: str
    stage: int | None = None

    @property
    def file(self):
        return f"{self.label}.html"

    @property
    def title(self):
        """Its heading, without marks of code."""
        first = self.path.read_text().split("\n", 1)[0]
        return first.removeprefix("# ").replace("`", "")


def chapters(root):
    return [Text(stage / "README.md", f"chapter{stages.number(stage):02}", stages.number(stage))
            for stage in stages.stages(root)]


def essays(root, labels):
    """Pages around them."""
    folder = {"using-evolve": root / "docs", "someone-elses-program": root / "docs"}
    return [Text(folder.get(label, root / "docs" / "book") / f"{label}.md", label)
            for label in labels]


def texts(root):
    """All pages of prose, in the order in which they are read."""
    return essays(root, BEFORE) + chapters(root) + essays(root, BEHIND + LOOK_UP)


class Links:
    """Turns the links of a text, which are true on GitHub, into those of the book."""

    def __init__(self, root, prose, sources):
        """prose is all pages of it; other files of the project become pages by `sources`."""
        self.root, self.sources = root, sources
        self.page_of = {os.path.relpath(text.path, root): text.file for text in prose}
        self.page_of |= {stage.name: page.chapter_page(stages.number(stage))
                         for stage in stages.stages(root)}
        self.page_of["README.md"] = "index.html"

    def resolve(self, text, target):
        """The address in the book of a link's target in a text."""
        if re.match(r"\w+:", target):
            return target
        path, _, heading = target.partition("#")
        if not path:
            return f"#{text.label}-{heading}"
        relative = os.path.relpath(text.path.parent / path, self.root)
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
            for code in dict.fromkeys(markdown.codes(text.path.read_text()))
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


def neighbours(pages, k):
    """The links to the texts before and after, which stand below each."""
    contents = "index.html", "Contents"
    before = (pages[k - 1].file, pages[k - 1].title) if k else contents
    after = (pages[k + 1].file, pages[k + 1].title) if k + 1 < len(pages) else contents
    both = _link(before[0], f"← {before[1]}") + _link(after[0], f"{after[1]} →")
    return f'<nav class="neighbours" aria-label="Previous and next">{both}</nav>'


def beside(stage, extras):
    """The links to what belongs to a stage's chapter; `extras` are pages made for it."""
    links = [_link(page.reference_page(stage), "API reference")]
    links += [_link(extra.file, extra.title) for extra in extras if extra.stage == stage]
    return f'<nav class="beside" aria-label="Beside this chapter">{" ".join(links)}</nav>'


def _tab(url, title):
    """One entry of the side tree and the menu."""
    return f"<tab type='user' url={quoteattr(url)} title={quoteattr(title)}/>"


def _group(title, tabs):
    """Entries under one heading."""
    if not tabs:
        return ""
    return f'<tab type="usergroup" title="{escape(title)}">{"".join(tabs)}</tab>'


def layout(template, root, extras):
    """Doxygen's layout file with the book's order in place of its own lists."""
    before, behind, look_up = (
        [_tab(text.file, _SHORT.get(text.label, text.title)) for text in essays(root, labels)]
        for labels in (BEFORE, BEHIND, LOOK_UP))
    parts = [
        '<tab type="mainpage" visible="yes" title="Contents"/>', *before,
        _group("Chapters", [_tab(text.file, text.title) for text in chapters(root)]),
        *behind,
        _group("Look up", look_up),
        _group("Reference", [_tab(page.reference_page(text.stage), f"Stage {text.stage}")
                             for text in chapters(root)]),
        _group("Side by side", [_tab(e.file, e.title) for e in extras if e.file[:4] == "diff"]),
        _group("Watch", [_tab(e.file, e.title) for e in extras if e.file[:6] == "replay"]),
    ]
    return re.sub(r"<navindex>.*?</navindex>", f"<navindex>{''.join(parts)}</navindex>", template,
                  flags=re.S)
