#!/usr/bin/env python3
"""Writes a C program that takes the address of every function that libevent's
headers of the core declare.

usage: symbols.py INCLUDE > symbols.c
"""
import re
import sys

HEADERS = ("event.h", "event_compat.h", "thread.h", "util.h")
# Declared for other systems, and macros on this one.
ELSEWHERE = {"evthread_use_windows_threads", "evutil_gettimeofday",
             "evutil_socket_geterror", "evutil_socket_error_to_string"}


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
    names = functions(arguments[0])
    print("#include <stdio.h>")
    for header in HEADERS:
        print(f"#include <event2/{header}>")
    print("int main(void) {\n  const void *const all[] = {")
    for name in names:
        print(f"      (const void *){name},")
    print("  };\n  int missing = 0;")
    print("  for (unsigned at = 0; at < sizeof all / sizeof *all; ++at)")
    print("    missing += all[at] == NULL;")
    print('  printf("%u functions, %d missing\\n",')
    print("         (unsigned)(sizeof all / sizeof *all), missing);")
    print("  return missing != 0;\n}")


if __name__ == "__main__":
    main(sys.argv[1:])
