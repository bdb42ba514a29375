"""What happens in a step, in words: made of what was noted there, and of what changed."""

import re

from cpp import masked
from record import words

# What the statements of the loop's body are there for, by a function, member, type or keyword in
# them; the names of variables, and how lines are broken, play no part.
_STATEMENTS = {
    "lock_guard": "The loop takes the base's lock.",
    "run": "A run begins.",
    "while": "A turn begins, unless the loop was asked to leave.",
    "haveevents": "Is there anything left to wait for?",
    "no_events": "Nothing is left to wait for: the loop returns.",
    "idle": "What the loop returns unless something is called.",
    "stopped": "If something was called, the result will say so.",
    "return": "The loop returns.",
    "prepare": "The backend gets ready for the wait.",
    "wait": "How long may the loop sleep? Then it waits.",
    "wakeable_": "From here on no other thread needs to wake the loop.",
    "asleep_": "From here on no signal handler needs to wake the loop.",
    "collect": "What the wait has found makes events due.",
    "find_due": "What the wait has found and deadlines that have passed make events due.",
    "signal_process": "Signals that were caught make events due.",
    "timeout_process": "The clock is read, and deadlines that have passed make events due.",
    "task_process": "Work that was posted becomes due.",
    "process_active": "What is due is called.",
    "drains": "Was that the last turn?",
    "bool": "The run goes on until it is done.",
    "}": "The function ends.",
}


def of_line(lines, k):
    """What the statement in a line of the loop's body does, or the brace there."""
    code = masked("\n".join(lines))
    at = sum(len(line) + 1 for line in lines[:k])
    start = max(code.rfind(end, 0, at) for end in ";{}") + 1
    end = next((place for place in range(at, len(code)) if code[place] in ";{}"), len(code))
    found = set(re.findall(r"\w+", code[start:end])) or {code[end:end + 1]}
    return next((says for word, says in _STATEMENTS.items() if word in found),
                "The loop runs this line.")


class Names:
    """How to speak of events."""

    def __init__(self, events):
        self.events = events

    def _waits(self, key):
        """What the event waits for, where another has the same callback and descriptor."""
        event = self.events[key]
        alike = [other for other in self.events.values()
                 if (other["calls"], other.get("fd")) == (event["calls"], event.get("fd"))]
        differ = any(other["waits"] != event["waits"] for other in alike)
        return [event["waits"].replace("|persist", "")] if differ else []

    def short(self, key):
        """An event, where its descriptor or signal is known already."""
        return ", ".join([self.events[key]["calls"], *self._waits(key)])

    def __call__(self, key):
        """An event, as the callback that it calls, and for what."""
        event = self.events[key]
        number = f"fd {event['fd']}" if "fd" in event else event.get("signal")
        what = ", ".join(([number] if number else []) + self._waits(key))
        return f"`{event['calls']}`" + (f" ({what})" if what else "")


def _for(us):
    return "" if us is None else f", for {words.milliseconds(us)} at most"


def _add(step, name, event):
    waits = event["waits"].replace("|persist", "").replace("persist", "time")
    return f"{name} begins to wait for {event.get('signal', waits)}{_for(step['after'])}."


def _activate(step, name, _):
    if step["internal"]:
        return f"{name} is the library's own: it is called at once, for {step['res']}."
    return f"{name} becomes due{_reason(step)}."


def _reason(step):
    return "" if step["res"] == "nothing" else f", for {step['res']}"


def _loopexit(step, *_):
    if step["after"] is None:
        return "The loop is asked to leave after this turn."
    return f"The loop is asked to leave in {words.milliseconds(step['after'])}."


def _kevent(step, *_):
    if not step["changes"]:
        return f"`kevent()` has no changes to take, and {_sleep(step)}."
    return f"`kevent()` takes what has changed: {', '.join(step['changes'])}; and {_sleep(step)}."


def _sleep(step):
    if step["after"] is None:
        return "waits for ever"
    if step["after"] == 0:
        return "does not wait"
    return f"waits for {words.milliseconds(step['after'])} at most"


def _deliver(step, *_):
    times = {1: "once", 2: "twice"}.get(step["count"], f"{step['count']} times")
    return f"{step['signal']} has come {times}: the events that wait for it become due."


def _poll(step, *_):
    if step["now"] == "nothing":
        return f"The backend strikes fd {step['fd']} off its list. The kernel hears nothing yet."
    return (f"The backend puts fd {step['fd']} on its list, for {step['now']}. "
            "The kernel hears nothing yet.")


_DID = {
    "add": _add,
    "del": lambda step, name, _: f"{name} is deleted.",
    "activate": _activate,
    "call": lambda step, name, _: f"{name} is called{_reason(step)}.",
    "schedule": lambda step, name, _:
        f"{name} gets its place by its deadline, {words.milliseconds(step['time'])}.",
    "unschedule": lambda step, name, _: f"{name} has no deadline any more.",
    "expire": lambda step, name, _:
        f"The deadline of {name}, {words.milliseconds(step['time'])}, has passed.",
    "loopexit": _loopexit,
    "loopbreak": lambda *_: "The loop is asked to leave after this callback.",
    "deliver": _deliver,
    "on_signal": lambda step, *_: f"{step['signal']} interrupts the thread: the handler runs, "
                                  "and only counts it.",
    "poll": _poll,
    "note": lambda step, *_: f"The change of fd {step['fd']}, {step['old']} → {step['now']}, is "
                             "only noted.",
    "post": lambda *_: "Work is posted: it goes to the queue of this loop.",
    "wake": lambda *_: "The loop may sleep: it has to be woken.",
    "kevent": _kevent,
    "kevent found": lambda step, *_: "`kevent()` has found "
                                     + (", ".join(step["found"]) or "nothing") + ".",
    "end": lambda *_: "The base is destroyed, and takes off what is left.",
}


def call_text(step):
    """A system call as strace would write it; without its result as long as it goes on."""
    if step.get("did") == "kevent":
        return f"kevent([{', '.join(step['changes'])}])"
    if step.get("did") == "kevent found":
        return f"kevent() = {len(step['found'])} [{', '.join(step['found'])}]"
    text = f"{step['call']}({step['with']})"
    if "result" not in step:
        return text
    found = f" {step['found']}" if step.get("found") else ""
    return f"{text} = {words.result(step['result'])}{found}"


def sleeps(step):
    """Whether a thread sleeps from this step on."""
    if step["kind"] == "wait":
        return not step["with"].endswith(", 0 ms")
    return step.get("did") == "kevent" and step["waits"] and step["after"] != 0


def _wait(step, *_):
    if not sleeps(step):
        return f"`{step['call']}()` only looks: there is no time to sleep."
    return f"The thread goes to sleep in `{step['call']}()`."


def _told(step, value):
    op, fd, mask = (step["with"].split(", ") + [""])[1:4]
    what = f"not to watch fd {fd} any more" if op == "DEL" else f"to watch fd {fd} for {mask}"
    said = "" if value == "0" else f"; it says {value}"
    return f"The kernel is told {what}{said}."


def _moved(step, value):
    verb = {"read": "gets", "write": "writes"}[step["call"]]
    if value == "0" and verb == "gets":
        return "`read()` meets the end: no more will be written."
    if not value.isdigit():
        return _plainly(step, value)
    return f"`{step['call']}()` {verb} {value} byte{'s' * (value != '1')}."


def _made(what):
    def say(step, value):
        return f"{what}: fd {value}." if value.isdigit() else _plainly(step, value)
    return say


def _plainly(step, value):
    if value == "0":
        return f"A system call: `{step['call']}()`."
    return f"A system call: `{step['call']}()`; it says {value}."


def _done(what):
    def say(step, value):
        return what.format(step["with"]) if value == "0" else _plainly(step, value)
    return say


_CALLS = {
    "epoll_ctl": _told, "read": _moved, "write": _moved,
    "accept": _made("A client is taken"), "accept4": _made("A client is taken"),
    "socket": _made("A socket is made"), "epoll_create1": _made("An epoll is made"),
    "eventfd2": _made("An eventfd is made"),
    "open": _made("A file is opened"), "openat": _made("A file is opened"),
    "bind": _done("fd {} gets its address."),
    "listen": _done("From here on clients can connect to fd {}."),
    "close": _done("fd {} is closed."),
    "mknod": _done("A FIFO is made: {}."), "mknodat": _done("A FIFO is made: {}."),
    "unlink": _done("A file is removed: {}."), "unlinkat": _done("A file is removed: {}."),
    "pipe2": lambda step, value: f"A pipe is made: fds {step['found']}.",
}


def _call(step):
    value = words.result(step["result"])
    return _CALLS.get(step["call"], _plainly)(step, value)


def _woken(step, *_):
    value = words.result(step["result"])
    if value == "EINTR":
        return f"`{step['call']}()` was interrupted by a signal."
    if value == "0":
        why = "the time is over" if sleeps({**step, "kind": "wait"}) else "nothing is ready"
        return f"`{step['call']}()` returns: {why}."
    return f"`{step['call']}()` returns: {value} ready, {step['found']}."


def says(step, events, lines, k):
    """The sentence for a step; `lines` are the innermost function's, and `k` runs."""
    if step["kind"] == "line":
        return of_line(lines, k)
    if step["kind"] == "wait":
        return _wait(step)
    if step["kind"] == "woken":
        return _woken(step)
    if step["kind"] == "call":
        return _call(step)
    key = step.get("event")
    name = Names(events)(key) if key else ""
    return _DID[step["did"]](step, name, events.get(key))


# What changed


def _rows(old, new, word):
    """Changes of a table by number."""
    return [f"{word if key.lstrip('-').isdigit() else word.removesuffix(' fd')} {key}: "
            + new.get(key, "not any more")
            for key in sorted({*old, *new}, key=lambda k: (len(k), k))
            if old.get(key) != new.get(key)]


def _due(old, new, names):
    """Who has come on a queue, and who has left one."""
    for priority, (was, now) in enumerate(zip(old, new)):
        which = f"queue {priority}" if len(new) > 1 else "the active queue"
        yield from (f"{names(key)} is on {which}" for key in now if key not in was)
        yield from (f"{names(key)} has left {which}" for key in was if key not in now)


def _waiting(old, new, names, word):
    """Who has come on the map, and who has left it."""
    for key in sorted({*old, *new}, key=lambda k: (len(k), k)):
        was, now = old.get(key, []), new.get(key, [])
        yield from (f"{names(ev)} is on the map at {word}{key}" for ev in now if ev not in was)
        yield from (f"{names(ev)} has left the map at {word}{key}" for ev in was if ev not in now)


def _heap(old, new, names):
    """Who has come into the heap, left it, or got another deadline there."""
    was, now = dict(old), dict(new)
    for key in [*was, *(key for key in now if key not in was)]:
        if key not in now:
            yield f"{names(key)} has left the heap"
        elif was.get(key) != now[key]:
            yield f"{names(key)} is in the heap by {words.milliseconds(now[key])}"


_FLAGS = {
    "asleep_": ("`asleep_` is set: a handler has to wake the loop", "`asleep_` is reset"),
    "wakeable_": ("`wakeable_` is set: a thread has to wake the loop", "`wakeable_` is reset"),
    "loopexit": ("`loopexit` is requested", "the request `loopexit` ends"),
    "loopbreak": ("`loopbreak` is requested", "the request `loopbreak` ends"),
}


def _lists(old, new, word):
    """What was noted, and what is not any more."""
    yield from (f"noted: {each}" for each in new if each not in old)
    if old and not new:
        yield f"no {word} is left"


def changes(old, new, events, backend):
    """What is different in a base, each a few words."""
    watched = "the list for `poll()`: fd" if backend == "poll" else "the kernel watches: fd"
    names = Names(events)
    found = [*_waiting(old.get("map", {}), new["map"], names, "fd "),
             *_waiting(old.get("signals", {}), new.get("signals", {}), names, ""),
             *_due(old.get("queues", [[]] * len(new["queues"])), new["queues"], names),
             *_heap(old.get("heap", []), new.get("heap", []), names),
             *_rows(old.get("wanted", old.get("kernel", {})), new.get("wanted", {}),
                    "the backend's list: fd") * ("wanted" in new),
             *_rows(old.get("kernel", {}), new["kernel"], watched)]
    found += _lists(old.get("changes", []), new.get("changes", []), "change")
    found += _counted(old.get("caught", {}), new.get("caught", {}))
    for flag, (on, off) in _FLAGS.items():
        if old.get(flag, False) != new.get(flag, False):
            found.append(on if new.get(flag) else off)
    tasks = new.get("tasks", {}).get("posted", 0), old.get("tasks", {}).get("posted", 0)
    if tasks[0] != tasks[1]:
        found.append(f"posted and not yet taken: {tasks[0]}")
    return found


def _counted(old, new):
    """Signals that the handler has counted, and that the loop has taken."""
    yield from (f"{signal} is counted: {count}" for signal, count in new.items()
                if old.get(signal) != count)
    yield from (f"{signal}: what was counted is taken" for signal in old if signal not in new)
