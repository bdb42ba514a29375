"""The rule about the chapters' pictures: they show what the stage's code really has.

A picture is the first thing that a reader believes and the last that an author mends. So its names
are looked up in the code of each stage that it stands for, and what it marks as new, in the stage
before.
"""

import re

import cpp
import stages
import told
from book import figure, pictures
from checks.core import lines, read, rule, sources

LEAST = 2  # pictures in a chapter


def _names(stage):
    """Every identifier in the code of a stage's library."""
    text = "\n".join(cpp.masked(read(path)) for path in sources(stage, "evolve"))
    return set(re.findall(r"[A-Za-z_]\w*", text))


def _path(tree, name):
    return tree.root / "docs" / "figures" / f"{name}.txt"


def _parsed(tree):
    """(pictures that can be read, problems of the others)."""
    found, problems = [], []
    for name, text in figure.load(tree.root).items():
        try:
            found.append(figure.parse(name, text))
        except (figure.Wrong, ValueError) as wrong:
            line = getattr(wrong, "line", 1)
            problems.append(tree.problem(_path(tree, name), line, str(wrong)))
    return found, problems


def _growth(each, stage, before):
    """What is wrong with what a stage adds to a picture that grows."""
    new = figure.new_symbols(each, stage)
    if not new - before:
        yield f"marks nothing in stage {stage} that the stage before does not have"
    if each.desc(stage) == each.desc(stage - 1):
        yield f"has no description of what is new in stage {stage}"


def _of_stage(tree, each, stage, names):
    path, n = _path(tree, each.name), stages.number(stage)
    for line, what in figure.symbol_problems(each, n, names[n]):
        yield tree.problem(path, line, what)
    if n > each.first and n - 1 in names:
        for what in _growth(each, n, names[n - 1]):
            yield tree.problem(path, 1, what)
    yield from _place(tree, each, stage)


def _place(tree, each, stage):
    """What is wrong with where a picture is to stand in a chapter."""
    chapter = lines(stage / "README.md")
    heading = pictures.heading(each)
    if heading is None:
        there = any(kind == "text" for _, _, kind in told.fences(chapter))
        what = "drawing in text"
    else:
        there, what = heading in chapter, f"heading {heading!r}"
    if chapter and not there:
        yield tree.problem(_path(tree, each.name), 1, f"{stage.name} has no {what}")


@rule("pictures name real symbols, fit their boxes, and mark what is new")
def figures(tree):
    """Judges all pictures, and that every chapter has some."""
    found, problems = _parsed(tree)
    yield from problems
    names = {stages.number(stage): _names(stage) for stage in tree.stages}
    for each in found:
        path = _path(tree, each.name)
        for line, what in figure.layout_problems(each):
            yield tree.problem(path, line, what)
        if not each.desc(each.first):
            yield tree.problem(path, 1, "has no description for those who do not see it")
    for stage in tree.stages:
        mine = [f for f in found if f.first <= stages.number(stage) <= f.last]
        if len(mine) < LEAST:
            yield tree.problem(stage / "README.md", 0,
                               f"{len(mine)} pictures for this chapter, {LEAST} at least")
        for each in mine:
            yield from _of_stage(tree, each, stage, names)
