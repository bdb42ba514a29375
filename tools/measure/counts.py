"""What repeats exactly: instructions in user space, by callgrind, and system calls, by strace.

Time is made for both, see bench/made_clock.cpp: which timers are due must not depend on how
busy the machine is. To read that clock takes a few instructions; it is a system call nowhere.
"""

import os
import re
from concurrent.futures import ThreadPoolExecutor

from command import Failed
from measure.programs import TREE, run, scratch

CALLGRIND = ("valgrind", "--tool=callgrind", "--collect-atstart=no",
             "--callgrind-out-file=/dev/null")
NOISE = 0.0005  # fewer calls than this for each unit are those of starting and ending


def _time(row):
    """The environment in which time is made, unless another process has a say in it."""
    return {"LD_PRELOAD": str(TREE / "bin" / "made_clock.so")} if row.alone else {}


def instructions(row, who):
    """For each unit; nothing when the implementation cannot do it."""
    if not row.instructions:
        return None
    options, units = row.instructions
    got = run(who, row.workload, f"{row.options} {options}", CALLGRIND, **_time(row))
    if "unsupported" in got:
        return None
    found = re.search(r"Collected : (\d+)", got["stderr"])
    if not found or found.group(1) == "0":
        raise Failed(f"callgrind has counted nothing in {row.label}: are Valgrind's headers there?")
    return int(found.group(1)) / (got[units] if isinstance(units, str) else units)


def _summary(row, who, length):
    """How often a run of that length makes each system call, or nothing."""
    with scratch() as file:
        tracer = ("strace", "-f", "-c", "-U", "name,calls", "-o", file.name)
        options = f"{row.options} --{row.calls[0]} {length}"
        got = run(who, row.workload, options, tracer, **_time(row))
        lines = re.findall(r"^\s*(\w+)\s+(\d+)$", file.read(), re.M)
    if "unsupported" in got:
        return None
    return {name: int(calls) for name, calls in lines if name != "total"}


def system_calls(row, who):
    """By name for each unit: what a longer run makes more than a shorter one."""
    if not row.calls:
        return None
    _, low, high, units = row.calls
    short, long = _summary(row, who, low), _summary(row, who, high)
    if short is None or long is None:
        return None
    more = {name: (calls - short.get(name, 0)) / ((high - low) * units)
            for name, calls in long.items()}
    return {name: calls for name, calls in sorted(more.items()) if calls > NOISE}


def count(row, who):
    """{"instructions", "calls"}: of both what there is."""
    return {"instructions": instructions(row, who), "calls": system_calls(row, who)}


def count_all(rows, implementations):
    """[{"row", "counts"}]: as many at a time as there are processors, since load changes nothing,
    but for what needs two of them itself."""
    pairs = [(row, who) for row in rows for who in implementations if row.takes(who)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counted = list(pool.map(lambda pair: count(*pair), pairs))
    entries = {row.label: {} for row in rows}
    for (row, who), got in zip(pairs, counted):
        if any(value is not None for value in got.values()):
            entries[row.label][who.name] = got
    return [{"row": label, "counts": entry} for label, entry in entries.items()]
