"""Proves that every rule can fail: plants defects in a copy of the tree and lets check find them.

A check that nothing can break is worth nothing, and nobody notices. So each rule has to be green
on the copy as it is, red on each of its plants, and has to name the place of the plant.
"""

import io
import os
import re
import shutil
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import check
import checks.step_plants  # enters its plants
from checks.plants import PLANTS, Garden, NoPlace


def _copied(tree, to, stages):
    """A Garden with all files of a tree, of its stages only these."""
    left_out = [stage for stage in tree.stages if stage not in stages]
    for path in tree.files:
        if not any(stage in path.parents for stage in left_out):
            target = to / path.relative_to(tree.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    return Garden(to)


def _share_steps(tree, garden):
    """What was found out of the first chapter's steps need not be found out again: what was built
    for them and the notes on it, but nothing by which CMake would go on building there."""
    for path in (tree.build / "step").glob("1.*/build*/*"):
        if path.is_file() and re.fullmatch(r"1\.\d+|.*\.(?:a|json)", path.name):
            target = garden.root / "build" / path.relative_to(tree.build)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)


def _check(garden, rule, *options):
    """What check says of a garden under one rule: lines and exit status."""
    said = io.StringIO()
    here = {"EVOLVE_ROOT": str(garden.root), "EVOLVE_BUILD": str(garden.root / "build")}
    with mock.patch.dict(os.environ, here), redirect_stdout(said):
        status = check.main(["--only", rule, *options])
    return [line.strip() for line in said.getvalue().split("\n")], status


def _why_not_found(said, status, place, word):
    """What check should have said of a plant and did not; empty if it did."""
    if status != 1:
        return f"exit status {status}, not 1"
    if not any(line.startswith(f"{place}:") and word in line for line in said):
        return f"no problem at {place} that says {word!r}"
    return ""


def _try(garden, plant):
    """Plants one defect; why it was not found, or empty."""
    try:
        place = plant.spoil(garden)
        said, status = _check(garden, plant.rule, *["--full"] * plant.full)
    except NoPlace as none:
        return f"cannot be planted: {none}"
    finally:
        garden.restore()
    why = _why_not_found(said, status, place, plant.word)
    return why + "".join(f"\n       | {line}" for line in said[:8]) if why else ""


def _judge_rule(rule, garden):
    """Tries all plants of a rule; the number of those that were not found."""
    plants = [plant for plant in PLANTS if plant.rule == rule.name]
    if not plants:
        print(f"FAIL {rule.name}: has no plant, so nothing shows that it can fail")
        return 1
    said, status = _check(garden, rule.name)
    if status:
        print(f"FAIL {rule.name}: is red before anything is planted; mend that first")
        print("".join(f"       | {line}\n" for line in said[:8]), end="")
        return len(plants)
    failed = 0
    for plant in plants:
        start = time.monotonic()
        why = _try(garden, plant)
        word = "FAIL" if why else "ok"
        print(f"{word:4} {rule.name:16}{time.monotonic() - start:5.1f} s  {plant.what}"
              + (f": {why}" if why else ""), flush=True)
        failed += bool(why)
    return failed


def self_test(rules, tree):
    """Plants every defect of these rules; 0 if all were found.

    Rules that build get a copy with the first stage alone, and share the builds of exercises and
    steps with the tree itself: what they build for a plant is what the plant changed.
    """
    os.environ["EVOLVE_CHECKED"] = str(tree.build)
    with tempfile.TemporaryDirectory(prefix="evolve-check-") as holder:
        place = Path(holder).resolve()
        whole = _copied(tree, place / "whole", tree.stages)
        small = _copied(tree, place / "small", tree.stages[:1])
        _share_steps(tree, small)
        failed = sum(_judge_rule(rule, small if rule.builds else whole) for rule in rules)
    count = sum(plant.rule in {rule.name for rule in rules} for plant in PLANTS)
    if failed:
        print(f"{failed} of {count} planted defects not found")
        return 1
    print(f"{count} planted defects: all found")
    return 0
