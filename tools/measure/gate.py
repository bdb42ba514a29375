"""The gate: counts of the newest stage, held against bench/gate.json.

Counts repeat, so a row that has grown is a change of the code and not of the weather. They belong
to one compiler and one C library; with others there is nothing to compare with, which is an error.
"""

import json

from measure import counts, machine, programs, suite, timing
from stages import ROOT

TABLE = ROOT / "bench" / "gate.json"
GRACE = 1.03
AGAIN = "./evolve bench --gate --record writes the table anew"


def rows(pattern=None):
    return [row for row in suite.COUNTS
            if row.gate and (pattern is None or pattern.search(row.label))]


def tools():
    """What the counts depend on besides the code."""
    described = machine.describe()
    return {name: described[name] for name in ("compiler", "libc")}


def measure(pattern=None):
    """{row: {"instructions", "calls"}} of the newest stage; system calls in all. It has its lock
    only in the rows that need it."""
    programs.configured()
    numbers, left = {}, rows(pattern)
    for who in suite.evolve()[:2]:
        programs.build({who.program})
        mine, left = ([row for row in left if row.takes(who) == it] for it in (True, False))
        numbers |= {entry["row"]: _rounded(entry["counts"][who.name])
                    for entry in counts.count_all(mine, [who])}
    return numbers


def _rounded(entry):
    """What is written: no more digits than repeat."""
    numbers = {"instructions": entry["instructions"]}
    if entry["calls"] is not None:
        numbers["calls"] = sum(entry["calls"].values())
    return {name: round(value, 3) for name, value in numbers.items()}


def complaints(now, table, here):
    """What is wrong with `now`, counted with the tools `here`; a line for each."""
    for name, version in table["tools"].items():
        if here.get(name) != version:
            yield f"the table was made with the {name} {version}; this is {here.get(name)}; {AGAIN}"
    for row, numbers in now.items():
        if row not in table["rows"]:
            yield f"{row} is not in the table; {AGAIN}"
            continue
        for what, value in numbers.items():
            allowed = table["rows"][row][what]
            if value > allowed * GRACE:
                yield f"{row}: {value:g} {what} for each, {value / allowed - 1:+.1%}; " \
                      f"the table has {allowed:g}"


def missing(table):
    """The rows of the table that nobody counts any more."""
    known = {row.label for row in rows()}
    return [f"{row} is in the table, but is not counted; {AGAIN}"
            for row in table["rows"] if row not in known]


def judge(pattern):
    """0 if no row has grown; prints all of them."""
    if not rows(pattern):
        timing.say(f"no row of the gate has '{pattern.pattern}' in its label")
        return 2
    if not TABLE.exists():
        timing.say(f"{TABLE} is not there; {AGAIN}")
        return 1
    table = json.loads(TABLE.read_text())
    now = measure(pattern)
    for row, numbers in now.items():
        was = table["rows"].get(row, {})
        shown = ", ".join(f"{value:g} {what} ({was.get(what, '-')})"
                          for what, value in numbers.items())
        print(f"  {row:20} {shown}")
    wrong = [*complaints(now, table, tools()), *missing(table)]
    for line in wrong:
        print(f"GROWN OR UNKNOWN: {line}")
    print(f"gate: {len(now)} rows, {len(wrong)} complaints")
    return 1 if wrong else 0


def record():
    rows_now = measure()
    table = {"tools": tools(), "rows": rows_now}
    TABLE.write_text(json.dumps(table, indent=2) + "\n")
    timing.say(f"{TABLE} has {len(rows_now)} rows")
    return 0
