"""Where the recorder stops in the library, and what it notes there.

A point is a function of the library and the stage that brings it. What is noted are numbers and
names; record/sentences.py makes sentences of them.
"""

import re
from typing import Callable, NamedTuple

import gdb

from record import state, words
from record.memory import Unreadable, flags, get, nanoseconds, number, vector


class Point(NamedTuple):
    """A function to stop in, from which stage on, and what notes its arguments, or None."""

    function: str
    since: int
    make: Callable

    def note(self, see, frame):
        """What to note at this place; None: no step."""
        return self.make(see, *_arguments(frame))


POINTS = []


def _point(function, since):
    def enter(note):
        POINTS.append(Point(f"evolve::{function}", since, note))
        return note
    return enter


def _arguments(frame):
    """What a function was given, in its order; a parameter without a name is left out."""
    block = frame.block()
    while not block.function:
        block = block.superblock
    return [frame.read_var(symbol) for symbol in block
            if symbol.is_argument and symbol.name != "this"]


def _event(see, given):
    """The name of an event that a function was given by reference."""
    return see.name(given.referenced_value().address)


def _what(value):
    return words.bits(number(value), words.WHAT)


def _us(see, value):
    """A point in time, since the start."""
    return (nanoseconds(value) - see.start) // 1000


@_point("event_base::add", 1)
def _(see, ev, timeout=None):
    common = timeout is not None and "common" in str(timeout.type)
    after = nanoseconds(timeout) // 1000 if timeout is not None and not common else None
    if flags(ev.referenced_value()) & 0x02 and after is None and not common:
        return None  # it waits already
    return {"did": "add", "event": _event(see, ev), "after": after}


@_point("event_base::del", 1)
def _(see, ev):
    if state.is_idle(ev.referenced_value()):
        return None
    return {"did": "del", "event": _event(see, ev)}


@_point("event_base::activate(evolve::event&, evolve::what)", 1)
def _(see, ev, res):
    return {"did": "activate", "event": _event(see, ev), "res": _what(res),
            "internal": bool(flags(ev.referenced_value()) & 0x10)}


@_point("event_base::call", 1)
def _(see, ev):
    return {"did": "call", "event": _event(see, ev),
            "res": _what(get(ev.referenced_value(), "res_"))}


@_point("event_base::put_on_heap", 3)
@_point("event_base::schedule_common", 3)
def _(see, ev, due, *_):
    return {"did": "schedule", "event": _event(see, ev), "time": _us(see, due)}


@_point("event_base::unschedule", 3)
def _(see, ev):
    if not flags(ev.referenced_value()) & 0x01:
        return None
    return {"did": "unschedule", "event": _event(see, ev)}


@_point("event_base::expire", 3)
def _(see, ev):
    return {"did": "expire", "event": _event(see, ev),
            "time": _us(see, get(ev.referenced_value(), "deadline_"))}


@_point("event_base::loopexit", 3)
def _(see, delay):
    return {"did": "loopexit", "after": state.timeout_of(delay)}


@_point("event_base::deliver", 4)
def _(see, signo, ncalls):
    return {"did": "deliver", "signal": words.signal_name(int(signo)), "count": int(ncalls)}


@_point("(anonymous namespace)::on_signal", 4)
def _(see, signo):
    return {"did": "on_signal", "signal": words.signal_name(int(signo))}


@_point("poll::add", 1)
@_point("poll::del", 1)
def _(see, fd, *wanted):  # before and now; who does not need the one gives it no name
    return {"did": "poll", "fd": int(fd), "now": _what(wanted[-1])}


@_point("changelist::note", 7)
def _(see, fd, old, now):
    return {"did": "note", "fd": int(fd), "old": _what(old), "now": _what(now)}


@_point("event_base::~event_base", 1)
def _(see, *_):
    see.ends = True
    return {"did": "end"}


for _name, _since in (("event_base::loopbreak", 2), ("event_base::post", 8), ("notifier::wake", 8)):
    _point(_name, _since)(lambda see, *_, did=_name.rpartition("::")[2]: {"did": did})


# What a stand-in for a kernel does is a system call to the library.


def kevent(see, *given):
    """kevent(), as it begins: what is to change goes along with the wait."""
    if len(given) != 6:
        return None  # the stand-in's own of that name, which it calls
    _, first, count, _, room, timeout = given
    changes = [state.kevent((first + k).dereference()) for k in range(int(count))]
    wait = timeout.dereference() if int(timeout) else None
    us = None if wait is None else int(wait["tv_sec"]) * 10**6 + int(wait["tv_nsec"]) // 1000
    return {"did": "kevent", "changes": changes, "after": us, "waits": int(room) > 0}


def kevent_found(see):
    """kqueue::collect(), where what kevent() has found is looked at."""
    this = gdb.newest_frame().read_var("this").dereference()
    found = vector(get(this, "events_"))[:max(0, int(get(this, "count_")))]
    return {"did": "kevent found", "found": [state.kevent(entry) for entry in found]}


def kqueue_points():
    return [Point("kevent", 6, kevent), Point("evolve::kqueue::collect", 6, kevent_found)]


def _place(function):
    """A function, or FILE:LINE of a template, which gdb does not find by its name alone."""
    try:
        gdb.decode_line(function)
        return function
    except gdb.error:
        found = re.search(r"^File (.+):\n(\d+):",
                          gdb.execute(f"info functions {function}<", to_string=True), re.M)
        if not found:
            raise
        return f"{found[1]}:{found[2]}"


def resolve(points, stage):
    """The points of a stage; that one is not there is an error."""
    found = []
    for point in points:
        if point.since > stage:
            continue
        try:
            found.append(point._replace(function=_place(point.function)))
        except gdb.error as error:
            raise Unreadable(f"the recorder stops in {point.function}() from stage {point.since} "
                             f"on, but there is none any more: {error}; let "
                             "tools/record/points.py follow the change") from None
    return found
