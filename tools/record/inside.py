"""Runs inside gdb: lets a sample run, and writes down what happens in it, one line of JSON each.

The program is never held up for longer than it takes to look: the breakpoints' functions say no to
stopping, so that other threads run on, and a wait of theirs is not interrupted.
"""

import json
import os
import re
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, os.environ["EVOLVE_TOOLS"])
sys.dont_write_bytecode = True

import gdb  # noqa: E402

from record import calls, memory, names, points, state  # noqa: E402

_STAND_IN = "kqueue_on_epoll.cpp"


class Recorder:
    """What has been seen so far: which events and bases there are, and who is in what call."""

    def __init__(self, stage, number, out):
        """`number` is the stage's; `out` is a file to write to."""
        self.stage, self.number, self.out = Path(stage), number, out
        self.start, self.running, self.ends, self.failed = 0, False, False, False
        self.names, self.events, self.bases, self.last = {}, 0, {}, {}
        self.calls, self.functions, self.count = {}, {}, 0

    def say(self, what):
        self.out.write(json.dumps(what) + "\n")
        self.out.flush()

    def guarded(self, do, *arguments):
        """Runs what a stop is for; True, to stop for good, when it fails."""
        try:
            if not self.failed and not (self.ends and not self.running):
                do(*arguments)
        except Exception:  # noqa: BLE001  gdb would only print it
            self.failed = True
            self.say({"error": traceback.format_exc()})
        return self.failed

    # Names for addresses

    def made(self, frame):
        """An event is being made: what was at its address is another's."""
        self.names.pop(int(frame.read_var("this")), None)

    def name(self, pointer):
        at = int(pointer)
        if at not in self.names:
            self.events += 1
            self.names[at] = f"e{self.events}"
            self.say({"event": self.names[at], **memory.describe(pointer.dereference())})
        return self.names[at]

    def base(self, pointer):
        """The number of the base at an address, from 1."""
        at = int(pointer)
        if at not in self.bases:
            self.bases[at] = len(self.bases) + 1
            backend = memory.pointee(memory.get(pointer.dereference(), "evsel_"))
            kind = str(backend.type.strip_typedefs()).removeprefix("evolve::")
            self.say({"base": self.bases[at], "backend": kind.replace("_", " with ")})
        return self.bases[at]

    # Where a thread is

    def function(self, frame, place):
        """The key of a function whose lines the page shows."""
        symbol, block = frame.function(), frame.block()
        while not block.function:
            block = block.superblock
        start = gdb.find_pc_line(block.start)
        begin = start.line
        last = max((entry.line for entry in start.symtab.linetable()
                    if block.start <= entry.pc < block.end), default=begin)
        first = min(symbol.line or begin, begin)  # a lambda's symbol has no line
        key = f"{place}:{first}"
        if key not in self.functions:
            self.functions[key] = True
            self.say({"function": key, "name": names.of_function(symbol.name or ""), "file": place,
                      "first": first, "last": max(first, last)})
        return key

    def stack(self, frame):
        """([(function, line)] from outermost to innermost, base or None)."""
        found, base, made = [], None, False
        while frame is not None and frame.is_valid():
            sal, name = frame.find_sal(), frame.name() or ""
            path = sal.symtab.fullname() if sal.symtab else ""
            if path and memory.is_ours(path) and Path(path).is_relative_to(self.stage):
                place = Path(path).relative_to(self.stage).as_posix()
                found.append([self.function(frame, place), sal.line])
            if re.fullmatch(r"evolve::event_base::(~?)event_base", name):
                made = True
            base = base or self._base_of(frame, name)
            frame = frame.older()
        return found[::-1], None if made else base

    def _base_of(self, frame, name):
        """The base whose member runs in a frame."""
        if name.startswith("evolve::event_base::") and "::event_once::" not in name:
            return memory_pointer(frame, "event_base")
        if name.startswith("evolve::event::"):
            this = memory_pointer(frame, "event")
            return memory.get(this.dereference(), "base_") if this is not None else None
        return None

    # Stops

    def step(self, kind, note, frame, snapshots=True):
        """Writes a step down, with what the thread's base looks like before it."""
        thread = gdb.selected_thread().num
        at, base = self.stack(frame)
        base = base if base is not None else self.last.get(thread)
        found = {"kind": kind, "us": (time.monotonic_ns() - self.start) // 1000,
                 "thread": thread, "at": at, **note}
        if base is not None and snapshots:
            self.last[thread] = base
            found["base"] = self.base(base)
            found["state"] = state.snapshot(base.dereference(), self.name, self.start,
                                            self.number)
        self.say(found)

    def begin(self):
        """At main(): from here on."""
        self.start, self.running = time.monotonic_ns(), True
        self.say({"pid": gdb.selected_inferior().pid})

    def at_line(self):
        """A line of the loop's body is to be run."""
        self.step("line", {}, gdb.newest_frame())

    def at_point(self, point):
        """A function of the library has been entered."""
        frame = gdb.newest_frame()
        note = point.note(self, frame)
        if note is not None and self.running:
            self.step("point", note, frame, not self.ends)
        if self.ends:
            self.running = False

    def at_call(self, names):
        """A system call begins, or has ended."""
        number, arguments, result = calls.registers()
        thread, name = gdb.selected_thread().num, names.get(number)
        if not self.running or name is None or self._in_stand_in():
            return
        if thread in self.calls:
            self._returned(*self.calls.pop(thread), result)
            return
        given, self.count = calls.entered(name, arguments), self.count + 1
        self.calls[thread] = name, arguments, given, self.count
        self.step("wait" if name in calls.WAITS else "call",
                  {"call": name, "with": given, "id": self.count}, gdb.newest_frame())

    def _returned(self, name, arguments, given, call, result):
        """What a system call has come to: a step of its own for a wait, else added to its step."""
        came = {"result": result, "found": calls.left(name, arguments, result)}
        if name in calls.WAITS:
            self.step("woken", {"call": name, "with": given, **came}, gdb.newest_frame())
        else:
            self.say({"returned": call, **came})

    def _in_stand_in(self):
        """Whether it is a stand-in for a kernel that calls the real one."""
        frame = gdb.newest_frame()
        while frame is not None:
            sal = frame.find_sal()
            if sal.symtab and sal.symtab.filename.endswith(_STAND_IN):
                return True
            frame = frame.older()
        return False


def memory_pointer(frame, kind):
    """The `this` of a frame, if it is one of that class."""
    try:
        this = frame.read_var("this")
    except ValueError:
        return None
    return this if str(this.type.target().unqualified()) == f"evolve::{kind}" else None


class Stop(gdb.Breakpoint):
    """A breakpoint that looks and goes on."""

    def __init__(self, where, recorder, do):
        super().__init__(where)
        self.silent, self.recorder, self.do = True, recorder, do

    def stop(self):
        """Whether the program has to stop."""
        return self.recorder.guarded(*self.do)


class OnCall(gdb.Function):
    """The condition of the catchpoint for system calls, which cannot have a function of its own."""

    def __init__(self, recorder, names):
        super().__init__("evolve_call")
        self.recorder, self.names = recorder, names

    def invoke(self):
        """Whether the program has to stop."""
        return int(self.recorder.guarded(self.recorder.at_call, self.names))


def _loop_lines():
    """Where the lines of the loop's body begin: FILE:LINE each."""
    try:
        where = gdb.decode_line("evolve::event_base::loop")[1][0]
    except gdb.error:  # the first loop is called after what it does
        where = gdb.decode_line("evolve::event_base::dispatch")[1][0]
    block = gdb.block_for_pc(where.pc)
    while not block.function:
        block = block.superblock
    table = where.symtab.linetable()
    lines = {entry.line for entry in table if block.start <= entry.pc < block.end and entry.line}
    return [f"{where.symtab.fullname()}:{line}" for line in sorted(lines)]


def _set_points(recorder, number):
    """Has the program looked at wherever something is to be seen."""
    wanted = points.POINTS
    if os.environ["EVOLVE_STAND_IN"]:
        wanted = wanted + points.kqueue_points()
    for point in points.resolve(wanted, number):
        Stop(point.function, recorder, (recorder.at_point, point))
    Stop("evolve::event::event", recorder, (lambda: recorder.made(gdb.newest_frame()),))
    for line in _loop_lines():
        Stop(line, recorder, (recorder.at_line,))
    Stop("main", recorder, (recorder.begin,))
    caught, known = calls.catch()
    OnCall(recorder, known)
    gdb.execute(f"condition {caught} $evolve_call()")


def main():
    """Sets the points and lets the program run to its end."""
    for command in ("set pagination off", "set confirm off", "set print inferior-events off",
                    "handle all nostop noprint pass", "handle SIGINT nostop noprint pass"):
        gdb.execute(command, to_string=True)
    number = int(os.environ["EVOLVE_STAGE_NUMBER"])
    with open(os.environ["EVOLVE_STEPS"], "w", encoding="utf-8") as out:
        recorder = Recorder(os.environ["EVOLVE_STAGE"], number, out)
        try:
            _set_points(recorder, number)
            gdb.execute("run")
        except Exception as error:  # noqa: BLE001  else nobody would hear of it
            recorder.say({"error": f"{type(error).__name__}: {error}"})
        recorder.say({"end": True})


main()
