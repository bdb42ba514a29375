"""A recording: what the debugger noted, made into what the book replays, and its file.

The file has a line for each step, so that a diff of two recordings can be read. A step says where
the thread is, what happens there, and what of its base is different after it.
"""

import json
import re
from pathlib import Path

from command import Failed
from record import sentences

LEAST, MOST = 40, 200


def path(root, number):
    """The file of a stage's recording."""
    return root / "docs" / "recordings" / f"stage{number:02}.json"


# From notes to steps


def noted(text, said):
    """The notes that gdb has written; what it said instead if they are not whole."""
    notes = [json.loads(line) for line in text.split("\n") if line]
    if not any("error" in note for note in notes) and notes[-1:] != [{"end": True}]:
        raise Failed("gdb has not come to an end:\n" + "\n".join(said[-20:]))
    return notes


_HERS = ((re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"), (re.compile(r"\bpid \d+"), "pid PID"))


def _common(text):
    """Without what is different in each run, and tells nothing."""
    for pattern, mark in _HERS:
        text = pattern.sub(mark, text)
    return text


def sorted_out(notes):
    """(steps, events, bases, functions) of the notes; an error among them is one here."""
    found, called = ([], {}, {}, {}), {}
    for note in notes:
        if "error" in note:
            raise Failed(note["error"].strip())
        if "returned" in note:
            called[note["returned"]].update(note)
        if "kind" in note:
            found[0].append(note)
            called[note.get("id")] = note
        for k, word in enumerate(("event", "base", "function"), 1):
            if word in note and "kind" not in note:
                found[k][str(note.pop(word))] = note
    return [step for step in found[0] if _is_whole(step)], *found[1:]


def _is_whole(step):
    """Whether a system call has ended; one that the end of the program cut off tells nothing."""
    return step["kind"] != "call" or "result" in step


def _of_the_program(steps):
    """The steps without files that the C library reads for itself, as how many cores there are."""
    foreign = set()
    for step in steps:
        fd = step.get("with", "").partition(",")[0]
        if step["kind"] != "call":
            yield step
        elif step["call"].startswith("open") and '"/sys/' in step["with"]:
            foreign.add(str(step["result"]))
        elif fd not in foreign or step["call"] not in ("read", "close"):
            yield step
        elif step["call"] == "close":
            foreign.discard(fd)


def _after(steps):
    """For each step, what its base looks like when the next one of that base begins."""
    upcoming, found = {}, []
    for step in reversed(steps):
        base = step.get("base")
        found.append(upcoming.get(base, step.get("state", {})) if base else None)
        if base:
            upcoming[base] = step["state"]
    return found[::-1]


def _function_names(functions):
    """A name for each function's key; those that share one are numbered."""
    found, used = {}, {}
    for key, function in functions.items():
        name = function["name"]
        used[name] = used.get(name, 0) + 1
        found[key] = name if used[name] == 1 else f"{name} ({used[name]})"
    return found


def _texts(stage, functions, names):
    found = {}
    for key, function in functions.items():
        lines = (stage / function["file"]).read_text().split("\n")
        found[names[key]] = {"file": function["file"],
                             "text": lines[function["first"] - 1:function["last"]]}
    return found


def _delta(old, new):
    """What of a state is different; what is gone is null."""
    changed = {key: value for key, value in new.items() if old.get(key) != value}
    return changed | {key: None for key in old if key not in new}


class _Maker:
    """Makes steps of notes, in order: it knows what each base looked like last."""

    def __init__(self, events, bases, functions, names, texts):
        self.events, self.bases = events, bases
        self.functions, self.names, self.texts = functions, names, texts
        self.shown, self.seen = {}, set()

    def _at(self, step):
        """Where the thread is, by lines of functions."""
        return [[self.names[key], line - self.functions[key]["first"]]
                for key, line in step["at"]]

    def _dull(self, step, at, delta):
        """Whether a line of the loop does nothing that has not been seen before."""
        if step["kind"] != "line":
            return False
        place = step["thread"], str(at[-1])
        first = place not in self.seen
        self.seen.add(place)
        return not first and not delta

    def step(self, step, after):
        """A step of the recording, or None for one that shows nothing."""
        at, base = self._at(step), step.get("base")
        old = self.shown.get(base, {})
        delta = _delta(old, after) if after is not None else {}
        if self._dull(step, at, delta):
            return None
        lines, k = (self.texts[at[-1][0]]["text"], at[-1][1]) if at else ([], 0)
        made = {"us": step["us"], "thread": step["thread"], "at": at,
                "says": _common(sentences.says(step, self.events, lines, k))}
        if "call" in step or step.get("did", "").startswith("kevent"):
            made["call"] = _common(sentences.call_text(step))
        if sentences.sleeps(step):
            made["sleeps"] = True
        if base:
            self.shown[base] = after
            backend = self.bases[str(base)]["backend"]
            then = sentences.changes(old, after, self.events, backend)
            made |= {"base": base} | ({"then": then} if then else {})
            made |= {"state": delta} if delta else {}
        return made


def _used(steps, functions):
    wanted = {name for step in steps for name, _ in step["at"]}
    return {name: function for name, function in functions.items() if name in wanted}


def make(stage, notes, about):
    """The recording of a stage's run; `about` says what ran, and on what."""
    steps, events, bases, functions = sorted_out(notes)
    steps = list(_of_the_program(steps))
    names = _function_names(functions)
    maker = _Maker(events, bases, functions, names, _texts(stage, functions, names))
    made = [maker.step(step, after) for step, after in zip(steps, _after(steps))]
    kept = [step for step in made if step]
    loop = next((name for name in ("event_base::loop", "event_base::dispatch")
                 if name in maker.texts), None)
    if loop is None:
        raise Failed("the sample never entered its loop")
    return {**about, "loop": loop, "bases": {n: base["backend"] for n, base in bases.items()},
            "events": events, "functions": _used(kept, maker.texts), "steps": kept}


# The file


def _line(value):
    return json.dumps(value, ensure_ascii=False)


def _rows(values):
    return ",\n".join(f"  {value}" for value in values)


def dumps(recording):
    """The text of a recording: a line for each step, each event, and each line of code.

    The times stand apart, since no two runs have the same.
    """
    steps = [{key: value for key, value in step.items() if key != "us"}
             for step in recording["steps"]]
    code = json.dumps(recording["functions"], ensure_ascii=False, indent=1)
    events = (f"{_line(key)}: {_line(value)}" for key, value in recording["events"].items())
    apart = ("events", "functions", "steps")
    parts = [f" {_line(key)}: {_line(value)}" for key, value in recording.items()
             if key not in apart]
    parts += [f' "events": {{\n{_rows(events)}\n }}',
              ' "functions": ' + code.replace("\n", "\n "),
              f' "steps": [\n{_rows(map(_line, steps))}\n ]',
              f' "us": {_line([step["us"] for step in recording["steps"]])}']
    return "{\n" + ",\n".join(parts) + "\n}\n"


def load(file):
    recording = json.loads(Path(file).read_text(encoding="utf-8"))
    times = recording.pop("us")
    steps = [{"us": us, **step} for us, step in zip(times, recording["steps"], strict=True)]
    return {**recording, "steps": steps}


def stale(recording, stage):
    """(function, why) for each function that is not any more as it was when it was recorded."""
    for name, function in recording["functions"].items():
        file = stage / function["file"]
        if not file.is_file():
            yield name, f"there is no {function['file']} any more"
        elif "\n".join(function["text"]) + "\n" not in file.read_text(encoding="utf-8"):
            yield name, f"is another in {function['file']} now"
