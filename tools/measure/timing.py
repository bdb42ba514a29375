"""Times, in rounds: each round runs every implementation once, so that what slows the machine for a
while slows all of them; and a ratio is one of two results of the same round."""

import statistics
import sys

from measure import suite
from command import Failed
from measure.programs import run


def say(text):
    """Progress, for whoever waits."""
    print(f"./evolve bench: {text}", file=sys.stderr, flush=True)


class Result:
    """What one row's metric was for each implementation, round by round."""

    def __init__(self, row, metric, family, samples, failed=()):
        self.row, self.metric, self.family = row, metric, family
        self.samples, self.failed = samples, list(failed)

    @property
    def label(self):
        """What was measured."""
        what, unit = suite.RESULTS[self.metric]
        return f"{self.row}: {what}" + ("" if unit == "ns" else f" ({unit})")

    def median(self, name):
        """The result of one implementation, or nothing."""
        good = [value for value in self.samples.get(name, ()) if value]
        return statistics.median(good) if good else None

    def ratio(self, name, other):
        """How many times as much `name` takes as `other`: the median of the rounds' ratios."""
        pairs = zip(self.samples.get(name, ()), self.samples.get(other, ()))
        ratios = [one / two for one, two in pairs if one and two]
        return statistics.median(ratios) if ratios else None

    def best_peer(self):
        """The name of the best of the other libraries, or nothing."""
        medians = {name: self.median(name) for name in suite.PEERS if name not in self.failed}
        medians = {name: value for name, value in medians.items() if value}
        choose = max if self.metric in suite.MORE_IS_BETTER else min
        return choose(medians, key=medians.get) if medians else None

    def as_json(self):
        return {"row": self.row, "metric": self.metric, "family": self.family,
                "failed": self.failed, "samples": self.samples}


def from_json(entry):
    """The other way."""
    return Result(entry["row"], entry["metric"], entry["family"], entry["samples"],
                  entry["failed"])


def rotated(names, count):
    """The same in another order each time, so that nobody has always the same neighbour."""
    return names[count % len(names):] + names[:count % len(names)]


def one_round(row, order):
    """{name: results} of each implementation that could do it."""
    got = {}
    for who in order:
        try:
            got[who.name] = run(who, row.workload, row.options)
        except Failed as failure:
            say(failure)
            got[who.name] = {"failed": 1}
    return {name: values for name, values in got.items() if "unsupported" not in values}


def measure(row, who, rounds):
    """The Results of a row."""
    count = 1 if row.workload == "w7" else max(1, round(rounds * row.rounds))
    passed = [one_round(row, rotated(who, i)) for i in range(count)]
    names = [each.name for each in who if each.name in passed[0]]
    failed = [name for name in names if any("failed" in one[name] for one in passed)]
    results = []
    for metric in row.metrics:
        samples = {name: [one[name].get(metric) for one in passed] for name in names}
        samples = {name: values for name, values in samples.items() if any(values)}
        results.append(Result(row.label, metric, row.family, samples, failed))
    return results


def measure_all(rows, names, available, rounds):
    """The Results of all rows, with a line of progress for each."""
    results = []
    for number, row in enumerate(rows, 1):
        who = [each for each in suite.implementations(row.family)
               if each.name in names and each.program in available and row.takes(each)]
        if not who:
            continue
        say(f"{number} of {len(rows)}: {row.label}")
        results += measure(row, who, rounds)
    return results
