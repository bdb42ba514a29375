"""The rule about what README's first screen shows: it is what the code draws, and the page says.

Its pictures are files, since it is read where nothing is built. And its measures stand on a page of
their own, too.
"""

import re

from book import figure, front
from checks.core import lines, read, rule
from command import Failed

_MEASURED = re.compile(r"\| (\w+), (\d+ \w+) \| (\S+) → (\S+) \| (\S+) → (\S+), (\S+) times \|$")


def _pictures(tree):
    """Pictures that are not what would be written."""
    for name, svg in front.drawn(tree.root).items():
        path = tree.root / front.FOLDER / name
        if not path.is_file() or read(path) != svg:
            yield tree.problem(path, 0, "is not what is drawn today: ./evolve book --pictures")


def _measures(tree):
    """Measures in README that the page does not have."""
    for k, line in enumerate(lines(tree.root / "README.md"), 1):
        if row := _MEASURED.match(line):
            program, load, *said = row.groups()
            gain = front.Gain(load, tuple(said[:2]), tuple(said[2:4]), said[4])
            if gain not in front.gains(tree.root, program):
                yield tree.problem(tree.root / "README.md", k, f"{front.PAGE} does not say this")


@rule("README's pictures are those that are drawn today, its measures those of the page")
def shown(tree):
    """Compares docs/pictures with what would be written, and one table with another."""
    for judge, what in ((_pictures, front.FOLDER), (_measures, front.PAGE)):
        try:
            yield from judge(tree)
        except (Failed, figure.Wrong, KeyError, ValueError) as wrong:
            yield tree.problem(tree.root / what, 0, f"cannot be shown: {wrong!r}")
