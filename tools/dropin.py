#!/usr/bin/env python3
"""Runs a program that was written for libevent on evolve instead: `./evolve dropin`.

    dropin.py PROGRAM [ARG...]      run it; EVENT_SHOW_METHOD=1 shows whose loop it has
    dropin.py --prove [NAME...]     run known programs on libevent and on evolve, and compare
    dropin.py --prove --full        all of them, those too that take long to set up

The program is any that is installed, as its system has built it. Its linker is told by
LD_LIBRARY_PATH to look into build/dropin, which is built first if needed, before it looks where
libevent is. What this means for the program is told in docs/someone-elses-program.md.
"""

import argparse
import fcntl
import os
import sys
from pathlib import Path

import command
import verb
from command import Failed
from others import documents, needs, prove
from stages import ROOT, build_folder

TREE = build_folder() / "dropin"
TARGETS = ("event_core", "event", "event_pthreads")


def say(text):
    print(f"evolve: {text}", file=sys.stderr, flush=True)


def count(text):
    """A word of the command line that is a number of rounds."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return int(text)


def parser():
    it = verb.Parser("dropin", description=__doc__,
                     usage="./evolve dropin PROGRAM [ARG...] | --prove [NAME...]",
                     formatter_class=argparse.RawDescriptionHelpFormatter)
    it.add_argument("--libs", type=Path, metavar="FOLDER", help="other libraries than build/dropin")
    it.add_argument("--prove", action="store_true", help="run programs, and judge what they do")
    it.add_argument("--build", action="store_true", help="build the libraries and their tests")
    it.add_argument("--install", action="store_true",
                    help="with --prove: what is missing has been installed before, by "
                         "./evolve; without, it is named and left out")
    it.add_argument("--parts", action="store_true", help=argparse.SUPPRESS)
    it.add_argument("--full", action="store_true", help="with --prove: all programs")
    it.add_argument("--rounds", type=count, default=3,
                    help="how often CPU time is compared at least (3); with 0, which is quick, only "
                         "what a program does is judged, and how often it calls epoll_ctl")
    it.add_argument("--write-docs", action="store_true",
                    help="write the tables of README.md and the page anew; those of what was "
                         "measured with --prove --full")
    it.add_argument("words", nargs=argparse.REMAINDER, metavar="PROGRAM [ARG...]")
    return it


def build(targets=TARGETS):
    """The folder of the libraries, built; only one at a time builds them."""
    TREE.mkdir(parents=True, exist_ok=True)
    with (TREE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (TREE / "CMakeCache.txt").exists():
            say("building build/dropin")
        command.configure(ROOT / "dropin", TREE, "CMAKE_BUILD_TYPE=Release")
        command.build(TREE, *targets)
    return TREE / "lib"


def become(program, words, libraries):
    """Puts the program in this one's place, so that signals and its status are its own."""
    sys.stdout.flush()
    os.execve(program, words, needs.environment(libraries))


def dropin(it, options):
    if options.build:
        build(["all"])
        return 0
    if options.parts:
        print(*sorted({part for program in prove.chosen(options.words, options.full)
                       for part in program.parts}))
        return 0
    if not (options.words or options.prove or options.write_docs):
        it.error("which program?")
    if options.write_docs and (options.words or options.prove and not options.full):
        it.error("--write-docs goes with --prove --full, or alone")
    if options.write_docs and options.prove and not options.rounds:
        it.error("--write-docs writes what was measured, and --rounds 0 measures nothing")
    if options.write_docs and not options.prove:
        documents.write([])
        return 0
    libraries = options.libs.resolve() if options.libs else build()
    if options.prove:
        status, done = prove.prove(options, libraries)
        if options.write_docs and status == 0:
            documents.write(done)
        return status
    return become(needs.judge(options.words[0], libraries), options.words, libraries)


def main(words=None):
    """The program's status; 2 when it does not run here, 1 when something failed."""
    it = parser()
    options = it.parse_args(words)
    try:
        return dropin(it, options)
    except needs.Refused as why:
        say(f"dropin: {why}")
        return 2
    except (Failed, OSError) as failure:
        say(f"dropin: {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
