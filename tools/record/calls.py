"""System calls as the debugger catches them: who they are, and what went in and came out."""

import re

import gdb

from record import words

# Where a system call has its number, its arguments and its result.
_REGISTERS = {
    "i386:x86-64": ("orig_rax", ("rdi", "rsi", "rdx", "r10", "r8", "r9"), "rax"),
    "aarch64": ("x8", ("x0", "x1", "x2", "x3", "x4", "x5"), "x0"),
}
# What a replay shows. What an architecture does not have is left out there.
WAITS = ("poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2")
_NAMES = WAITS + (
    "epoll_create1", "epoll_ctl", "eventfd2", "timerfd_create", "timerfd_settime", "pipe2",
    "socket", "bind", "listen", "accept", "accept4", "read", "write", "close",
    "mknod", "mknodat", "open", "openat", "unlink", "unlinkat")


def catch():
    """Sets the catchpoint; (its number, names of system calls by number)."""
    known = {}
    for name in _NAMES:
        try:
            said = gdb.execute(f"catch syscall {name}", to_string=True)
        except gdb.error:
            continue
        point, number = re.search(r"Catchpoint (\d+) .*\[(\d+)\]", said).groups()
        gdb.execute(f"delete {point}")
        known[int(number)] = name
    said = gdb.execute("catch syscall " + " ".join(known.values()), to_string=True)
    return int(re.search(r"Catchpoint (\d+)", said)[1]), known


def _register(name):
    """A register as a signed number of 64 bits."""
    value = int(gdb.parse_and_eval(f"(long)${name}"))
    return value - (1 << 64) if value >= 1 << 63 else value


def registers():
    """(number, arguments, result) of the call at which the thread has stopped."""
    arch = gdb.selected_inferior().architecture().name()
    if arch not in _REGISTERS:
        raise RuntimeError(f"the recorder does not know the registers of {arch}; "
                           "let tools/record/calls.py learn them")
    number, arguments, result = _REGISTERS[arch]
    return _register(number), [_register(each) for each in arguments], _register(result)


def _memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size)) if size > 0 else b""


def _int(address, size=4, signed=True):
    """A number in the program's memory."""
    return int.from_bytes(_memory(address, size), "little", signed=signed)


def _string(address):
    return words.quoted(bytes(gdb.selected_inferior().read_memory(address, 256)).split(b"\0")[0])


def _fd(value):
    return str(value & 0xffffffff) if value & 0x80000000 == 0 else "-1"


def _milliseconds(value):
    """A timeout of poll() or epoll_wait()."""
    signed = (value & 0xffffffff) - ((value & 0x80000000) << 1)
    return "for ever" if signed < 0 else f"{signed} ms"


def _timespec(address):
    """A timeout of epoll_pwait2()."""
    if address == 0:
        return "for ever"
    us = _int(address, 8) * 1_000_000 + _int(address + 8, 8) // 1000
    return words.milliseconds(us)


def _pollfds(address, count, revents):
    """The list that poll() goes through, or what it found there."""
    found = []
    for k in range(count):
        at = address + 8 * k
        mask = _int(at + (6 if revents else 4), 2, signed=False)
        if mask or not revents:
            found.append(f"{_int(at)}: {words.bits(mask, words.POLL)}")
    return "[" + ", ".join(found) + "]"


def _epoll_events(address, count):
    """What epoll_wait() found; the number of a descriptor is in the lower half of its data."""
    rows = []
    for k in range(count):
        at = address + 12 * k if _packed() else address + 16 * k
        mask, data = _int(at, 4, signed=False), _int(at + (4 if _packed() else 8), 4)
        rows.append(f"{data}: {words.bits(mask, words.EPOLL)}")
    return "[" + ", ".join(rows) + "]"


def _packed():
    return gdb.selected_inferior().architecture().name() == "i386:x86-64"


def _epoll_ctl(a):
    op = words.EPOLL_OPS.get(a[1], str(a[1]))
    asks = "" if op == "DEL" else ", " + words.bits(_int(a[3], 4, signed=False), words.EPOLL)
    return f"{_fd(a[0])}, {op}, {_fd(a[2])}{asks}"


def _mask_of(address, size):
    """The descriptors in a set of select()'s."""
    bits = int.from_bytes(_memory(address, (size + 7) // 8), "little") if address else 0
    return "{" + ", ".join(str(fd) for fd in range(size) if bits >> fd & 1) + "}"


_ENTERED = {
    "poll": lambda a: f"{_pollfds(a[0], a[1], False)}, {_milliseconds(a[2])}",
    "epoll_wait": lambda a: f"{_fd(a[0])}, {_milliseconds(a[3])}",
    "epoll_pwait": lambda a: f"{_fd(a[0])}, {_milliseconds(a[3])}",
    "epoll_pwait2": lambda a: f"{_fd(a[0])}, {_timespec(a[3])}",
    "select": lambda a: f"{_mask_of(a[1], a[0])}, {_mask_of(a[2], a[0])}",
    "epoll_ctl": _epoll_ctl,
    "open": lambda a: _string(a[0]), "openat": lambda a: _string(a[1]),
    "mknod": lambda a: _string(a[0]), "mknodat": lambda a: _string(a[1]),
    "unlink": lambda a: _string(a[0]), "unlinkat": lambda a: _string(a[1]),
    "write": lambda a: f"{_fd(a[0])}, {_written(a)}",
    "socket": lambda a: "", "pipe2": lambda a: "", "eventfd2": lambda a: "",
    "epoll_create1": lambda a: "", "timerfd_create": lambda a: "",
}


def _written(a):
    """What write() writes: text; or the one that goes into an eventfd."""
    data = _memory(a[1], min(a[2], 64))
    return "1" if data == (1).to_bytes(8, "little") else words.quoted(data)


def entered(name, arguments):
    """The arguments as text, when the call begins: later it may have overwritten them."""
    return _ENTERED.get(name, lambda a: _fd(a[0]))(arguments)


def left(name, arguments, result):
    """What came of the call beside its result; empty for nothing."""
    if name == "read" and result > 0:
        return words.quoted(_memory(arguments[1], min(result, 64)))
    if name == "poll" and result > 0:
        return _pollfds(arguments[0], arguments[1], True)
    if name.startswith("epoll_") and name in WAITS and result > 0:
        return _epoll_events(arguments[1], result)
    if name == "pipe2" and result == 0:
        return f"{_int(arguments[0])} and {_int(arguments[0] + 4)}"
    return ""
