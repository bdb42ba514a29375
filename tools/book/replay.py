"""Replays of recorded runs: a page for each stage, which steps through what really happened.

All that a page needs is in it, so that it works from the file system. Whoever does not look, or has
no scripts, reads the same steps as a list.
"""

import json
import re
import shutil
from html import escape

import stages
import told
from book import highlight, moments, page, site
from command import Failed
from record import recording
from record.sentences import Names

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


def words(text):
    """A sentence with its code, as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def arity(stage):
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
    steps = [{**step, "says": words(step["says"]), "then": [*map(words, step.get("then", []))]}
             for step in recorded["steps"]]
    return {"loop": recorded["loop"], "bases": recorded["bases"], "events": events,
            "functions": functions, "steps": steps, "arity": arity(stage),
            "turns": moments.turns(recorded), "marks": moments.marks(recorded),
            "kernel": {n: _KERNEL[backend] for n, backend in recorded["bases"].items()}}


def inlined(data):
    """JSON that no end of a script can hide in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="recording">{text}</script>'


def watched(root, text):
    """Links behind a page's told blocks to where they run: HTML, by the index of the fence."""
    found = {}
    for block in told.parse(text.text) if text.step else ():
        if (moment := moments.of_lines(root, text.stage, block)) and moment not in found.values():
            found[block.open_line - 1] = moment
    return {fence: f'<p class="watch"><a href="{page.replay_page(text.stage)}#{k}">Watch '
                   f"<code>{escape(name)}</code> run</a></p>" for fence, (k, name) in found.items()}


_BUTTONS = (("first", "Home", "First"), ("back", "ArrowLeft", "Back"), ("play", "Space", "Play"),
            ("next", "ArrowRight", "Next"), ("last", "End", "Last"))
_JUMPS = (("turn", "t"), ("callback", "c"), ("sleep", "s"))
_KEYS = (("← →", "a step back, a step on"), ("Home End", "the first, the last"),
         ("Space", "plays, pauses"), ("t T", "the next turn of the loop, the one before"),
         ("c C", "the next callback, the one before"),
         ("s S", "the next time that a thread goes to sleep, the one before"), ("?", "this help"))


def _jumps(marks):
    """Pairs of buttons, to the next mark of a kind and to the one before."""
    def button(name, key, way, arrow, title):
        return (f'<button type="button" id="{name}-{way}" aria-keyshortcuts="{key}" '
                f'title="{title} {name}" aria-label="{title} {name}">{arrow}</button>')
    return "".join(f'<span class="jump" role="group" aria-label="{name}">'
                   + button(name, f"Shift+{key.upper()}", "back", "‹", "previous")
                   + f'<span aria-hidden="true">{name}</span>'
                   + button(name, key.upper(), "next", "›", "next") + "</span>"
                   for name, key in _JUMPS if name in marks)


def _help(marks):
    """What the keys do, to be unfolded."""
    absent = {f"{key} {key.upper()}" for name, key in _JUMPS if name not in marks}
    rows = "".join(f"<dt>{''.join(f'<kbd>{key}</kbd>' for key in keys.split())}</dt><dd>{does}</dd>"
                   for keys, does in _KEYS if keys not in absent)
    return f'<details class="keys" id="keys"><summary>Keys</summary><dl>{rows}</dl></details>'


_PACE = ('<label class="pace">Speed <select id="pace"><option value="0.5">½</option>'
         '<option value="1" selected>1</option><option value="2">2</option>'
         '<option value="4">4</option></select></label>')


def goals(count):
    """What links to the steps of a page lead to."""
    return "".join(f'<span class="goal" id="{step}"></span>' for step in range(1, count + 1))


def controls(count, marks):
    """The buttons, the slider, and where one is; `marks` are the kinds that one can jump to."""
    buttons = "".join(f'<button type="button" id="{name}" aria-keyshortcuts="{key}">{label}'
                      "</button>" for name, key, label in _BUTTONS)
    slider = f'<input type="range" id="slider" min="1" max="{count}" value="1" aria-label="step">'
    return (f'<div class="controls" role="group" aria-label="Replay">'
            f'<span class="moves">{buttons}</span>{_jumps(marks)}'
            f'<output id="step" for="slider">1 of {count}</output>{slider}{_PACE}{_help(marks)}'
            '<a id="whole" target="_top">The whole replay</a></div>')


def _panel(name, title, extra="", chosen=False):
    """A part of the page that the script fills."""
    more = " chosen" if chosen else ""
    return (f'<section class="panel {name}{more}" aria-labelledby="{name}-title">'
            f'<h2 id="{name}-title">{title}</h2>{extra}<div id="{name}"></div></section>')


def _tabs(label, *panels):
    """Where there is no room for panels beside each other: buttons, of which each shows one."""
    buttons = "".join(
        f'<button type="button" data-panel="{name}" aria-pressed="{"false" if k else "true"}">'
        f"{title}</button>" for k, (name, title) in enumerate(panels))
    return f'<div class="tabs" role="group" aria-label="{label}">{buttons}</div>'


def _panels(threads):
    """All that is to be seen, in the order in which it is read."""
    lanes = "What each thread does" if threads > 1 else "What the thread does"
    code = (_tabs("Code", ("code", "Loop"), ("inner", "Function"))
            + _panel("code", "The loop's body", chosen=True)
            + _panel("inner", "The function that runs"))
    state = (_tabs("State", ("map", "Descriptors"), ("queues", "Queues"), ("heap", "Heap"),
                   ("calls", "Calls"))
             + _panel("map", "Descriptors and signals", '<p class="small" id="kernel-note"></p>',
                      chosen=True)
             + _panel("queues", "Active queues") + _panel("calls", "System calls, the last first")
             + _panel("heap", "Timer heap"))
    return (_panel("lanes", lanes) + '<div class="room"><div class="columns" id="columns">'
            '<section class="panel now" aria-label="What happens"><p id="where"></p>'
            '<p id="says" aria-live="polite"></p><code id="call"></code><ul id="then"></ul>'
            "<noscript>Without scripts there are only the steps as text, below.</noscript>"
            f'</section><div class="codes">{code}</div><div class="states">{state}</div>'
            "</div></div>")


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
        then = "; ".join(map(words, step.get("then", [])))
        rows.append(f'<li><a class="when" href="#{len(rows) + 1}">{who}{_moment(step["us"])}</a> '
                    f'{words(step["says"])}{call}{" → " + then if then else ""}</li>')
    return (f'<details class="text"><summary>All {len(rows)} steps as text</summary>'
            f'<ol>{"".join(rows)}</ol></details>')


def _story(recorded, number, last, ways):
    """What runs, in a sentence or two, and the ways to other replays."""
    beside = [(page.replay_page(n), word) for n, word in (
        (number - 1, f"← Stage {number - 1}"), (number + 1, f"Stage {number + 1} →"))
        if 1 <= n <= last]
    links = " ".join(f'<a href="{href}">{escape(text)}</a>' for href, text in [*beside, *ways])
    return f'<p class="story">{escape(recorded["story"])} <span class="ways">{links}</span></p>'


def _about(recorded):
    """What was recorded, and how."""
    backends = " and ".join(dict.fromkeys(recorded["bases"].values()))
    note = _STAND_IN if recorded["stand_in"] else ""
    return (f'<p class="about">A run of <code>{escape(recorded["sample"])}</code> on {backends}, '
            "recorded from outside by a debugger: the stage has no line for it. The debugger takes "
            f"its time to look, and so all takes longer here than it does alone.</p>{note}")


def body(recorded, stage, last, ways=()):
    """The page of a stage, without its frame; `last` is the newest stage.

    `ways` are (href, text) of pages that show this replay beside another.
    """
    steps = recorded["steps"]
    return "\n".join((
        _story(recorded, stages.number(stage), last, ways), goals(len(steps)),
        '<div class="player" id="embed"><span id="beside"></span>',
        controls(len(steps), [name for name, _ in _JUMPS]),
        _panels(len({step["thread"] for step in steps})), "</div>", _about(recorded),
        _list(recorded), inlined(_data(recorded, stage))))


_HEAD = ('<link rel="stylesheet" href="replay.css">\n<script src="replay_player.js" defer></script>'
         '\n<script src="replay.js" defer></script>')


def write(root, out, wrap, ways=lambda number: ()):
    """Writes the page of every stage that has a recording; returns them as the book lists them.

    `ways` gives, for a stage, (href, text) of the pages that show its replay beside another.
    """
    for name in ("replay.css", "replay.js", "replay_player.js", "replay_pair.js"):
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
        html = wrap(title, body(recorded, stage, len(found), ways(number)), _HEAD, back)
        (out / page.replay_page(number)).write_text(html, encoding="utf-8")
        written.append(page.Page(title, page.replay_page(number), number))
    return written
