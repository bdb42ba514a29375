#!/usr/bin/env python3
"""How the tools that are verbs of `./evolve` start, and how they answer mistakes.

    verb.py TOOL [ARG...]    runs TOOL.py, as `./evolve` does
"""

import sys


def _quiet(kind, error, trace):
    """Ctrl-C is no fault: it gets no traceback."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)


if __name__ == "__main__":
    sys.excepthook = _quiet  # before the other imports, which take a while

import argparse
import difflib
import re
import runpy
from pathlib import Path

import stages


def nearest(word, known):
    """What there is, the most similar first; no more than five, in one line."""
    def unlike(one):
        return -difflib.SequenceMatcher(None, word, one).ratio()
    found = sorted(known, key=unlike)
    return ", ".join(found[:5] + ["..."] * (len(found) > 5))


def stage_number(text):
    """A word of the command line that is the number of a stage."""
    known = [stages.number(stage) for stage in stages.stages()]
    if not text.isdecimal() or int(text) not in known:
        there = f"{known[0]} to {known[-1]}" if known else "none at all"
        raise argparse.ArgumentTypeError(f"there is no stage {text}: {there}")
    return int(text)


def place(text):
    """A word of the command line that is a step, (3, 4) for `3.4`, or a stage, (3, None)."""
    stage, dot, step = text.partition(".")
    number = stage_number(stage)
    if dot and not re.fullmatch(r"\d+", step):
        raise argparse.ArgumentTypeError(f"neither a stage nor a step: {text}")
    return number, int(step) if dot else None


class Parser(argparse.ArgumentParser):
    """Answers a mistake in one line, with the right word if there is one that is like it."""

    def __init__(self, verb="", prog=None, **options):
        """A verb of `./evolve`, and what argparse wants to know of it."""
        prog = prog or f"./evolve {verb}".strip()
        super().__init__(prog=prog, allow_abbrev=False, **options)

    def parse_args(self, args=None, namespace=None):
        """The options; the program ends when a word is wrong, with status 2."""
        found, wrong = self.parse_known_args(args, namespace)
        for word in wrong:
            if not word.startswith("-"):
                self.error(f"{word} is a word too many")
            options = [one for action in self._actions for one in action.option_strings]
            self.error(f"there is no option {word}: {nearest(word, options)}")
        return found

    def error(self, message):
        """Ends the program."""
        message = re.sub(r"^argument [^-]\S*: ", "", message)
        message = message.replace("the following arguments are required", "missing")
        self.exit(2, f"{self.prog}: {message}\n")


def _main():
    """Leaves the stage to the tool, which sees its own name and arguments."""
    del sys.argv[0]
    tool = Path(__file__).with_name(f"{sys.argv[0]}.py")
    sys.argv[0] = str(tool)
    runpy.run_path(str(tool), run_name="__main__")


if __name__ == "__main__":
    _main()
