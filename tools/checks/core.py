"""What all rules share: the tree that they judge, what they may answer, and the list of them.

A rule is a function that takes a Tree and yields Problems, each with the place where an author can
mend it, and Notes, which are printed but break nothing.
"""

import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Callable, NamedTuple

import stages

RULES = {}


class Problem(NamedTuple):
    """Something to mend; a line of 0 means the whole file."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}" if self.line else f"{self.path}: {self.text}"


class Note(NamedTuple):
    """A line for the reader that breaks no rule."""

    text: str


class Rule(NamedTuple):
    """One thing that check promises; `builds` marks the slow ones that run programs."""

    name: str
    promise: str
    judge: Callable
    builds: bool


def rule(promise, builds=False):
    """Enters a function into RULES under its own name."""
    def enter(judge):
        RULES[judge.__name__] = Rule(judge.__name__, promise, judge, builds)
        return judge
    return enter


def _listed_by_git(root):
    """What git tracks or would add; None where the tree is no repository that it trusts."""
    if not (root / ".git").exists():
        return None
    run = subprocess.run(["git", "-C", root, "ls-files", "-z", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return None
    return [root / name for name in run.stdout.split("\0") if name]


def _walked(root):
    """Every file of a tree that no git knows, without what a build leaves behind."""
    for folder, inner, names in os.walk(root):
        inner[:] = [d for d in inner if d not in ("build", "__pycache__", ".git")]
        yield from (Path(folder) / name for name in names)


@dataclass(frozen=True)
class Tree:
    """The project at a root, read as the rules need it; `full`: rules that can do more, shall."""

    root: Path
    full: bool = False

    @cached_property
    def stages(self):
        return stages.stages(self.root)

    @cached_property
    def pairs(self):
        """Each stage with the one before it; None before the first."""
        return list(zip([None, *self.stages], self.stages))

    @cached_property
    def build(self):
        """Where rules that build keep their copies from run to run."""
        return Path(os.environ.get("EVOLVE_CHECKED") or stages.build_folder(self.root) / "check")

    @cached_property
    def files(self):
        """Every file that belongs to the project, build output left out."""
        listed = _listed_by_git(self.root)
        return sorted(p for p in (_walked(self.root) if listed is None else listed) if p.is_file())

    @cached_property
    def places(self):
        """These files and the folders that they are in, down from the root."""
        found = {*self.files, *(folder for path in self.files for folder in path.parents)}
        return found.difference(self.root.parents)

    def name(self, path):
        return Path(path).relative_to(self.root).as_posix()

    def problem(self, path, line, text):
        return Problem(self.name(path), line, text)


def read(path):
    """A file's text; bytes that are no UTF-8 survive, no line end is translated."""
    return Path(path).read_bytes().decode("utf-8", "surrogateescape")


def lines(path):
    """A file's lines from index 0, none for a file that is empty or not there."""
    text = read(path) if path.is_file() else ""
    return text.removesuffix("\n").split("\n") if text else []


def below(stage, *folders, suffixes=None):
    """The files of a stage in these folders, in order; none where there is no stage."""
    if stage is None:
        return []
    found = [p for folder in folders for p in sorted((stage / folder).rglob("*")) if p.is_file()]
    return [p for p in found if suffixes is None or p.suffix in suffixes]


def sources(stage, *folders):
    """The C++ files of a stage in these folders."""
    return below(stage, *folders, suffixes=(".h", ".cpp"))
