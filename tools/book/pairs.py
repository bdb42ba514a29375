"""The same scenario on two stages, side by side: pages that step through two replays together.

Which recordings agree is told by their sample. Two runs are aligned by the callbacks that their
turns call, and within a turn by what the steps say without numbers and names of backends. Where
both do the same, both go on; where one does more, the other waits.
"""

import re
from difflib import SequenceMatcher
from html import escape
from itertools import combinations, groupby, zip_longest

import stages
from book import moments, page, replay
from record import recording

_SCRIPTS = ("replay_player.js", "replay_pair.js")
_HEAD = '<link rel="stylesheet" href="replay.css">\n' + "\n".join(
    f'<script src="{name}" defer></script>' for name in _SCRIPTS)


def _said(step):
    """What a step says, without what is another on each stage: descriptors, names of waits."""
    text = re.sub(r"`(?:poll|epoll_wait|kevent)\(\)`", "the wait", step["says"])
    return re.sub(r"\[[^\]]*\]|\bfds? \d+|\d+", "#", text)


class _Run:
    """A recording, cut into its turns."""

    def __init__(self, recorded):
        self.said = [_said(step) for step in recorded["steps"]]
        self.marks = moments.marks(recorded)
        turns = moments.turns(recorded)
        self.parts = [list(part) for _, part in groupby(range(len(turns)), turns.__getitem__)]
        callbacks = set(self.marks["callback"])
        self.calls = [(bool(turns[part[0]]), *(self.said[k] for k in part if k in callbacks))
                      for part in self.parts]


def _matched(ours, theirs):
    """Pairs of places in two lists, None where one has no counterpart; those of a kind first."""
    for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        yield kind, range(a, b), range(c, d)


def rows(one, other):
    """The steps of two recordings, from 0, in the order in which they are shown: pairs.

    In each, None is for the run that waits.
    """
    runs = [_Run(recorded) for recorded in (one, other)]
    for _, here, there in _matched(runs[0].calls, runs[1].calls):
        for k, m in zip_longest(here, there):
            part = runs[0].parts[k] if k is not None else []
            counterpart = runs[1].parts[m] if m is not None else []
            yield from _steps(runs, part, counterpart)


def _steps(runs, part, counterpart):
    """The rows of two turns that belong together."""
    said = [run.said[steps[0]:steps[-1] + 1] if steps else []
            for run, steps in zip(runs, (part, counterpart))]
    for kind, here, there in _matched(*said):
        if kind == "equal":
            yield from ((part[k], counterpart[m]) for k, m in zip(here, there))
        else:
            yield from ((part[k], None) for k in here)
            yield from ((None, counterpart[m]) for m in there)


def _marks(aligned, recorded):
    """The rows with a mark of either run."""
    both = [moments.marks(each) for each in recorded]
    return {kind: [k for k, row in enumerate(aligned) if any(
        step in marks[kind] for step, marks in zip(row, both))] for kind in both[0]}


def _name(recorded):
    return f"Stage {recorded['stage']}: {' and '.join(dict.fromkeys(recorded['bases'].values()))}"


def _frame(recorded, side):
    """A replay in the page, which is moved by its address."""
    name, file = escape(_name(recorded)), page.replay_page(recorded["stage"])
    return (f'<section class="side" id="{side}"><h2>{name} <span class="does"></span>'
            f'</h2><iframe src="{file}#beside" title="{name}"></iframe></section>')


def _table(aligned, recorded):
    """All rows as text."""
    def cell(k, each):
        if k is None:
            return '<td class="none">waits</td>'
        link = f'{page.replay_page(each["stage"])}#{k + 1}'
        return f'<td><a href="{link}">{k + 1}</a> {replay.words(each["steps"][k]["says"])}</td>'
    heads = "".join(f'<th scope="col">{escape(_name(each))}</th>' for each in recorded)
    body = "".join(f"<tr>{''.join(map(cell, row, recorded))}</tr>" for row in aligned)
    return ('<details class="text"><summary>All steps of both as text</summary><div class="table">'
            f'<table class="both"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
            "</div></details>")


def _story(aligned, recorded):
    """What is the same in both, in numbers."""
    one, other = (each["stage"] for each in recorded)
    together = sum(None not in row for row in aligned)
    alone = [sum(row[1 - side] is None for row in aligned) for side in (0, 1)]
    return ('<p class="story">The same server, and the same two clients. '
            f"{together} steps are in both runs, {alone[0]} only in stage {one}'s, {alone[1]} only "
            f"in stage {other}'s: there the other waits.</p>")


def body(one, other):
    """The page of two recordings, without its frame."""
    recorded = (one, other)
    aligned = list(rows(*recorded))
    marks = _marks(aligned, recorded)
    data = {"rows": aligned, "marks": marks}
    return "\n".join((
        _story(aligned, recorded), replay.goals(len(aligned)),
        f'<div class="player pair" id="embed">{replay.controls(len(aligned), marks)}'
        f'<div class="pages" id="pages">{_frame(one, "one")}{_frame(other, "other")}</div></div>',
        _table(aligned, recorded), replay.inlined(data)))


def of(root):
    """The pairs of recordings that agree in their scenario, by stage."""
    found = [recording.path(root, stages.number(stage)) for stage in stages.stages(root)]
    loaded = [recording.load(source) for source in found if source.is_file()]
    return [pair for pair in combinations(loaded, 2)
            if len({each["sample"].split()[0] for each in pair}) == 1]


def file(pair):
    """The page that shows a pair."""
    return page.replay_pair_page(*(each["stage"] for each in pair))


def ways(pairs, number):
    """(href, text) of the pages that show a stage's replay beside another."""
    return [(file(pair), f"beside stage {other['stage']}") for pair in pairs
            for each, other in (pair, pair[::-1]) if each["stage"] == number]


def write(pairs, out, wrap):
    """Writes the page of each pair; returns them as the book lists them."""
    written = []
    for pair in pairs:
        one, other = (each["stage"] for each in pair)
        title = f"Watch stages {one} and {other}: {pair[0]['sample'].split()[0]}"
        back = [(page.replay_page(n), f"Stage {n} alone") for n in (one, other)]
        (out / file(pair)).write_text(wrap(title, body(*pair), _HEAD, back), encoding="utf-8")
        written.append(page.Page(title, file(pair)))
    return written
