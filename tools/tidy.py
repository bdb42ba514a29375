#!/usr/bin/env python3
"""clang-tidy over all stages, looking at no text twice.

A stage is a full copy of the one before, so most of its files are in other stages too. A source is
checked if it, or a header that it includes, has a content that no source checked so far had. What a
header does to sources that stay the same is the compilers' business; they see every stage.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import command
import cpp
from stages import ROOT, stages

# The analyzer gives up on a function after so many states. With its own limit of 225000 it takes
# minutes for some tests.
STATES = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=20000"]


def configure(build):
    """A build tree without precompiled headers, which clang cannot read when gcc made them."""
    command.configure(ROOT, build, "CMAKE_EXPORT_COMPILE_COMMANDS=ON",
                      "CMAKE_DISABLE_PRECOMPILE_HEADERS=ON")


def sources(build, tests):
    """The sources of all stages, the first stage's first."""
    compiled = json.loads((Path(build) / "compile_commands.json").read_text())
    found = sorted({Path(each["file"]) for each in compiled})
    return [source for source in found if tests or source.parent.name != "test"]


def with_headers(source):
    """The source and the headers of its stage that it includes, directly or through others."""
    stage = ROOT / source.relative_to(ROOT).parts[0]
    seen, todo = set(), [source]
    while todo:
        file = todo.pop()
        if file in seen:
            continue
        seen.add(file)
        included = (stage / name for _, name in cpp.includes(file.read_text()))
        todo.extend(header for header in included if header.is_file())
    return seen


def distinct(candidates):
    """The sources that show a text which those before them did not."""
    known, chosen = set(), []
    for source in candidates:
        texts = {file.read_text() for file in with_headers(source)}
        if not texts <= known:
            known |= texts
            chosen.append(source)
    return chosen


def check(source, build):
    """Runs clang-tidy; returns its findings, or nothing."""
    limits = [f"--extra-arg={word}" for word in STATES]
    words = ["clang-tidy", "--quiet", "-p", build, *limits, source]
    done = subprocess.run(words, capture_output=True, text=True)
    return (done.stdout or done.stderr) if done.returncode else ""


def check_all(chosen, build):
    """Checks as many at a time as there are cores; returns how many have findings."""
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for findings in pool.map(lambda source: check(source, build), chosen):
            bad += bool(findings)
            print(findings, end="", flush=True)
    return bad


def main():
    """The status is 1 if clang-tidy finds something."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tests", action="store_true", help="check the tests too")
    parser.add_argument("--newest", action="store_true", help="check the newest stage alone")
    parser.add_argument("--list", action="store_true", help="print what would be checked")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evolve-tidy.") as build:
        configure(build)
        everything = sources(build, args.tests)
        if args.newest:
            everything = [source for source in everything if stages()[-1] in source.parents]
        chosen = distinct(everything)
        if args.list:
            print(*(source.relative_to(ROOT) for source in chosen), sep="\n")
            return 0
        bad = check_all(chosen, build)
    print(f"clang-tidy: {len(chosen)} of {len(everything)} sources differ; {bad} have findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
