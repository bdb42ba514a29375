#!/usr/bin/env python3
"""Writes a C program that takes the address of every function that libevent's
headers of the core declare.

usage: symbols.py INCLUDE SYMBOLS.C
"""
import re
import sys

HEADERS = ("event.h", "event_compat.h", "thread.h", "util.h")
# Declared for other systems, and macros on this one.
ELSEWHERE = {"evthread_use_windows_threads", "evutil_gettimeofday",
             "evutil_socket_geterror", "evutil_socket_error_to_string"}

PROGRAM = """#include <stdio.h>
%s
static void (*const all[])(void) = {
%s};

int main(void) {
  unsigned missing = 0;
  for (unsigned at = 0; at < sizeof all / sizeof *all; ++at) {
    missing += all[at] == NULL;
  }
  printf("%%u functions, %%u missing\\n", (unsigned)(sizeof all / sizeof *all),
         missing);
  return missing != 0;
}
"""


def functions(folder):
    """The names of what the headers declare."""
    names = set()
    for header in HEADERS:
        with open(f"{folder}/event2/{header}", encoding="utf-8") as text:
            code = re.sub(r"/\*.*?\*/", "", text.read(), flags=re.S)
        code = re.sub(r"^\s*#.*?(?<!\\)$", "", code, flags=re.M | re.S)
        names |= set(re.findall(r"EVENT2_EXPORT_SYMBOL[^;(]*?(\w+)\s*\(", code))
    return sorted(names - ELSEWHERE)


def main(arguments):
    """Writes the program."""
    folder, path = arguments
    names = functions(folder)
    includes = "".join(f"#include <event2/{header}>\n" for header in HEADERS)
    table = "".join(f"    (void (*)(void)){name},\n" for name in names)
    with open(path, "w", encoding="utf-8") as program:
        program.write(PROGRAM % (includes, table))


if __name__ == "__main__":
    main(sys.argv[1:])
