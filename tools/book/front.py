"""What the front page tells that is found out: how long a chapter takes, what unbound gained.

And the pictures that it shares with README. They are files, for those who read it as Markdown; in
the book they are the loop as the chapters have it, and the replay that plays.
"""

import re
from html import escape
from pathlib import Path
from typing import NamedTuple

import stages
import told
from book import figure, glimpse, pictures
from command import Failed

WORDS, LINES = 200, 15  # that are read in a minute
_UP_TO = 5              # a time is rounded to so many minutes
PAGE = Path("docs") / "someone-elses-program.md"
FOLDER = Path("docs") / "pictures"
_ROW = re.compile(r"^\| (\d+) \| (.*) \|$", re.M)
_LOAD = re.compile(r"(\d+ \w+): (\d[^;]*)")


# How long a chapter takes


def amount(text):
    """(words, lines of code) of a chapter: words outside of fences, and what its blocks change."""
    lines = told.lines_of(text)
    inside = told.fenced(lines)
    words = sum(len(line.split()) for k, line in enumerate(lines) if k not in inside)
    code = sum(change.sign != " " for block in told.parse(text) for change in block.changes())
    return words, code


def minutes(text):
    """How long a chapter takes to read."""
    words, code = amount(text)
    return _UP_TO * max(1, round((words / WORDS + code / LINES) / _UP_TO))


def spoken(count):
    """A number of minutes as one says it."""
    hours, rest = divmod(count, 60)
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{rest} min"] * (rest > 0))


def times(root):
    """The minutes of each chapter, by its number."""
    return {stages.number(stage): minutes((stage / "README.md").read_text(encoding="utf-8"))
            for stage in stages.stages(root)}


def _timed(prose, each):
    """The table of the chapters with a column more, and how it was found."""
    head = re.search(r"^\| \| chapter \| .* \|\n\|[-|]+\|$", prose, re.M)
    if not head:
        raise Failed("docs/book/index.md: there is no table that begins with | | chapter |")
    titles, line = head[0].split("\n")
    prose = prose.replace(head[0], f"{titles} to read |\n{line}---|")
    prose = _ROW.sub(lambda row: f"{row[0]} {spoken(each[int(row[1])])} |", prose)
    how = (f"All of them take {spoken(round(sum(each.values()), -1))} to read. That is counted: "
           f"{WORDS} words of the text a minute, and {LINES} lines of the code that is told. ")
    return prose.replace("<!-- times -->", how.strip())


# What a program gained


class Gain(NamedTuple):
    """A load, and what it takes on libevent and on evolve: calls a query, and queries a second."""

    load: str
    calls: tuple
    queries: tuple
    times: str


def _cells(text, program):
    """The row of a program in the table of what came of it, by the head of its column."""
    lines = text.split("\n")
    row = next((k for k, line in enumerate(lines) if line.startswith(f"| {program} | ")), None)
    if row is None:
        raise Failed(f"{PAGE}: there is no row of {program}")
    head = next(k for k in range(row, -1, -1) if lines[k - 1] == "")
    return dict(zip(*([cell.strip() for cell in lines[k].strip("|").split(" | ")]
                      for k in (head, row))))


def gains(root, program):
    """The Gains of a program, as the page says them."""
    cells = _cells((root / PAGE).read_text(encoding="utf-8"), program)
    calls = dict(_LOAD.findall(cells["`epoll_ctl` a query"]))
    found = []
    for load, said in _LOAD.findall(cells["queries a second of CPU"]):
        queries, times_ = said.split(", ")
        found.append(Gain(load, tuple(calls[load].split(" → ")), tuple(queries.split(" → ")),
                          times_.removesuffix(" times")))
    return found


def _gained(each):
    """One load: the one number, and what it is made of."""
    return (f'<li><b>{escape(each.times)} times</b><span>as many queries for each second of CPU, '
            f'{escape(each.load)}: {each.queries[0]} → {each.queries[1]}</span>'
            f'<span><code>epoll_ctl</code> a query: {each.calls[0]} → {each.calls[1]}</span></li>')


def gains_html(root):
    """What unbound gained, for the front page."""
    return f'<ul class="gains">{"".join(map(_gained, gains(root, "unbound")))}</ul>'


# The pictures


def _loop(root):
    """The picture of the loop that the chapters share."""
    return next(each for each in pictures.figures(root) if each.name == "loop")


def drawn(root):
    """The pictures that are files, by name."""
    loop = pictures.whole(_loop(root))
    return {"loop.svg": figure.svg(loop, loop.last) + "\n", "replay.svg": glimpse.moving(root)}


def write(root):
    """Writes these files; returns their paths."""
    (root / FOLDER).mkdir(exist_ok=True)
    for name, svg in drawn(root).items():
        (root / FOLDER / name).write_text(svg, encoding="utf-8")
    return [root / FOLDER / name for name in drawn(root)]


def shown(root):
    """What stands in the book in the place of each."""
    return {"loop.svg": pictures.alone(_loop(root)),
            "replay.svg": glimpse.player(root)}


def prose(root, text):
    """The front page's Markdown, with what is found out."""
    return _timed(text, times(root))
