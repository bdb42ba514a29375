#!/usr/bin/env python3
"""Looks at what our libraries are for the linker.

usage: libraries.py FOLDER
"""
import re
import subprocess
import sys

CORE = "libevent_core-2.1.so.7"
NAMES = (CORE, "libevent-2.1.so.7", "libevent_pthreads-2.1.so.7")
EXPORTED = re.compile(r"(event|ev|libevent_)\w+$")


def output(*command):
    """What `command` writes."""
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def faults(folder, name):
    """What is wrong with the library called `name`."""
    path = f"{folder}/{name}"
    dynamic = output("readelf", "-dW", path)
    soname = re.findall(r"SONAME.*\[(.*)\]", dynamic)
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    exported = [line.split()[-1] for line in
                output("nm", "-D", "--defined-only", path).splitlines()]
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
    """Says what is wrong with each."""
    found = [f"{name}: {fault}" for name in NAMES
             for fault in faults(arguments[0], name)]
    print("\n".join(found) or "as they should be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
