"""Where the recorder stops in the library, and what it notes there.

A point is a function of the library and the stage that brings it. What is noted are numbers and
names; record/sentences.py makes sentences of them.
"""

from typing import Callable, NamedTuple

import gdb

from record import state, words
from record.memory import Unreadable, flags, get, nanoseconds, number, vector


class Point(NamedTuple):
    """A function to stop in, from which stage on, and what to note; None there: no step."""

    function: str
    since: int
    note: Callable


POINTS = []


def _point(function, since):
    """Enters what to note in a function into POINTS."""
    def enter(note):
        POINTS.append(Point(f"evolve::{function}", since, note))
        return note
    return enter


def _given(frame, name="ev"):
    """What a function was given by reference."""
    return frame.read_var(name).referenced_value()


def _event(see, frame):
    """The name of the event that a function was given."""
    return see.name(_given(frame).address)


def _us(see, value):
    """A point in time, since the start."""
    return (nanoseconds(value) - see.start) // 1000


def _argument(frame, name):
    """An argument, where this stage's function has it."""
    block = frame.block()
    while not block.function:
        block = block.superblock
    there = any(symbol.is_argument and symbol.name == name for symbol in block)
    return frame.read_var(name) if there else None


@_point("event_base::add", 1)
def _(see, frame):
    ev, timeout = _given(frame), _argument(frame, "timeout")
    common = timeout is not None and "common" in str(timeout.type)
    after = state.timeout_of(timeout) if timeout is not None and not common else None
    if flags(ev) & 0x02 and after is None and not common:
        return None  # it waits already
    return {"did": "add", "event": _event(see, frame), "after": after}


@_point("event_base::del", 1)
def _(see, frame):
    if state.is_idle(_given(frame)):
        return None
    return {"did": "del", "event": _event(see, frame)}


@_point("event_base::activate(evolve::event&, evolve::what)", 1)
def _(see, frame):
    return {"did": "activate", "event": _event(see, frame),
            "res": words.bits(number(frame.read_var("res")), words.WHAT),
            "internal": bool(flags(_given(frame)) & 0x10)}


@_point("event_base::call", 1)
def _(see, frame):
    ev = _given(frame)
    return {"did": "call", "event": _event(see, frame),
            "res": words.bits(number(get(ev, "res_")), words.WHAT)}


@_point("event_base::schedule", 3)
def _(see, frame):
    return {"did": "schedule", "event": _event(see, frame), "time": _us(see, frame.read_var("due"))}


@_point("event_base::unschedule", 3)
def _(see, frame):
    if not flags(_given(frame)) & 0x01:
        return None
    return {"did": "unschedule", "event": _event(see, frame)}


@_point("event_base::expire", 3)
def _(see, frame):
    deadline = get(_given(frame), "deadline_")
    return {"did": "expire", "event": _event(see, frame), "time": _us(see, deadline)}


@_point("event_base::loopexit", 3)
def _(see, frame):
    return {"did": "loopexit", "after": state.timeout_of(frame.read_var("delay"))}


@_point("event_base::loopbreak", 2)
def _(see, frame):
    return {"did": "loopbreak"}


@_point("event_base::deliver", 4)
def _(see, frame):
    return {"did": "deliver", "signal": words.signal_name(int(frame.read_var("signo"))),
            "count": int(frame.read_var("ncalls"))}


@_point("(anonymous namespace)::on_signal", 4)
def _(see, frame):
    return {"did": "on_signal", "signal": words.signal_name(int(frame.read_var("signo")))}


def _changed(did):
    """A backend is told what is wanted of a descriptor."""
    def note(see, frame):
        old, now = (frame.read_var(each) for each in ("old", "now"))
        return {"did": did, "fd": int(frame.read_var("fd")),
                "old": words.bits(number(old), words.WHAT),
                "now": words.bits(number(now), words.WHAT)}
    return note


def _polled(see, frame):
    """poll::add() and poll::del(), whose parameters have no names where they are not needed."""
    return {"did": "poll", "fd": int(frame.read_var("fd")),
            "now": words.bits(number(frame.read_var("now")), words.WHAT)}


_point("poll::add", 1)(_polled)
_point("poll::del", 1)(_polled)
_point("changelist::note", 7)(_changed("note"))


@_point("event_base::push", 8)
def _(see, frame):
    return {"did": "push"}


@_point("notifier::wake", 8)
def _(see, frame):
    return {"did": "wake"}


@_point("event_base::~event_base", 1)
def _(see, frame):
    see.ends = True
    return {"did": "end"}


# What a stand-in for a kernel does is a system call to the library.


def kevent(see, frame):
    """kevent(), as it begins: what is to change goes along with the wait."""
    if _argument(frame, "changelist") is None:
        return None  # the stand-in's own of that name, which it calls
    first, count = frame.read_var("changelist"), int(frame.read_var("nchanges"))
    timeout, room = frame.read_var("timeout"), int(frame.read_var("nevents"))
    changes = [state.kevent((first + k).dereference()) for k in range(count)]
    given = timeout.dereference() if int(timeout) else None
    us = None if given is None else int(given["tv_sec"]) * 10**6 + int(given["tv_nsec"]) // 1000
    return {"did": "kevent", "changes": changes, "after": us, "waits": room > 0}


def kevent_found(see, frame):
    """kqueue::collect(), where what kevent() has found is looked at."""
    this = frame.read_var("this").dereference()
    found = vector(get(this, "events_"))[:max(0, int(get(this, "count_")))]
    return {"did": "kevent found", "found": [state.kevent(entry) for entry in found]}


def kqueue_points():
    """The points where the library runs on kqueue."""
    return [Point("kevent", 6, kevent), Point("evolve::kqueue::collect", 6, kevent_found)]


def resolve(points, stage):
    """The points of a stage; that one is not there is an error."""
    found = [point for point in points if point.since <= stage]
    for point in found:
        try:
            gdb.decode_line(point.function)
        except gdb.error as error:
            raise Unreadable(f"the recorder stops in {point.function}() from stage {point.since} "
                             f"on, but there is none any more: {error}; let "
                             "tools/record/points.py follow the change") from None
    return found
