"""Numbers as a reader knows them: flags, errors, signals and system calls by their names."""

import errno
import re
import signal

WHAT = {0x01: "timeout", 0x02: "read", 0x04: "write", 0x08: "signal", 0x10: "persist",
        0x20: "edge", 0x80: "closed"}
EPOLL = {0x001: "IN", 0x004: "OUT", 0x008: "ERR", 0x010: "HUP", 0x2000: "RDHUP",
         0x80000000: "ET"}
POLL = {0x001: "IN", 0x004: "OUT", 0x008: "ERR", 0x010: "HUP", 0x020: "NVAL", 0x2000: "RDHUP"}
EPOLL_OPS = {1: "ADD", 2: "DEL", 3: "MOD"}
KEVENT_FLAGS = {0x0001: "ADD", 0x0002: "DELETE", 0x0004: "ENABLE", 0x0008: "DISABLE",
                0x0010: "ONESHOT", 0x0020: "CLEAR", 0x0040: "RECEIPT", 0x4000: "ERROR",
                0x8000: "EOF"}
FILTERS = {-1: "READ", -2: "WRITE", -6: "SIGNAL", -11: "USER"}

# What the kernel says inside itself when a signal ends a call.
_RESTARTS = range(-516, -511)
_LONGEST = 40


def bits(value, names, none="nothing"):
    """A set of flags: `read|persist`; bits without a name stay numbers."""
    found = [name for bit, name in names.items() if value & bit]
    rest = value & ~sum(names)
    return "|".join(found + ([hex(rest)] if rest else [])) or none


def result(value):
    """What a system call returned, an error by its name."""
    if value in _RESTARTS:
        return "EINTR"
    return errno.errorcode.get(-value, str(value)) if value < 0 else str(value)


def signal_name(number):
    """SIGINT for 2."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def quoted(data):
    """Bytes as C would write them, cut where they get long."""
    text = data.decode("utf-8", "replace")
    short = text[:_LONGEST] + ("…" if len(text) > _LONGEST else "")
    for char, mark in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\0", "\\0")):
        short = short.replace(char, mark)
    return '"' + "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in short) + '"'


def milliseconds(us):
    """A time or a length in ms, as short as it can be told."""
    return f"{us / 1000:.1f}".removesuffix(".0") + " ms"


def epoll_table(fdinfo):
    """What the kernel itself says that an epoll watches, in /proc/PID/fdinfo/FD."""
    rows = re.findall(r"^tfd: +(\d+) events: +([0-9a-f]+)", fdinfo, re.M)
    always = 0x18  # ERR and HUP, which nobody has to ask for
    return {fd: bits(int(events, 16) & ~always, EPOLL) for fd, events in sorted(
        rows, key=lambda row: int(row[0]))}
