"""The rules on chapters as texts: each is the diff, can be read, and has all its parts."""

import os
import re
from pathlib import Path

import chapter
import steps
import told
from checks.core import Problem, lines, read, rule

MOST_WORDS = 5600  # of a chapter without steps; checks/steps.py says how many a step may have
QUESTIONS = 3
SECTIONS = ["How libevent does it", "Where we differ, and why", "Try it", "Predict", "Exercise",
            "What comes next"]


def as_problem(text):
    """A Problem from `path:line: text` or `path: text`."""
    path, line, rest = re.fullmatch(r"([^:]+):(?:(\d+):)? ?(.*)", text, re.DOTALL).groups()
    return Problem(path, int(line or 0), rest)


def steps_of(stage, previous):
    """A chapter's steps, None where it cannot be read; replay says why."""
    try:
        steps.states(stage, previous)
        return steps.steps_of(stage)
    except told.ChapterError:
        return None


@rule("every chapter, applied to the stage before, gives its stage, each changed line told once")
def replay(tree):
    """Proves each chapter with the tool that weaves them."""
    for previous, stage in tree.pairs:
        yield from map(as_problem, chapter.replay(stage, previous))


def fences(text_lines):
    """The fences of a Markdown text; none where one is never closed, which `blocks` reports."""
    try:
        return list(told.fences(text_lines))
    except told.ChapterError:
        return []


def fenced(text_lines):
    """The indices of the lines that a fence of a Markdown text holds, its own two with them."""
    return {k for start, end, _ in fences(text_lines) for k in range(start, end + 1)}


class Text:
    """A chapter's lines, its headings, and which lines a fence holds; indices count from 0."""

    def __init__(self, path):
        self.lines = lines(path)
        self.fences = fences(self.lines)
        self.fenced = fenced(self.lines)
        self.headings = [(k, text.lstrip("#").strip()) for k, text in enumerate(self.lines)
                         if re.match(r"#+ ", text) and k not in self.fenced]

    def section(self, title):
        """The indices from a heading that begins with this title to the next; empty without it."""
        for (k, text), following in zip(self.headings, [*self.headings[1:], (len(self.lines), "")]):
            if text.lower().startswith(title.lower()):
                return range(k, following[0])
        return range(0)

    def prose(self, where):
        """The text of these lines, fences left out."""
        return "\n".join(self.lines[k] for k in where if k not in self.fenced)

    def words(self, where):
        """How many words a reader reads in these lines, code not counted."""
        prose = re.sub(r"<[^>]+>|\]\([^)]*\)", " ", self.prose(where))
        return len(re.findall(r"[^\W_][\w'-]*", prose))


def _opening(text, blocks):
    """What the part before the first told block lacks."""
    end = blocks[0].caption_line - 1 if blocks else len(text.lines)
    first_section = next((k for k, title in text.headings[1:]), end)
    if "?" not in text.prose(range(min(end, first_section))):
        yield 1, "opens without the question that the stage answers"
    drawn = any(kind in ("text", "mermaid", "") and end > start + 3
                for start, end, kind in text.fences if start < end)
    shown = re.search(r"!\[[^]]*\]\(|<img ", text.prose(range(end)))
    if not shown and not drawn:
        yield 1, "has no picture (an image or a text figure) before its first told block"


def _predict(text):
    """What the questions lack: each is folded with its answer."""
    where = text.section("Predict")
    if not where:
        return
    body = "\n".join(text.lines[k] for k in where)
    folded = re.findall(r"<details>(.*?)</details>", body, re.DOTALL)
    if body.count("<details>") != len(folded):
        yield where[0] + 1, "a <details> is not closed"
    if len(folded) < QUESTIONS:
        yield where[0] + 1, f"{len(folded)} questions with folded answers, at least {QUESTIONS}"
    for answer in folded:
        summary, _, rest = answer.partition("</summary>")
        if not rest.strip() or "<summary>" not in summary:
            title = re.sub(r"<[^>]*>|\s+", " ", answer).strip()[:40]
            yield where[0] + 1, f"<details> needs a <summary> and an answer below it: {title!r}"
    if body.count("?") < QUESTIONS:
        yield where[0] + 1, f"fewer than {QUESTIONS} question marks among its questions"


def _sections(text):
    """The sections that are missing or empty, as (line, problem)."""
    for title in SECTIONS:
        where = text.section(title)
        if not where:
            yield 0, f"has no section {title!r}"
        elif not any(text.lines[k].strip() for k in where[1:]):
            yield where[0] + 1, f"the section {title!r} is empty"
    where = text.section("Try it")
    if where and not any(start in where and kind == "console" for start, _, kind in text.fences):
        yield where[0] + 1, "shows no run: a ```console block with commands and their output"


@rule(f"blocks have at most {chapter.MOST_CHANGED} changed lines, {chapter.MEDIAN_CODE} of code in "
      f"the median, prose between; in a step {chapter.MOST_TOGETHER} of several files may share it; "
      f"chapters have their sections and at most {MOST_WORDS} words")
def blocks(tree):
    """Judges every chapter that there is; replay misses those that are not."""
    for previous, stage in tree.pairs:
        path = stage / "README.md"
        if not path.is_file():
            yield tree.problem(path, 0, "there is no chapter")
            continue
        rows, problems = chapter.stats(stage)
        yield from map(as_problem, problems)
        if not rows:
            yield tree.problem(path, 0, "tells no block of code")
            continue
        text = Text(path)
        count = text.words(range(len(text.lines)))
        if count > MOST_WORDS and steps_of(stage, previous) == []:
            yield tree.problem(path, 0, f"{count} words, {MOST_WORDS} at most")
        for line, why in [*_opening(text, [row.block for row in rows]), *_sections(text),
                          *_predict(text)]:
            yield tree.problem(path, line, why)


_LINK = re.compile(r"!?\[(?:[^][]|\[[^]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_OTHER = re.compile(r"^\s{0,3}\[[^]^]+\]:\s*(\S+)"
                    r"|<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"]+)\"")
_CODE = re.compile(r"(`+)(?:(?!\1).)+\1")


def _without_code(text):
    """(line, text) of a Markdown text's lines with fences and inline code left out."""
    code = fenced(text)
    return [(k, _CODE.sub("", line)) for k, line in enumerate(text, 1) if k - 1 not in code]


def _links(path):
    """(line, target) of every link of a Markdown file."""
    for k, text in _without_code(lines(path)):
        for found in [*_LINK.finditer(text), *_OTHER.finditer(text)]:
            yield k, next(filter(None, found.groups())).split()[0]


def slugs(text_lines):
    """The anchors that GitHub gives a file: its headings', and those written as HTML."""
    seen, found = {}, set()
    code = fenced(text_lines)
    for k, text in enumerate(text_lines):
        found.update(re.findall(r"<\w+[^>]*\b(?:id|name)=\"([^\"]+)\"", text))
        if k in code or not re.match(r"#+ ", text):
            continue
        title = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", text.lstrip("#").strip().rstrip("#"))
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        found.add(f"{slug}-{count}" if count else slug)
    return found


def _dead(tree, path, target):
    """Why a link leads nowhere; None where it leads somewhere or to another site."""
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None
    name, _, anchor = target.partition("#")
    to = Path(os.path.normpath(path.parent / name)) if name else path
    if not to.exists():
        return f"dead link: there is no {name}"
    if to not in tree.places:
        return f"dead link: {name} is here, but not in the repository"
    if to.is_dir() and to not in tree.stages and path.name == "README.md":
        return f"dead link in the book: the folder {name} is no page of it"
    if anchor and to.suffix == ".md" and anchor not in slugs(lines(to)):
        return f"dead link: {to.name} has no heading #{anchor}"
    return None


@rule("every relative link of a text leads to a file of the repository, and a heading in it")
def links(tree):
    """Follows the links that a reader on GitHub, in a clone or in the book would follow."""
    for path in (path for path in tree.files if path.suffix == ".md"):
        for line, target in _links(path):
            if why := _dead(tree, path, target):
                yield tree.problem(path, line, why)


# In pieces, so that this file does not break its own rule.
_ELSEWHERE = [
    (re.compile(r"\.\./" r"shared\b"), "a path outside of the repository"),
    (re.compile(r"(?<![\w.])/" r"(?:work|tmp/ev)/"), "a path that only one machine has"),
    (re.compile(r"https?://[\w.-]*\b(?:registry|mirror|proxy|artifactory|nexus)[\w-]*\.[\w.-]+"),
     "the host of a package registry: the system's package manager knows its own"),
    (re.compile(r"--(?:extra-)?index-" r"url\b|--registry" r"[= ]"),
     "the choice of a package registry: the system's package manager knows its own"),
    (re.compile(r"https?://[\w.-]+\.(?:internal|local|lan)\b"), "a host of a private network"),
]


@rule("no file mentions a place that only the machine of its author has")
def workplace(tree):
    """Searches every text file of the project."""
    for path in tree.files:
        if b"\0" in path.read_bytes()[:4096]:
            continue
        for k, text in enumerate(read(path).split("\n"), 1):
            for pattern, why in _ELSEWHERE:
                if found := pattern.search(text):
                    yield tree.problem(path, k, f"{found.group()}: {why}")
