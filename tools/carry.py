#!/usr/bin/env python3
"""Carries a change made in one stage through all the stages after it.

Every stage is a full copy of the one before, so a bug that is mended in stage 2 is also in 3, 4 and
so on. For each file that differs from the last commit this merges three ways, again and again:

    base    the file in stage k, as it was committed
    theirs  the file in stage k, as it is to be
    ours    the file in stage k + 1

and what comes out is `theirs` of the next round. All merges are made before a byte is written: a
conflict leaves its markers in the one file that it names, and the rest as it was. Running it again
does no harm, since what has been carried already merges with itself.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import verb
from stages import ROOT, by_number, number, stages

TOOLS = Path(__file__).resolve().parent
LEFT_OUT = {"README.md"}  # a chapter is its stage's own, and woven
MARKER = re.compile(rb"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


class Stop(Exception):
    """Why nothing more is carried."""


def git(*arguments):
    """What a git command prints; its complaint, if it has one, is ours."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True)
    if done.returncode:
        raise Stop(f"git {' '.join(arguments)} failed: {done.stderr.decode().strip()}")
    return done.stdout


def committed(stage, name, rev):
    """The file's bytes in that revision; None if it was not there."""
    path = f"{stage.name}/{name}"
    return git("cat-file", "blob", f"{rev}:{path}") if git("ls-tree", rev, "--", path) else None


def present(stage, name):
    """The file's bytes in the work tree; None if it is not there."""
    path = stage / name
    return path.read_bytes() if path.is_file() else None


def changed(stage, rev):
    """The files of a stage that are not what they were in that revision: name to (old, new)."""
    folder = f"{stage.name}/"
    listed = (git("diff", "-z", "--name-only", "--no-renames", rev, "--", folder)
              + git("ls-files", "-z", "--others", "--exclude-standard", "--", folder))
    names = {path.removeprefix(folder) for path in listed.decode().split("\0") if path} - LEFT_OUT
    pairs = {name: (committed(stage, name, rev), present(stage, name)) for name in sorted(names)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def merge_texts(base, theirs, ours, labels):
    """git's three-way merge of bytes: (whether it is clean, the result)."""
    with tempfile.TemporaryDirectory(prefix="evolve-carry.") as folder:
        paths = [Path(folder) / part for part in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs)):
            path.write_bytes(text)
        named = [word for label in labels for word in ("-L", label)]
        done = subprocess.run(
            ["git", "merge-file", "-p", *named, *paths], capture_output=True
        )
    if done.returncode > 127:
        raise Stop(f"git merge-file failed: {done.stderr.decode().strip()}")
    return done.returncode == 0, done.stdout


def merge(base, theirs, ours, labels):
    """merge_texts() for files that may be absent (None): (whether it is clean, the result)."""
    if base == theirs or ours == theirs:
        return True, ours
    if ours == base:
        return True, theirs
    if theirs is None or ours is None:
        return False, ours
    return merge_texts(base or b"", theirs, ours, labels)


class Carrier:
    """Works out what every file of the later stages is to be."""

    def __init__(self, rev, taken):
        self.rev = rev
        self.taken = taken  # paths that are right as they stand in the work tree
        self.results = {}  # (stage, name) to bytes, or to None where the file goes

    def step(self, change, before, stage):
        """Merges a change of `before` into `stage`; returns the change that this makes there."""
        done = {}
        for name, (base, theirs) in change.items():
            labels = (stage.name, f"{before.name} as committed", before.name)
            ours = present(stage, name)
            clean, merged = merge(base, theirs, ours, labels)
            if f"{stage.name}/{name}" in self.taken:
                merged = ours
            elif not clean:
                self._conflict(stage, name, ours, merged)
            self.results[stage, name] = merged
            done[name] = (committed(stage, name, self.rev), merged)
        return {name: pair for name, pair in done.items() if pair[0] != pair[1]}

    def write(self):
        """Writes what differs from the work tree, and says so."""
        for (stage, name), text in self.results.items():
            path = stage / name
            if text == present(stage, name):
                continue
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text)
            print(f"{stage.name}/{name}: {'deleted' if text is None else 'carried'}", flush=True)

    def _conflict(self, stage, name, ours, merged):
        path = f"{stage.name}/{name}"
        if merged == ours:
            why = "it is deleted on one side and changed on the other; nothing has been written"
        else:
            (ROOT / path).write_bytes(merged)
            why = "the two versions stand in it between markers; nothing else has been written"
        raise Stop(
            f"{path}: conflict; {why}.\nMake the file what it has to be, then repeat the command "
            f"with --take {path}"
        )


def refuse_markers(change, stage):
    """A conflict that nobody has settled must not be carried on."""
    for name, (_, text) in change.items():
        if text is not None and MARKER.search(text):
            raise Stop(f"{stage.name}/{name}: has conflict markers; settle the conflict first")


def carry(n, rev, taken):
    """Carries the change of stage n; returns whether there was one."""
    if subprocess.run(["git", "rev-parse", "-q", "--verify", f"{rev}^{{commit}}"], cwd=ROOT,
                      capture_output=True).returncode:
        raise Stop(f"what has changed is not known, since {ROOT} has no commit {rev}")
    change = changed(by_number(n), rev)
    if not change:
        return False
    carrier = Carrier(rev, taken)
    refuse_markers(change, by_number(n))
    following = [stage for stage in stages() if number(stage) >= n]
    for before, stage in zip(following, following[1:]):
        change = carrier.step(change, before, stage)
        refuse_markers(change, stage)
    carrier.write()
    return True


def weave(n):
    """Writes the code blocks of the chapters from n on anew; returns those that need a person."""
    unplaced = []
    for stage in stages():
        if number(stage) < n or not (stage / "README.md").exists():
            continue
        weaving = [sys.executable, TOOLS / "verb.py", "chapter", "weave", str(number(stage))]
        if subprocess.run(weaving).returncode:
            unplaced.append(f"{stage.name}/README.md")
    return unplaced


def test(n):
    """Rebuilds and tests the stages from n on; returns those that fail."""
    tested = [stage for stage in stages() if number(stage) >= n]
    commands = ([ROOT / "evolve", "test", str(number(stage))] for stage in tested)
    return [s.name for s, c in zip(tested, commands) if subprocess.run(c).returncode]


def parse(argv):
    parser = verb.Parser("carry", description=__doc__.splitlines()[0])
    parser.add_argument("stage", type=verb.stage_number, metavar="N",
                        help="the number of the stage that was changed")
    parser.add_argument("--base", default="HEAD", metavar="REV", help="changed since (HEAD)")
    parser.add_argument(
        "--take", action="append", default=[], metavar="FILE", help="is right as it stands"
    )
    parser.add_argument("--no-test", action="store_true", help="do not rebuild and retest")
    return parser.parse_args(argv)


def main(argv=None):
    """The status is 1 after a conflict, a block without a place in its chapter, a failing test."""
    args = parse(argv)
    try:
        if not carry(args.stage, args.base, set(args.take)):
            print(f"stage {args.stage} is what it was in {args.base}: nothing to carry")
            return 0
    except Stop as stop:
        print(f"./evolve carry: {stop}", file=sys.stderr)
        return 1
    unplaced = weave(args.stage)
    failed = [] if args.no_test else test(args.stage)
    for chapter in unplaced:
        print(f"./evolve carry: {chapter}: some lines have no place in it yet, see above",
              file=sys.stderr)
    for stage in failed:
        print(f"./evolve carry: {stage}: does not build or its tests fail, see above",
              file=sys.stderr)
    return 1 if unplaced or failed else 0


if __name__ == "__main__":
    sys.exit(main())
