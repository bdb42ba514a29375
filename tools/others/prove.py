"""Runs the known programs on libevent and on evolve, and judges: what is right, how often it calls
the kernel, and what a second of CPU is good for."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from others import needs
from others.programs import ALL
from others.world import Side, Wrong

HEADER = ["program", "what is checked", "on libevent", "on evolve", "`epoll_ctl` a query",
          "queries a second of CPU"]

ROUNDS_TO_DOUBT = 11  # before it is said that evolve is too slow


@dataclass
class Measured:
    """A load: (libevent's, evolve's) of both figures."""

    load: str
    calls: tuple
    rates: list  # a pair for each round

    @property
    def middle(self):
        """The rates of the round whose quotient is in the middle, as they are shown. In a round
        both had the same machine; what else it has to do differs from round to round."""
        shown = [tuple(round(rate, -2) for rate in pair) for pair in self.rates]
        return sorted(shown, key=lambda pair: pair[1] / pair[0])[(len(shown) - 1) // 2]

    @property
    def ratio(self):
        """The quotient of what is shown."""
        stock, ours = self.middle
        return ours / stock

    def too_slow(self, load):
        """Whether evolve needs too much CPU."""
        return self.ratio < load.least_ratio

    def cells(self):
        stock, ours = self.middle
        return [f"{self.calls[0]:.2f} → {self.calls[1]:.2f}",
                f"{stock:.0f} → {ours:.0f}, {self.ratio:.2f} times"]


@dataclass
class Row:
    """What came of a program."""

    program: object
    said: list
    wrong: list = field(default_factory=list)
    measured: list = field(default_factory=list)

    def cells(self):
        both = [m.cells() for m in self.measured]
        figures = ["; ".join(f"{m.load}: {cells[k]}" for m, cells in zip(self.measured, both))
                   for k in (0, 1)]
        return [self.program.name, self.program.checked, *self.said, *(text or "-" for text in figures)]


def _right(program, side):
    """What came of the program on a side."""
    try:
        return program.prove(side)
    except (Wrong, OSError) as why:
        return f"WRONG: {why}"


def _more_rates(program, sides, load, measured, rounds):
    """Adds what is missing of so many rounds."""
    measured.rates += [tuple(program.a_cpu_second(side, load) for side in sides)
                       for _ in range(rounds - len(measured.rates))]


def _measure(program, sides, rounds):
    """(Measured, Load) for each load. A few rounds are enough to say that evolve is fast enough,
    but not that it is too slow: on an idle machine the quotients of single rounds were 1.1 to 1.4
    where the middle one was 1.3. So what seems too slow is measured in more of them."""
    for name, load in program.loads.items():
        measured = Measured(name, tuple(program.epoll_ctl(side, load) for side in sides), [])
        _more_rates(program, sides, load, measured, max(rounds, load.rounds))
        if measured.too_slow(load):
            _more_rates(program, sides, load, measured, ROUNDS_TO_DOUBT)
        yield measured, load


def _too_many(program, name, load, calls):
    """Whether evolve calls the kernel too often, in words."""
    if calls > load.most_calls:
        yield f"{program.name}, {name}: {calls:.3f} epoll_ctl a query; {load.most_calls} at most"


def _too_slow(program, measured, load):
    """Whether evolve needs too much CPU, in words."""
    if measured.too_slow(load):
        yield f"{program.name}, {measured.load}: {measured.ratio:.2f} times libevent's queries a " \
              f"second of CPU; {load.least_ratio} at least"


def _measure_both(program, sides, rounds, row):
    for measured, load in _measure(program, sides, rounds):
        row.measured.append(measured)
        row.wrong += _too_many(program, measured.load, load, measured.calls[1])
        row.wrong += _too_slow(program, measured, load)


def _measure_alone(program, side, row):
    """What of evolve can be judged without libevent: its calls."""
    for name, load in program.loads.items():
        row.wrong += _too_many(program, name, load, program.epoll_ctl(side, load))


def judge(program, sides, rounds):
    """The Row of a program. That libevent fails is told, but no fault of evolve, which is judged
    all the same. Without a round, nothing is compared."""
    row = Row(program, [_right(program, side) for side in sides])
    wrong = [said.startswith("WRONG") for said in row.said]
    if wrong[1]:
        row.wrong.append(f"{program.name} on evolve: {row.said[1]}")
        return row
    try:
        if wrong[0] or not rounds:
            _measure_alone(program, sides[1], row)
        else:
            _measure_both(program, sides, rounds, row)
    except (Wrong, OSError) as why:
        row.wrong.append(f"{program.name}: {why}")
    return row


def chosen(names, full):
    """Those that are named, or all that there is time for."""
    known = {program.name: program for program in ALL}
    for name in names:
        if name not in known:
            raise needs.Refused(f"there is no proof '{name}'; there are: {', '.join(known)}")
    return [known[name] for name in names] or [p for p in ALL if full or not p.full]


def missing(program):
    """The parts of it that are not installed."""
    return [part for part in program.parts if not needs.which(part)]


def _sides(folder, libraries):
    """(libevent, evolve). The libraries are copied to where every user can read them."""
    folder.chmod(0o755)
    copy = folder / "lib"
    copy.mkdir(mode=0o755)
    for library in libraries.glob("libevent*"):
        shutil.copy(library, copy)
    sides = Side("libevent", folder / "stock"), Side("evolve", folder / "ours", copy)
    for side in sides:
        side.folder.mkdir()
    return sides


def rows(programs, libraries, rounds, named):
    """The Rows, each as it comes; a program that is not installed has none, unless it is named."""
    for program in programs:
        if lost := missing(program):
            why = f"{program.name} is left out; not installed here: {', '.join(lost)}"
            if named:
                raise needs.Refused(why)
            print(why, flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix="evolve-dropin.") as folder:
            sides = _sides(Path(folder), libraries)
            for used in program.uses:
                needs.judge(used, sides[1].libraries)
            yield judge(program, sides, rounds)


def prove(options, libraries):
    """(status, Rows): 0 if every program did on evolve what it has to. Prints a line for each."""
    done = []
    programs = chosen(options.words, options.full)
    print(" | ".join(HEADER), flush=True)
    for row in rows(programs, libraries, options.rounds, options.words):
        print(" | ".join(row.cells()), flush=True)
        done.append(row)
    wrong = [line for row in done for line in row.wrong]
    for line in wrong:
        print(f"WRONG: {line}")
    print(f"{len(done)} programs, {len(wrong)} complaints")
    return 1 if wrong or not done else 0, done
