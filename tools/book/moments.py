"""Moments of a recording that one may want to go to: turns, callbacks, sleeps, lines that run.

A recording has no marks of its own; all is told by where the thread is and what a step says.
Steps are counted from 0 here, and from 1 in addresses.
"""

import functools
import re

from record import recording

_HEAD_OF = re.compile(r"\w[^=;(]*\b(\w+::~?\w+)\(")
_LEAST = 12  # characters of a line of code that could not as well be another


@functools.cache
def _steps(source):
    """The steps of a recording's file, and its functions; none where there is no file."""
    found = recording.load(source) if source.is_file() else {"steps": [], "functions": {}}
    return found["steps"], found["functions"]


def _body(text):
    """The lines of a turn in the loop's text: from `while` to its closing brace."""
    first = next(k for k, line in enumerate(text) if line.lstrip().startswith("while ("))
    indent = text[first][:len(text[first]) - len(text[first].lstrip())]
    return range(first, next(k for k, line in enumerate(text) if k > first
                             and line == f"{indent}}}"))


def turns(recorded):
    """For each step, the turn that its thread's loop is in, counted from 1 for each base; else 0.

    A line is recorded again only where it does something, so a turn may begin at any of them: it
    does where the loop goes upwards.
    """
    inside, loop = _body(recorded["functions"][recorded["loop"]]["text"]), recorded["loop"]
    last, turn, count, found = {}, {}, {}, []
    for step in recorded["steps"]:
        thread = step["thread"]
        line = next((line for name, line in step["at"] if name == loop), None)
        if line is None or line < inside.start:
            turn[thread] = 0
        elif line in inside and (not turn.get(thread) or line < last[thread]):
            base = step.get("base")
            turn[thread] = count[base] = count.get(base, 0) + 1
        last[thread] = line
        found.append(turn[thread])
    return found


def marks(recorded):
    """The steps at which a turn begins, a callback is called, and a thread goes to sleep."""
    found, seen = {"turn": [], "callback": [], "sleep": []}, {}
    for k, (step, turn) in enumerate(zip(recorded["steps"], turns(recorded))):
        if turn and turn != seen.get(step["thread"]):
            found["turn"].append(k)
        seen[step["thread"]] = turn
        if step["at"] and step["at"][-1][0] == "event_base::call":
            found["callback"].append(k)
        if step.get("sleeps"):
            found["sleep"].append(k)
    return found


def _is_named(name, block):
    """Whether a told block shows or names a function, as several may have the same line."""
    last = re.escape(name.partition(" (")[0].rpartition("::")[2])
    text = "\n".join([block.caption, *block.body])
    return re.search(rf"(?<!\w){last}(?!\w)", text) is not None


def of_lines(root, number, block):
    """Where a line first runs that a told block adds, counted from 1, and its function; or None.

    A line that a later step replaces is none of those that ran.
    """
    steps, functions = _steps(recording.path(root, number))
    new = {change.text.strip() for change in block.changes() if change.sign == "+"}
    new = {text for text in new if len(text) >= _LEAST and not text.startswith("//")}
    ran = {(name, k) for name, function in functions.items()
           if function["file"] == block.file and _is_named(name, block)
           for k, text in enumerate(function["text"]) if text.strip() in new}
    return next(((k, name) for k, step in enumerate(steps, 1)
                 for name, line in reversed(step["at"]) if (name, line) in ran), None)


def of_step(root, number, step, before):
    """Where in the replay of a stage, counted from 1, a function runs first that a step brings.

    `before` is the code before the step. If it brings none that runs, a line of it; else None.
    """
    old = "\n".join(before.values())
    heads = [_HEAD_OF.match(change.text) for block in step.blocks for change in block.changes()
             if change.sign == "+"]
    new = {head[1] for head in heads if head and f"{head[1]}(" not in old}
    steps, _ = _steps(recording.path(root, number))
    found = next((k for k, each in enumerate(steps, 1)
                  if new & {name for name, _ in each["at"]}), None)
    lines = [of_lines(root, number, block) for block in step.blocks]
    return found or min((k for k, _ in filter(None, lines)), default=None)
