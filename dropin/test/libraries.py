#!/usr/bin/env python3
"""Looks at what our libraries are for the linker.

usage: libraries.py FOLDER INCLUDE

INCLUDE is the folder with libevent's headers. All functions that those of its
core declare have to be there.
"""
import re
import subprocess
import sys

CORE = "libevent_core-2.1.so.7"
NAMES = (CORE, "libevent-2.1.so.7", "libevent_pthreads-2.1.so.7")
EXPORTED = re.compile(r"(ev|libevent_)\w+$")

HEADERS = ("event.h", "event_compat.h", "thread.h", "util.h")
# Declared for other systems, and macros on this one.
ELSEWHERE = {"evthread_use_windows_threads", "evutil_gettimeofday",
             "evutil_socket_geterror", "evutil_socket_error_to_string"}


def output(*command):
    """What `command` writes."""
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def declared(folder):
    """The names of what the headers declare."""
    names = set()
    for header in HEADERS:
        with open(f"{folder}/event2/{header}", encoding="utf-8") as text:
            code = re.sub(r"/\*.*?\*/", "", text.read(), flags=re.S)
        code = re.sub(r"^\s*#.*?(?<!\\)$", "", code, flags=re.M | re.S)
        names |= set(re.findall(r"EVENT2_EXPORT_SYMBOL[^;(]*?(\w+)\s*\(", code))
    return names - ELSEWHERE


def exported_by(path):
    """The names that a library has for others."""
    return [line.split()[-1] for line in
            output("nm", "-D", "--defined-only", path).splitlines()]


def faults(folder, name):
    """What is wrong with the library called `name`."""
    path = f"{folder}/{name}"
    dynamic = output("readelf", "-dW", path)
    soname = re.findall(r"SONAME.*\[(.*)\]", dynamic)
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    exported = exported_by(path)
    if soname != [name]:
        yield f"its name is {soname}"
    if any(library.startswith("libstdc++") for library in needed):
        yield "it needs a C++ library"
    if name == CORE and "libgcc_s.so.1" not in needed:
        yield "it has unwinding of its own"
    if name != CORE and CORE not in needed:
        yield f"it does not need {CORE}"
    if name == NAMES[1] and exported:
        yield f"it exports {exported}"
    if name == NAMES[2] and exported != ["evthread_use_pthreads"]:
        yield f"it exports {exported}"
    for symbol in exported:
        if not EXPORTED.match(symbol):
            yield f"it exports {symbol}"


def main(arguments):
    """Says what is wrong with each, and what all of them lack."""
    folder, include = arguments
    found = [f"{name}: {fault}" for name in NAMES
             for fault in faults(folder, name)]
    there = {symbol for name in NAMES
             for symbol in exported_by(f"{folder}/{name}")}
    wanted = declared(include)
    found += [f"{name} is in none" for name in sorted(wanted - there)]
    if not wanted:
        found.append(f"{include} declares nothing")
    print("\n".join(found) or f"as they should be, {len(wanted)} functions")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
