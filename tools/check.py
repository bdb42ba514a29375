#!/usr/bin/env python3
"""Judges what a program can judge of the stages, their chapters and their tests.

    ./evolve check [--fast] [--only RULE[,RULE]]  apply all rules, those that build nothing, or some
    ./evolve check --full                         and all tests after each step, and clang
    ./evolve check --list                         the rules, and what each promises
    ./evolve check --self-test [--only RULE]      plant defects in a copy; every one has to be found
    ./evolve check --cross                        compile for the BSDs and macOS; see cross.py

EVOLVE_ROOT names another tree to judge; EVOLVE_CHECKED, where rules that build keep their copies (a
folder of the build). How a chapter shows the run of a program says checks/transcripts.py; how an
exercise is laid out says checks/exercises.py; where a test that leaves is listed says
checks/diffs.py.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import stages
import verb
from checks import (chapters, diffs, exercises, figures, files, layers,  # enter their rules
                    recordings, shown, steps, transcripts, where, words)
from checks.core import RULES, Note, Tree


def _first_of_copies(problems):
    """(problem, later stages with the same): a defect is mended where it was made, then carried."""
    def same(problem):
        """What a copy has in common with what it was copied from."""
        return re.sub(r"^stage\d\d_\w+/", "", problem.path), problem.text

    places = {}
    for problem in problems:
        places.setdefault(same(problem), []).append(problem.path)
    for problem in problems:
        found = places[same(problem)]
        if problem.path == found[0]:
            yield problem, len(set(found)) - 1


def apply(rule, tree):
    """Applies one rule and prints what it says; whether it holds."""
    start = time.monotonic()
    said = list(dict.fromkeys(rule.judge(tree)))
    problems = [one for one in said if not isinstance(one, Note)]
    word = "FAIL" if problems else "ok"
    print(f"{word:4} {rule.name:16}{time.monotonic() - start:6.1f} s  {rule.promise}", flush=True)
    for note in said:
        if isinstance(note, Note):
            print(f"       {note.text}")
    for problem, copies in _first_of_copies(problems):
        also = f" (and in {copies} later stages)" if copies else ""
        print(f"     {problem}{also}", flush=True)
    return not problems


def check(rules, tree):
    """Applies the rules; 0 if all of them hold."""
    broken = [rule.name for rule in rules if not apply(rule, tree)]
    if broken:
        print(f"{len(broken)} of {len(rules)} rules broken: {', '.join(broken)}")
        return 1
    print(f"{len(rules)} rules: all hold")
    return 0


def _rules(words):
    """The rules that a comma-separated list names."""
    names = words.split(",")
    for name in names:
        if name not in RULES:
            raise argparse.ArgumentTypeError(f"there is no rule {name}: "
                                             f"{verb.nearest(name, RULES)}")
    return [RULES[name] for name in names]


def _arguments(words):
    """The command line; bad usage ends here, with status 2."""
    parser = verb.Parser("check", description=__doc__.split("\n")[0])
    parser.add_argument("--list", action="store_true", help="say which rules there are")
    parser.add_argument("--only", metavar="RULE[,RULE]", type=_rules, help="apply only these")
    parser.add_argument("--fast", action="store_true", help="leave out the rules that build")
    parser.add_argument("--full", action="store_true",
                        help="build each step with clang too, and run all tests that it has")
    parser.add_argument("--self-test", action="store_true",
                        help="plant defects in a copy; every one has to be found")
    parser.add_argument("--cross", action="store_true",
                        help="instead, compile and link for the BSDs and macOS, with Zig from npm")
    args = parser.parse_args(words)
    if args.cross and (args.list or args.only or args.fast or args.full or args.self_test):
        parser.error("--cross goes with no other option")
    if args.fast and args.full:
        parser.error("--full adds to what --fast leaves out")
    if args.fast and args.only and all(rule.builds for rule in args.only):
        parser.error("--fast leaves out every rule that --only names")
    return args


def main(words=None):
    """Does what the command line says."""
    args = _arguments(words)
    if args.cross:
        return subprocess.run([sys.executable, stages.ROOT / "tools" / "verb.py", "cross"],
                              check=False).returncode
    rules = args.only or sorted(RULES.values(), key=lambda rule: rule.builds)
    if args.fast:
        rules = [rule for rule in rules if not rule.builds]
    if args.list:
        for rule in rules:
            print(f"{rule.name:16}{rule.promise}")
        return 0
    tree = Tree(Path(os.environ.get("EVOLVE_ROOT") or stages.ROOT).resolve(), args.full)
    if not tree.stages:
        print(f"./evolve check: there is no stage to judge in {tree.root}", file=sys.stderr)
        return 2
    if args.self_test:
        from checks.selftest import self_test  # which calls this program
        return self_test(rules, tree)
    return check(rules, tree)


if __name__ == "__main__":
    sys.exit(main())
