#!/usr/bin/env python3
"""Measures evolve, other libraries and bare system calls on the same work: `./evolve bench`.

    ./evolve bench                 one size of everything, in a few minutes
    ./evolve bench --full          every size, how it grows, and the counts of --counts
    ./evolve bench --counts        instructions in user space and system calls, the same each time
    ./evolve bench --gate          those of the newest stage must be those of bench/gate.json
    ./evolve bench --from FILE     nothing is measured; the tables and charts of an earlier run

Tables are printed; the results and the charts are in build/bench. What is measured, and how, is
told in bench/README.md.
"""

import argparse
import json
import os
import re
import sys
import time
from pathlib import Path

import stages
import verb
from command import Failed
from measure import charts, counts, documents, gate, machine, programs, suite, tables, timing

ROUNDS = {False: 3, True: 5}  # by --full


def pattern(text):
    """A regular expression, or a clear word why it is none."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no regular expression: {error}") from None


def positive(text):
    """A number of rounds."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of rounds")
    return int(text)


def parser():
    it = verb.Parser("bench", description=__doc__,
                        formatter_class=argparse.RawDescriptionHelpFormatter)
    it.add_argument("--full", action="store_true", help="every size")
    it.add_argument("--counts", action="store_true", help="count instead of taking times")
    it.add_argument("--gate", action="store_true", help="compare counts with bench/gate.json")
    it.add_argument("--record", action="store_true", help="with --gate: write bench/gate.json")
    it.add_argument("--only", type=pattern, default=pattern(""), metavar="REGEX",
                    help="the rows in whose label that is found, as 'W2' or 'W1 plain'")
    it.add_argument("--who", metavar="NAME[,NAME...]", help="these implementations")
    it.add_argument("--rounds", type=positive, help="how often everything is measured")
    it.add_argument("--peers", action="store_true", help="install the other libraries first")
    it.add_argument("--from", dest="earlier", type=Path, metavar="FILE", help="results to show")
    it.add_argument("--write-docs", action="store_true",
                    help="with --full or --from: write docs/benchmarks.md and its charts")
    return it


def judged(it, words):
    """The options, or the end of the program when they contradict each other."""
    options = it.parse_args(words)
    if options.record and not options.gate:
        it.error("--record goes with --gate")
    if options.gate and (options.full or options.counts or options.earlier or options.who):
        it.error("--gate goes with --record and --only")
    if options.record and options.only.pattern:
        it.error("--record writes the whole table, without --only")
    if options.write_docs and not (options.full or options.earlier):
        it.error("--write-docs goes with --full or --from")
    if options.write_docs and (options.only.pattern or options.who):
        it.error("--write-docs tells of everything, without --only and --who")
    return options


def everybody():
    """Every implementation that there is, by name."""
    families = ("peers", "streams", "stages", *suite.SCALES)
    return {who.name: who for family in families for who in suite.implementations(family)}


def chosen(it, options):
    """The names of whom to measure."""
    known = everybody()
    names = options.who.split(",") if options.who else list(known)
    for name in names:
        if name not in known:
            it.error(f"there is no implementation {name}: {verb.nearest(name, known)}")
    return names


def prepare(names):
    """Builds the programs of these; the set of what could be built."""
    there = programs.configured()
    needed = {who.program for name, who in everybody().items() if name in names}
    programs.build(needed & there)
    missing = sorted(needed - there)
    if missing:
        timing.say(f"not found here: {', '.join(missing)}; --peers installs them")
    return needed & there


def selected(it, options):
    """(rows to time, rows to count) that --only leaves."""
    timed = [] if options.counts else [*suite.rows(options.full)]
    if options.full and not options.counts:
        timed += suite.scales()
    counted = suite.COUNTS if options.full or options.counts else ()
    found = [row for row in timed if options.only.search(row.label)]
    also = [row for row in counted if options.only.search(row.label)]
    if not found and not also:
        labels = ", ".join(dict.fromkeys(row.label for row in (*timed, *counted)))
        it.error(f"no row has '{options.only.pattern}' in its label; there are: {labels}")
    return found, also


def measured(rows, counted, options, names):
    """Everything that was asked for, as it goes into the file."""
    available = prepare(names)
    start = time.monotonic()
    rounds = options.rounds or ROUNDS[options.full]
    results = timing.measure_all(rows, names, available, rounds)
    if counted:
        timing.say(f"counting, {len(counted)} rows")
    who = [each for each in suite.implementations("peers")
           if each.name in names and each.program in available]
    numbers = counts.count_all(counted, who)
    return {
        "machine": machine.describe(),
        "full": options.full,
        "rounds": rounds,
        "seconds": round(time.monotonic() - start),
        "times": [result.as_json() for result in results],
        "counts": numbers,
    }


def write(data):
    """The results and the charts, in build/bench; says where."""
    folder = programs.TREE / "results"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / time.strftime("%Y-%m-%d-%H%M%S.json")
    file.write_text(json.dumps(data, indent=1))
    results = [timing.from_json(entry) for entry in data["times"]]
    drawn, _ = charts.all_charts(results, map(stages.number, stages.stages()))
    for name, chart in drawn.items():
        (folder / name).write_text(chart)
    timing.say(f"{data['seconds']} s; results in {file}" + (", charts beside it" if drawn else ""))


def show(data):
    for title, header, lines in documents.all_tables(data):
        print(f"\n{title}\n\n{tables.plain(header, lines)}", flush=True)


def all_right(data):
    """Whether evolve did everything right, and all programs ended well."""
    return not any(entry["failed"] for entry in data["times"])


def bench(it, options):
    if options.gate:
        return gate.record() if options.record else gate.judge(options.only)
    if options.earlier:
        data = json.loads(options.earlier.read_text())
    else:
        names = chosen(it, options)
        data = measured(*selected(it, options), options, names)
        write(data)
    show(data)
    if options.write_docs:
        documents.write(data)
    return 0 if all_right(data) else 1


def main(words=None):
    """The status: 0, 1 when something went wrong or the gate is shut, 2 for wrong words."""
    it = parser()
    options = judged(it, words)
    try:
        os.nice(-10)  # so that other work disturbs less, where that is allowed
    except OSError:
        pass
    try:
        return bench(it, options)
    except (Failed, OSError, json.JSONDecodeError) as failure:
        timing.say(failure)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
