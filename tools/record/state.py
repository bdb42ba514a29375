"""What a base looks like at a moment: its map, heap, queues, and what the kernel was told."""

from pathlib import Path

import gdb

from record import words
from record.memory import (flags, get, held, members, nanoseconds, number, pairs, pointee, queue,
                           vector)


def _what(value):
    return words.bits(number(value), words.WHAT)


def _map(base, name, stage):
    """Who waits on what descriptor."""
    if stage == 1:  # one event each
        slots = enumerate(vector(get(base, "by_fd_", "places_")))
        return {str(fd): [name(ev)] for fd, ev in slots if int(ev)}
    slots = vector(get(base, "io_", "io_", "places_"))
    waiting = ((fd, queue(get(slot, "events"), "io_next_")) for fd, slot in enumerate(slots))
    return {str(fd): [name(ev) for ev in events] for fd, events in waiting if events}


def _signals(base, name):
    lists = vector(get(base, "evsig_", "sigmap_"))
    waiting = ((signo, queue(events, "io_next_")) for signo, events in enumerate(lists))
    return {words.signal_name(signo): [name(ev) for ev in events]
            for signo, events in waiting if events}


def _caught(base):
    """How often which signal has come since the loop came by."""
    box = pointee(get(base, "evsig_", "caught_"))
    if box is None:
        return {}
    counts = [number(each) for each in _array(get(box, "counts"))]
    return {words.signal_name(signo): count for signo, count in enumerate(counts) if count}


def _array(value):
    elems = get(value, "_M_elems")
    first, last = elems.type.strip_typedefs().range()
    return [elems[k] for k in range(first, last + 1)]


def _heap(base, name, start):
    """The heap as it stands in memory: who, and for what time."""
    heap = get(base, "timeheap_")
    entries = get(heap, "heap_")
    found = [(entries + k).dereference() for k in range(int(get(heap, "size_")))]
    return [[name(get(e, "ev")), (nanoseconds(get(e, "deadline")) - start) // 1000]
            for e in found]


def _queues(base, name, stage):
    due = get(base, "activequeues_")
    queues = [get(due, "queue_")] if stage == 1 else vector(get(due, "queues_"))
    return [[name(ev) for ev in queue(each, "active_next_")] for each in queues]


# What the kernel has been told


def _poll_set(pollfds):
    return {str(int(p["fd"])): words.bits(int(p["events"]), words.POLL) for p in pollfds}


def _poll(backend):
    """The list that goes to the kernel, and what is wanted of the next."""
    found = {"kernel": _poll_set(vector(get(backend, "polled_")))}
    if bool(get(backend, "changed_")):
        found["wanted"] = _poll_set(vector(get(backend, "set_")))
    return found


def _epoll(backend):
    """What the kernel remembers, as it tells itself."""
    fd = int(get(backend, "epoll_", "fd_"))
    pid = gdb.selected_inferior().pid
    return {"kernel": words.epoll_table(Path(f"/proc/{pid}/fdinfo/{fd}").read_text())}


def _epoll_changelist(backend):
    """The same, and what is noted until the next wait."""
    return {**_epoll(backend), "changes": _noted(backend)}


def _noted(backend):
    """What a backend has noted until the next wait, in a changelist or a plain vector."""
    noted = get(backend, "noted_")
    if str(noted.type).startswith("std::vector"):
        changes = vector(noted)
    else:
        changes = vector(get(noted, "changes_"))[:int(get(noted, "count_"))]
    return [f"fd {int(get(c, 'fd'))}: {_what(get(c, 'old'))} → {_what(get(c, 'now'))}"
            + (", doubted" if "doubted" in members(c) and get(c, "doubted") else "") for c in changes]


def kevent(entry):
    """A change or a find of kqueue's."""
    filter_ = words.FILTERS.get(int(entry["filter"]), str(int(entry["filter"])))
    ident = int(entry["ident"])
    if filter_ == "SIGNAL":
        who = words.signal_name(ident)
    else:
        who = "fd -1" if ident >> 31 else f"fd {ident}"  # an unsigned number of 64 bits
    return f"{who} {filter_} {words.bits(int(entry['flags']), words.KEVENT_FLAGS, '')}".strip()


def _kqueue(backend):
    """The knotes of the stand-in, which is a kqueue made of epoll."""
    kq = int(get(backend, "kq_", "fd_"))
    kernel = gdb.lookup_static_symbol("(anonymous namespace)::the_kernel")
    found = {}
    for thing, notes in pairs(get(kernel.value(), "watched_")):
        for owner, note in pairs(notes):
            if int(owner) == kq:
                filter_ = words.FILTERS[int(thing["filter"])]
                mode = " CLEAR" if int(get(note, "flags")) & 0x20 else ""
                ident = int(thing["ident"])
                who = words.signal_name(ident) if filter_ == "SIGNAL" else str(ident)
                found.setdefault(who, []).append(filter_ + mode)
    return {"kernel": {ident: ", ".join(filters) for ident, filters in found.items()},
            "changes": _noted(backend) + [kevent(entry) for entry in
                                          vector(get(backend, "changes_"))]}


_BACKENDS = {"evolve::poll": _poll, "evolve::epoll": _epoll, "evolve::kqueue": _kqueue,
             "evolve::epoll_changelist": _epoll_changelist}


def _backend(base):
    """What the backend has asked of the kernel."""
    backend = pointee(get(base, "evsel_"))
    kind = str(backend.type.strip_typedefs())
    if kind not in _BACKENDS:
        raise KeyError(f"the recorder does not know the backend {kind}")
    return _BACKENDS[kind](backend)


def _tasks(base):
    """How many tasks have been posted, and how many of them are taken to be run."""
    tasks = get(base, "tasks_")
    taken = len(vector(get(tasks, "taken_"))) - int(get(tasks, "next_"))
    return {"posted": len(vector(get(tasks, "pushed_"))), "taken": taken}


_REQUESTS = {"loopexit": 1, "loopbreak": 2}  # which bit
_FLAGS = {"asleep_": 4, "wakeable_": 8}  # since which stage


def snapshot(base, name, start, stage):
    """All that the page shows of a base; `name` names an event by a pointer to it.

    What a stage must have is not asked for but read: what is missing is an error, not a gap.
    """
    found = {"map": _map(base, name, stage), "queues": _queues(base, name, stage),
             **_backend(base)}
    if stage >= 2:
        running = get(base, "running_")
        found["running"] = name(running) if int(running) else None
        requests = number(get(base, "requests_"))
        found |= {request: bool(requests & bit) for request, bit in _REQUESTS.items()}
    if stage >= 3:
        found["heap"] = _heap(base, name, start)
    if stage >= 4:
        found |= {"signals": _signals(base, name), "caught": _caught(base)}
    if stage >= 8:
        found["tasks"] = _tasks(base)
    return found | {flag: bool(number(get(base, flag)))
                    for flag, since in _FLAGS.items() if stage >= since}


def is_idle(event):
    """Whether an event is on nothing: to delete it would do nothing."""
    return not flags(event) & 0x0b


def timeout_of(value):
    """The timeout that add() was given, in µs; None for none."""
    given = held(value)
    return None if given is None else nanoseconds(given) // 1000
