"""Builds the programs of bench/, and runs them."""

import os
import re
import subprocess
import sys
import tempfile

import command
from command import Failed
from stages import ROOT, build_folder

TREE = build_folder() / "bench"
PATIENCE = 300  # seconds for one run


def configured():
    """Prepares the build tree; which of the programs can be built here."""
    command.configure(ROOT / "bench", TREE)
    return set((TREE / "programs").read_text().split())


def build(programs):
    """Builds these programs, the client that W5 needs, and the clock for those who count."""
    wanted = sorted(set(programs) | {"client", "made_clock"})
    print(f"./evolve bench: building {', '.join(wanted)}", file=sys.stderr, flush=True)
    command.build(TREE, *wanted)


def words_of(who, workload, options):
    return [str(TREE / "bin" / who.program), workload, *who.options.split(), *options.split()]


def parse(text):
    """The results of a run: `name=number`, each on a line of its own."""
    return {name: float(value) for name, value in re.findall(r"^(\w+)=(\S+)$", text, re.M)}


def run(who, workload, options, under=(), **environment):
    """The results of one run; `under` goes before the command. Raises when it did not end well."""
    words = [*under, *words_of(who, workload, options)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False,
                              env=os.environ | environment)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(words)}\nhas not ended after {PATIENCE} s") from None
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)}\nstatus {done.returncode}: {done.stderr.strip()}")
    return parse(done.stdout) | {"stderr": done.stderr}


def scratch():
    """A file for what a tool writes."""
    return tempfile.NamedTemporaryFile(mode="r", prefix="evolve-bench.")
