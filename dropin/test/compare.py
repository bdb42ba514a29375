#!/usr/bin/env python3
"""Runs the cases of a program on libevent and on ours, and compares.

usage: compare.py OURS PROGRAM [CASE...]
       compare.py --table TABLE OURS PROGRAM [CASE...]

OURS is the folder with our libraries, PROGRAM one that links to libevent's.
Every line that a case writes must be the same on both, and a case that hangs or
crashes on both is as bad as one that differs. With a TABLE, a case must write
on each of them what the table says, its lines joined by "; "; each case has to
be in the table, and each line of the table has to be a case.
"""
import difflib
import os
import re
import subprocess
import sys

TIMEOUT_S = 60


def run(program, arguments, library_path):
    """The lines that `program` writes, and how it ended if not well."""
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
    lines = ran.stdout.splitlines()
    return lines if ran.returncode == 0 else lines + [f"exit {ran.returncode}"]


def cases_of(program):
    """The names of the cases of `program`."""
    return subprocess.run([program, "--list"], capture_output=True, text=True,
                          check=True).stdout.split()


def read_table(path):
    """By case, what is written on libevent and on ours."""
    table = {}
    with open(path, encoding="utf-8") as lines:
        for line in list(lines)[2:]:
            cells = line.strip().strip("|").replace("\\|", "\0").split("|")
            cells = [cell.replace("\0", "|").replace("\\*", "*").strip()
                     for cell in cells]
            table[cells[0]] = (cells[2], cells[3])
    return table


def same(program, case, ours):
    """Whether both write the same; if not, says what."""
    theirs = run(program, [case], None)
    mine = run(program, [case], ours)
    bad = theirs and re.fullmatch(r"exit -\d+|it hangs", theirs[-1])
    if theirs == mine and not bad:
        return True
    print(f"{os.path.basename(program)} {case}:")
    if theirs == mine:
        print("\n".join(["on both:", *theirs]))
    print("\n".join(difflib.unified_diff(theirs, mine, "libevent", "ours",
                                         lineterm="", n=30)))
    return False


def as_in_table(program, case, ours, table):
    """Whether each writes what the table says; if not, says what."""
    if case not in table:
        print(f"{case}: not in the table")
        return False
    good = True
    for name, path, wanted in (("libevent", None, table[case][0]),
                               ("ours", ours, table[case][1])):
        found = "; ".join(line.strip() for line in run(program, [case], path))
        if found != wanted:
            print(f"{case}: {name} writes `{found}`, not `{wanted}`")
            good = False
    return good


def main(arguments):
    """Compares, and says how it went."""
    table = None
    if arguments[:1] == ["--table"]:
        table = read_table(arguments[1])
        arguments = arguments[2:]
    if len(arguments) < 2:
        sys.exit(__doc__)
    ours, program, *wanted = arguments
    cases = cases_of(program)
    if not cases:
        sys.exit(f"{program} has no cases")
    for case in set(wanted) - set(cases):
        sys.exit(f"{program} has no case {case}")
    bad = 0
    for case in wanted or cases:
        if table is None:
            bad += not same(program, case, ours)
        else:
            bad += not as_in_table(program, case, ours, table)
    for case in set(table or ()) - set(cases):
        print(f"{case}: in the table, but no case")
        bad += 1
    print(f"{os.path.basename(program)}: {len(wanted or cases)} cases, "
          f"{bad} not as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
