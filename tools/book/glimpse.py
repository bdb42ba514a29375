"""A glimpse of a replay: two turns of a recorded run, as the front page and README show them.

Both draw the state after each step with the shapes of the chapters' pictures. On the front page a
script shows one step after the other. README's picture has the loop's code too, moves by itself,
and stands still for readers who want no motion, or where nothing can move.
"""

from html import escape
from typing import NamedTuple

import stages
from book import figure, highlight, page, replay
from record import recording
from record.words import milliseconds

STAGE = 3          # the stage whose run has all that there is to see: descriptors, timers, a queue
PACE = 1.8         # seconds for a step of README's picture
SIZE = 340, 330    # of the state
_CODE = 10.5       # the size of the loop's code in README's picture, and the height of a line
_LINE = 15
_HIGH = 410        # README's picture
_BOX = 88, 38      # an entry of the heap


class Step(NamedTuple):
    """A step of the glimpse: its number in the whole replay from 1, the line of the loop that runs,
    what happens, what is different after it, and the state before and after."""

    number: int
    line: int | None
    says: str
    then: list
    call: str
    old: dict
    state: dict


def _waits(steps):
    """The indices of the steps in which the backend's wait begins."""
    return [k for k, step in enumerate(steps) if step["at"] and step["at"][-1][0].endswith("::wait")
            and " = " not in step.get("call", " = ")]


def _states(steps):
    """The state after each step."""
    state, found = {}, []
    for step in steps:
        state = state | step.get("state", {})
        found.append(state)
    return found


def excerpt(recorded):
    """The Steps of two turns, of which the first begins when the heap is at its fullest."""
    steps = recorded["steps"]
    states = _states(steps)
    sizes = [len(state.get("heap") or ()) for state in states]
    waits = [k for k in _waits(steps) if sizes[k] == max(sizes)]
    after = [k for k in _waits(steps) if k > waits[0]]
    end = after[1] if len(after) > 1 else len(steps)
    return [Step(k + 1, dict(steps[k]["at"]).get(recorded["loop"]), steps[k]["says"],
                 steps[k].get("then", []), steps[k].get("call", ""), states[k - 1], states[k])
            for k in range(waits[0], end)]


def run(root):
    """The recording that a glimpse is taken of."""
    return recording.load(recording.path(root, STAGE))


# The state, in the shapes of a picture


def _shape(kind, at, label="", *classes):
    return figure.Element(kind, frozenset(classes), 1, 9, tuple(map(round, at)), label, 0)


def _name(recorded, key):
    """An event in a box."""
    event = recorded["events"][key]
    return f"fd {event['fd']}" if "fd" in event else event["calls"]


def _map(recorded, step, known):
    """A row for each descriptor that is watched in one of the steps; a dashed one for what left."""
    yield _shape("text", (0, 14), "Events that wait", "bold")
    for k, fd in enumerate(known):
        y = 26 + 28 * k
        keys = step.state["map"].get(fd, ())
        hot = () if keys and step.old["map"].get(fd) == keys else ("hot",) * bool(keys) or ("dash",)
        yield _shape("box", (1, y, 52, 22), f"fd {fd}", *hot)
        names = " ".join(f"`{recorded['events'][key]['calls']}`" for key in keys)
        yield _shape("text", (64, y + 15), names or "deleted", *(() if keys else ("dim",)))


def _spots(count, arity):
    """Where the entries of a heap stand, as (middle, top), and the place of each one's parent."""
    levels, parents = [0], [None]
    for place in range(1, count):
        parents.append((place - 1) // arity)
        levels.append(levels[parents[place]] + 1)
    for place, level in enumerate(levels[:count]):
        beside = [k for k, each in enumerate(levels) if each == level]
        room = min(SIZE[0] / len(beside), _BOX[0] + 30)
        left = (SIZE[0] - room * len(beside)) / 2
        yield left + room * (beside.index(place) + 0.5), 168 + 54 * level, parents[place]


def _heap(recorded, step, arity):
    """The heap as a tree, with the earliest deadline on top."""
    yield _shape("text", (0, 156), "Timer heap, the earliest deadline on top", "bold")
    entries = step.state["heap"] or []
    spots = list(_spots(len(entries), arity))
    for x, y, parent in spots:
        if parent is not None:
            above = spots[parent]
            yield _shape("line", (above[0], above[1] + _BOX[1], x, y))
    for (key, due), (x, y, _) in zip(entries, spots):
        hot = ("hot",) * ([key, due] not in (step.old["heap"] or []))
        yield _shape("box", (x - _BOX[0] / 2, y, *_BOX),
                     f"{_name(recorded, key)}|{milliseconds(due)}", *hot)


def _queue(recorded, step):
    """What is due, and what is being called."""
    yield _shape("text", (0, 292), "Active queue", "bold")
    yield _shape("text", (200, 292), "Being called", "bold")
    due = [key for queue in step.state["queues"] for key in queue]
    old = [key for queue in step.old["queues"] for key in queue]
    for k, key in enumerate(due):
        yield _shape("box", (1 + 60 * k, 302, 52, 24), _name(recorded, key),
                     *(("hot",) * (key not in old)))
    running = step.state.get("running")
    if running:
        yield _shape("box", (201, 302, 52, 24), _name(recorded, running), "hot")
    for x, there in ((0, due), (200, running)):
        if not there:
            yield _shape("text", (x, 319), "nothing", "dim")


def pictured(recorded, step, steps, arity):
    """The state after a step, as a picture."""
    known = sorted({fd for each in steps for fd in each.state["map"]}, key=int)
    elements = [*_map(recorded, step, known), *_heap(recorded, step, arity),
                *_queue(recorded, step)]
    return figure.Figure("glimpse", "The state", [], *SIZE, 1, 1, "", elements)


def _frames(root):
    """(Step, the shapes of the state after it) of each step."""
    recorded = run(root)
    steps = excerpt(recorded)
    arity = replay.arity(stages.by_number(STAGE, root))
    return [(step, "".join(figure.drawn(pictured(recorded, step, steps, arity), 1)))
            for step in steps]


# The front page


def _words(text):
    """A sentence with its code, as HTML."""
    return "".join(f"<code>{escape(part)}</code>" if code else escape(part, quote=False)
                   for code, part in figure.pieces(text))


def _says(step):
    """A step in words, as HTML."""
    then = "".join(f"<li>{_words(text)}</li>" for text in step.then)
    call = f"<code>{escape(step.call)}</code>" if step.call else ""
    return f"<p>{_words(step.says)}</p>{call}<ul>{then}</ul>"


_BUTTONS = (("back", "Back"), ("play", "Play"), ("next", "Next"))


def _panes(recorded, frames):
    """The loop's code, and the state after each step."""
    code = "".join(f'<div class="line">{highlight.cpp(line) or " "}</div>'
                   for line in recorded["functions"][recorded["loop"]]["text"])
    states = "".join(f'<g class="frame{"" if k else " now"}">{shapes}</g>'
                     for k, (_, shapes) in enumerate(frames))
    state = figure.framed("glimpse", "The state of the loop", "What the words below say, drawn.",
                          SIZE, [states])
    return (f'<div class="glimpse-code fragment" tabindex="0" role="group" '
            f'aria-label="The loop\'s code">{code}</div><div class="glimpse-state">{state}</div>')


def player(root):
    """The glimpse for the front page; glimpse.js plays it."""
    recorded, frames = run(root), _frames(root)
    rows = "".join(
        f'<li data-step="{step.number}" data-line="{"" if step.line is None else step.line}"'
        f'{" hidden" if k else ""}>{_says(step)}</li>' for k, (step, _) in enumerate(frames))
    buttons = "".join(f'<button type="button" class="glimpse-{name}" hidden>{label}</button>'
                      for name, label in _BUTTONS)
    whole = f"{page.replay_page(STAGE)}#{frames[0][0].number}"
    return (f'<div class="glimpse" id="glimpse" role="group" aria-label="Two turns of the loop">'
            f'<div class="glimpse-panes">{_panes(recorded, frames)}</div>'
            f'<ol class="glimpse-says">{rows}</ol><p class="glimpse-ways">{buttons}'
            f'<output class="glimpse-at"></output><a href="{whole}">The whole replay, from here</a>'
            f'</p></div><script src="glimpse.js" defer></script>')


# README's picture

_MOVES = """
.frame {{ visibility: hidden; }}
.frame.still {{ visibility: visible; }}
@media (prefers-reduced-motion: no-preference) {{
 .frame {{ animation: turn {whole}s step-end infinite; }} }}
@keyframes turn {{ 0% {{ visibility: visible; }} {part:.4f}% {{ visibility: hidden; }}
 100% {{ visibility: hidden; }} }}
svg.figure text.code {{ font-size: {code}px; }}
svg.figure .running {{ fill: color-mix(in srgb, var(--hot) 22%, var(--area)); stroke: none; }}
"""


def _still(steps):
    """Which step a picture shows that cannot move: the fullest in which an event is called."""
    calls = [k for k, step in enumerate(steps) if step.state.get("running")]
    return max(calls, key=lambda k: (len(steps[k].state["heap"] or ()), -k))


def _top(line):
    """The upper edge of a line of the code."""
    return 20 + _LINE * line


def _below(step):
    """A step in words, under the code and the state."""
    said = [(step.says, "bold"), ("; ".join(step.then), ""), (step.call and f"`{step.call}`", "")]
    return [_shape("text", (20, 358 + 20 * k), text, *classes.split())
            for k, (text, classes) in enumerate(each for each in said if each[0])]


def _moving(frames, wide):
    """All frames of README's picture, whose code is so wide; each is seen for a while."""
    still, shapes = _still([step for step, _ in frames]), []
    for k, (step, state) in enumerate(frames):
        words = figure.Figure("below", "", [], wide, _HIGH, 1, 1, "", _below(step))
        mark = "" if step.line is None else (
            f'<rect class="running" x="12" y="{_top(step.line)}" width="{wide - 8}" '
            f'height="{_LINE}"/>')
        delay = (k - len(frames)) * PACE
        shapes.append(f'<g class="frame{" still" * (k == still)}" '
                      f'style="animation-delay: {delay:.1f}s">{mark}'
                      f'<g transform="translate({wide + 28} 10)">{state}</g>'
                      f'{"".join(figure.drawn(words, 1))}</g>')
    return shapes


def _code(text):
    """The loop's code: the area behind it, its lines, and how wide it is."""
    wide = round(max(map(len, text)) * _CODE * figure.CODE) + 24
    area = (f'<rect class="band" x="8" y="10" width="{wide}" height="{_LINE * len(text) + 20}" '
            f'rx="8"/>')
    rows = "".join(f'<text class="mono code" x="20" y="{_top(k) + 11}" xml:space="preserve">'
                   f'{escape(line)}</text>' for k, line in enumerate(text))
    return area, rows, wide


def moving(root):
    """README's picture."""
    recorded, frames = run(root), _frames(root)
    area, rows, wide = _code(recorded["functions"][recorded["loop"]]["text"])
    style = _MOVES.format(whole=round(PACE * len(frames), 1), part=100 / len(frames), code=_CODE)
    desc = " ".join(step.says.replace("`", "") for step, _ in frames)
    size = wide + SIZE[0] + 36, _HIGH
    shapes = [area, *_moving(frames, wide), rows]
    return figure.framed("replay", "Two turns of the loop, replayed", desc, size, shapes,
                         style) + "\n"
