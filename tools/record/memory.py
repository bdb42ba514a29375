"""Reads the library's structures out of a stopped program, by the names of their members.

It knows them as they stand in the headers, and libstdc++'s containers. What is not there any more
is an error that says which name is missing where: then this file has to learn the new one.
"""

import re
from functools import lru_cache
from pathlib import Path

import gdb

from record import names, words

_NOT_THERE = ("the recorder knows a member `{name}` of {type}, and there is none any more; "
              "let tools/record/memory.py follow the change")


class Unreadable(Exception):
    """A structure is another than was thought."""


def members(value):
    """The names of a structure's members, with those of its bases."""
    found = []
    for field in value.type.strip_typedefs().fields():
        found += members(value[field]) if field.is_base_class else [field.name]
    return found


def get(value, *names):
    """A member, or a member's member."""
    for name in names:
        if name not in members(value):
            raise Unreadable(_NOT_THERE.format(name=name, type=value.type.strip_typedefs()))
        value = value[name]
    return value


def number(value):
    """A number; also of an enumeration, an atomic, or what the library wraps around one."""
    kind = value.type.strip_typedefs()
    while kind.code == gdb.TYPE_CODE_STRUCT:
        value = value[next(field for field in kind.fields() if not field.artificial
                           and not hasattr(field, "enumval") and hasattr(field, "bitpos"))]
        kind = value.type.strip_typedefs()
    return int(value)


def _children(value):
    """What a container of the standard library has, by the printers that come with it."""
    printer = gdb.default_visualizer(value)
    if printer is None:
        raise Unreadable(f"gdb has no printer for {value.type}; it comes with libstdc++")
    return [child for _, child in printer.children()]


def vector(value):
    """The elements of a std::vector of anything but bool."""
    impl = get(value, "_M_impl")
    first, last = get(impl, "_M_start"), get(impl, "_M_finish")
    return [(first + k).dereference() for k in range(int(last - first))]


def pointee(value):
    """What a std::unique_ptr points to, as what it really is; None for null."""
    found = _children(value)[0] if gdb.default_visualizer(value) else None
    if found is None or int(found) == 0:
        return None
    return found.cast(found.dynamic_type).dereference()


def held(value):
    """What a std::optional has, or None."""
    payload = value["_M_payload"]
    return payload["_M_payload"]["_M_value"] if bool(payload["_M_engaged"]) else None


def nanoseconds(value):
    """A std::chrono duration or time point as a number."""
    return number(value)


def queue(value, hook):
    """The elements of a tailq, as pointers, by the hook that links them."""
    at, found = get(value, "first_"), []
    while int(at) != 0:
        found.append(at)
        at = get(at.dereference(), hook, "next")
    return found


def pairs(value):
    """The keys and values of a std::map."""
    flat = _children(value)
    return list(zip(flat[::2], flat[1::2]))


# Whose callback it is


_CALL = re.compile(r"\b(?:callq?|bl)\s+0x([0-9a-f]+)")


def is_ours(path):
    """Whether a source file belongs to a stage, and is more than a wrapper around a call."""
    part = Path(path)
    return part.parent.name in ("evolve", "sample") and part.name not in ("callback.h", "tailq.h")


def _lambda_at(invoke):
    """Where the function stands that a callback's invoke() calls; None for none of ours."""
    block = gdb.block_for_pc(invoke)
    code = gdb.selected_inferior().architecture().disassemble(block.start, block.end - 1)
    for instruction in reversed(code):
        if found := _CALL.search(instruction["asm"]):
            where = gdb.find_pc_line(int(found[1], 16))
            if where.symtab and is_ours(where.symtab.fullname()):
                return Path(where.symtab.fullname()), where.line
    return None


@lru_cache(maxsize=None)
def callback_of(invoke):
    """What the callback with that invoke() calls."""
    made = re.search(r"invoke<(.*)::[<{]lambda", gdb.block_for_pc(invoke).function.name)
    if not made:
        return "a function"
    maker = names.of_function(made[1])
    place = _lambda_at(invoke)
    return names.callback_name(place[0].read_text(), place[1], maker) if place else maker


def flags(event):
    return number(get(event, "flags_"))


def describe(event):
    """What is true of an event as long as it lives."""
    events, fd = number(get(event, "events_")), int(get(event, "fd_"))
    found = {"calls": callback_of(int(get(event, "callback_", "invoke_"))),
             "waits": words.bits(events, words.WHAT)}
    if events & 0x08:
        found["signal"] = words.signal_name(fd)
    elif fd >= 0:
        found["fd"] = fd
    if flags(event) & 0x10:
        found["internal"] = True
    return found
