#!/usr/bin/env python3
"""Runs the cases of a program on libevent and on ours, and compares.

usage: compare.py OURS PROGRAM [CASE...]

OURS is the folder with our libraries, PROGRAM one that links to libevent's.
Every line that a case writes must be the same on both.
"""
import difflib
import os
import subprocess
import sys

TIMEOUT_S = 30


def run(program, arguments, library_path):
    """What `program` writes with `arguments`, and how it ended."""
    environment = dict(os.environ)
    environment.pop("LD_LIBRARY_PATH", None)
    if library_path:
        environment["LD_LIBRARY_PATH"] = library_path
    try:
        ran = subprocess.run([program, *arguments], env=environment,
                             stdin=subprocess.DEVNULL, timeout=TIMEOUT_S,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", check=False)
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode().splitlines() + ["it hangs"]
    return ran.stdout.splitlines() + [f"exit {ran.returncode}"]


def main(arguments):
    ours, program, *wanted = arguments
    cases = wanted or subprocess.run(
        [program, "--list"], capture_output=True, text=True,
        check=True).stdout.split()
    different = 0
    for case in cases:
        theirs = run(program, [case], None)
        mine = run(program, [case], ours)
        if theirs == mine:
            continue
        different += 1
        print(f"{os.path.basename(program)} {case}:")
        print("\n".join(difflib.unified_diff(theirs, mine, "libevent", "ours",
                                             lineterm="", n=30)))
    print(f"{os.path.basename(program)}: {len(cases)} cases, "
          f"{different} different")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
