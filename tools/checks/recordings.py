"""The rule about the recordings: what the book replays is a run of the code of today.

A recording shows lines of code and says what they did. When the code changes, it shows what is not
there any more, and nobody sees it. So every function that a recording shows has to stand in its
stage, to the letter, and every stage has to have a recording.
"""

import json

import stages
from checks.core import lines, rule
from record import recording


def _anew(stage):
    """How to mend it."""
    return f"record it anew: ./evolve record {stages.number(stage)}"


def _line_of(text, name):
    """The line of a recording where a function begins."""
    key = f"  {json.dumps(name, ensure_ascii=False)}: {{"
    return next((k for k, line in enumerate(text, 1) if line == key), 0)


def _wrong_places(recorded):
    """Steps that are in a line that their function does not have."""
    sizes = {name: len(function["text"]) for name, function in recorded["functions"].items()}
    for k, step in enumerate(recorded["steps"], 1):
        for name, line in step["at"]:
            if not 0 <= line < sizes.get(name, 0):
                yield f"step {k} is in line {line} of {name}, which is not there"


def _of_stage(tree, stage):
    path = recording.path(tree.root, stages.number(stage))
    if not path.is_file():
        yield tree.problem(stage / "README.md", 0, f"{path.name} is missing; {_anew(stage)}")
        return
    try:
        recorded = recording.load(path)
        stale, wrong = list(recording.stale(recorded, stage)), list(_wrong_places(recorded))
    except (ValueError, KeyError, TypeError) as error:
        yield tree.problem(path, 0, f"cannot be read: {error!r}; {_anew(stage)}")
        return
    text = lines(path)
    for name, why in stale:
        yield tree.problem(path, _line_of(text, name), f"{name} {why}; {_anew(stage)}")
    yield from (tree.problem(path, 0, f"{what}; {_anew(stage)}") for what in wrong)
    if not recording.LEAST <= len(recorded["steps"]) <= recording.MOST:
        yield tree.problem(path, 0, f"{len(recorded['steps'])} steps, where a replay has "
                                    f"{recording.LEAST} to {recording.MOST}")


@rule("recordings show the code of today, and every stage has one")
def recordings(tree):
    """Compares the functions that a recording shows with those of its stage."""
    for stage in tree.stages:
        yield from _of_stage(tree, stage)
