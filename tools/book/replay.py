"""Replays of recorded runs: a page for each stage, which steps through what really happened.

All that a page needs is in it, so that it works from the file system. Whoever does not look, or has
no scripts, reads the same steps as a list.
"""

import json
import re
import shutil
from html import escape

import stages
from book import highlight, page, site
from command import Failed
from record import recording
from record.sentences import Names

_HEAD_OF = re.compile(r"\w[^=;(]*\b(\w+::~?\w+)\(")
_REMEMBERS = "What the kernel remembers, as it says itself in <code>/proc</code>"
_KERNEL = {
    "poll": "The list that goes to <code>poll()</code> with each call; the kernel remembers none",
    "epoll": _REMEMBERS,
    "epoll with changelist": _REMEMBERS,
    "kqueue": "The knotes of the stand-in for a kernel",
}
_STAND_IN = (
    "<p class=\"note\">Linux has no kqueue. Here the sample runs on the stand-in that the stage's "
    "tests have, a small kqueue made of epoll: <code>kevent()</code> is what the backend really "
    "calls, but behind it there is no BSD kernel. What the stand-in asks of Linux is not "
    "shown.</p>")


def _words(text):
    """A sentence with its code, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _arity(stage):
    """How many children a place of the stage's heap has; 0 where it has no heap."""
    source = stage / "evolve" / "min_heap.cpp"
    if not source.is_file():
        return 0
    found = re.search(r"\barity = (\d+);", source.read_text(encoding="utf-8"))
    if not found:
        raise Failed(f"{source}: there is no `arity = N;`, by which to draw the heap")
    return int(found[1])


def _data(recorded, stage):
    """What the script of a page works on: the recording, with its texts made ready to be shown."""
    names = Names(recorded["events"])
    events = {key: {"label": names(key).replace("`", ""), "short": names.short(key), **event}
              for key, event in recorded["events"].items()}
    functions = {name: {"file": function["file"], "html": [highlight.cpp(line)
                                                           for line in function["text"]]}
                 for name, function in recorded["functions"].items()}
    steps = [{**step, "says": _words(step["says"]), "then": [*map(_words, step.get("then", []))]}
             for step in recorded["steps"]]
    return {"loop": recorded["loop"], "bases": recorded["bases"], "events": events,
            "functions": functions, "steps": steps, "arity": _arity(stage),
            "kernel": {n: _KERNEL[backend] for n, backend in recorded["bases"].items()}}


def _inlined(data):
    """JSON that no end of a script can hide in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="recording">{text}</script>'


def moment(root, number, step, before):
    """Where in the replay of a stage, counted from 1, a function runs first that a step brings.

    `before` is the code before the step. None if there is no such moment.
    """
    source, old = recording.path(root, number), "\n".join(before.values())
    heads = [_HEAD_OF.match(change.text) for block in step.blocks for change in block.changes()
             if change.sign == "+"]
    new = {head[1] for head in heads if head and f"{head[1]}(" not in old}
    recorded = recording.load(source)["steps"] if source.is_file() else []
    return next((k for k, each in enumerate(recorded, 1)
                 if new & {name for name, _ in each["at"]}), None)


_BUTTONS = (("first", "Home", "First"), ("back", "ArrowLeft", "Back"), ("play", "Space", "Play"),
            ("next", "ArrowRight", "Next"), ("last", "End", "Last"))


def _controls(count):
    """The buttons, the slider, and where one is."""
    buttons = "".join(f'<button type="button" id="{name}" aria-keyshortcuts="{key}">{label}'
                      "</button>" for name, key, label in _BUTTONS)
    slider = f'<input type="range" id="slider" min="1" max="{count}" value="1" aria-label="step">'
    goals = "".join(f'<span id="{step}"></span>' for step in range(1, count + 1))  # of links
    return (goals + f'<div class="controls" role="group" aria-label="Replay">{buttons}'
            f'<output id="step" for="slider">1 of {count}</output>{slider}'
            '<span class="hint"><kbd>←</kbd> <kbd>→</kbd> step, '
            "<kbd>Home</kbd> <kbd>End</kbd>, <kbd>Space</kbd> play</span></div>")


def _panel(name, title, extra=""):
    """A part of the page that the script fills."""
    return (f'<section class="panel {name}" aria-labelledby="{name}-title">'
            f'<h2 id="{name}-title">{title}</h2>{extra}<div id="{name}"></div></section>')


def _panels(threads):
    """All that is to be seen, in the order in which it is read."""
    lanes = "What each thread does" if threads > 1 else "What the thread does"
    left = _panel("code", "The loop's body") + _panel("inner", "Where it is now")
    right = (_panel("map", "Descriptors and signals", '<p class="small" id="kernel-note"></p>')
             + _panel("queues", "Active queues") + _panel("heap", "Timer heap")
             + _panel("calls", "System calls, the last first"))
    return (_panel("lanes", lanes)
            + '<section class="panel now" aria-label="What happens"><p id="where"></p>'
            '<p id="says" aria-live="polite"></p><code id="call"></code><ul id="then"></ul>'
            "<noscript>Without scripts there are only the steps as text, below.</noscript>"
            "</section>"
            f'<div class="columns"><div>{left}</div><div>{right}</div></div>')


def _moment(us):
    """A time in the list of steps."""
    return f"{us / 1000:.1f} ms"


def _list(recorded):
    """All steps as text."""
    threads = len({step["thread"] for step in recorded["steps"]})
    rows = []
    for step in recorded["steps"]:
        who = f'thread {step["thread"]}, ' if threads > 1 else ""
        call = f' <code>{escape(step["call"])}</code>' if "call" in step else ""
        then = "; ".join(map(_words, step.get("then", [])))
        rows.append(f'<li><span class="when">{who}{_moment(step["us"])}</span> '
                    f'{_words(step["says"])}{call}{" → " + then if then else ""}</li>')
    return (f'<details class="text"><summary>All {len(rows)} steps as text</summary>'
            f'<ol>{"".join(rows)}</ol></details>')


def _lead(recorded, number, last):
    """What was recorded, and how."""
    ways = [f'<a href="{page.replay_page(n)}">{word}</a>' for n, word in (
        (number - 1, f"← Stage {number - 1}"), (number + 1, f"Stage {number + 1} →"))
        if 1 <= n <= last]
    backends = " and ".join(dict.fromkeys(recorded["bases"].values()))
    note = _STAND_IN if recorded["stand_in"] else ""
    return (f'<p>A run of <code>{escape(recorded["sample"])}</code> on {backends}, recorded from '
            f'outside by a debugger: the stage has no line for it. {escape(recorded["story"])} '
            "The debugger takes its time to look, and so all takes longer here than it "
            f'does alone.</p>{note}<p class="ways">{" ".join(ways)}</p>')


def body(recorded, stage, last):
    """The page of a stage, without its frame; `last` is the newest stage."""
    steps = recorded["steps"]
    return "\n".join((
        _lead(recorded, stages.number(stage), last), _controls(len(steps)),
        _panels(len({step["thread"] for step in steps})), _list(recorded),
        _inlined(_data(recorded, stage))))


_HEAD = '<link rel="stylesheet" href="replay.css">\n<script src="replay.js" defer></script>'


def write(root, out, wrap):
    """Writes the page of every stage that has a recording; returns them as the book lists them."""
    for name in ("replay.css", "replay.js"):
        shutil.copy(root / "docs" / "book" / name, out)
    found, written = stages.stages(root), []
    for stage in found:
        number = stages.number(stage)
        source = recording.path(root, number)
        if not source.is_file():
            continue
        recorded = recording.load(source)
        title = f"Watch stage {number}: {recorded['sample'].split()[0]}"
        back = [site.belongs_to(stage)]
        html = wrap(title, body(recorded, stage, len(found)), _HEAD, back)
        (out / page.replay_page(number)).write_text(html, encoding="utf-8")
        written.append(page.Page(title, page.replay_page(number), number))
    return written
