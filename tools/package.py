#!/usr/bin/env python3
"""Uses the library from outside: as docs/using-evolve.md says, and in every way that there is.

    package.py           what the page says, word for word, with its server put to the test; then one
                         program against the library in each way, in a choice of combinations
    package.py --full    the same in all combinations
    package.py --only page, or --only ways

A way is find_package, pkg-config, add_subdirectory or FetchContent; a combination has beside it the
kind of library, static or shared, the compiler, and the edition of C++. The program is that of the
newest stage, test/outside/main.cpp; warnings that the headers cause are errors.
"""

import argparse
import concurrent.futures
import itertools
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import cpp
import lines
import page
import stages
from command import Failed, build, configure, run

COMPILERS = "g++", "clang++"
EDITIONS = 20, 23
INSTALLED = "find_package", "pkg-config"
PARTS = "add_subdirectory", "FetchContent"
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wold-style-cast -Werror -fvisibility=hidden"


# What the part is built with, to see that the server leaks nothing and breaks no rule.
SANITIZED = (f"{WARNINGS} -g1 -fsanitize=address,undefined -fno-sanitize=vptr "
             "-fno-sanitize-recover=all")


class Way(NamedTuple):
    """How a program gets at the library, and what both are made with."""

    way: str
    kind: str  # static or shared
    library: str  # the compiler that it is made with
    compiler: str  # the program's
    edition: int

    def __str__(self):
        by = f", the library by {self.library}" if self.library != self.compiler else ""
        return f"{self.way}, {self.kind}, {self.compiler}, C++{self.edition}{by}"

    @property
    def name(self):
        return re.sub(r"[^\w]+", "_", str(self))


CHOSEN = [
    Way("find_package", "static", "g++", "clang++", 20),
    Way("pkg-config", "static", "g++", "g++", 23),
    Way("find_package", "shared", "g++", "g++", 20),
    Way("pkg-config", "shared", "g++", "clang++", 23),
    Way("add_subdirectory", "static", "g++", "g++", 23),
    Way("FetchContent", "shared", "clang++", "clang++", 20),
]


def all_ways():
    """Every combination; a part is made by the compiler of the whole."""
    kinds = "static", "shared"
    yield from map(Way._make, itertools.product(INSTALLED, kinds, COMPILERS, COMPILERS, EDITIONS))
    for way, kind, compiler, edition in itertools.product(PARTS, kinds, COMPILERS, EDITIONS):
        yield Way(way, kind, compiler, compiler, edition)


def install(stage, compiler, kind, scratch):
    """The library at a prefix that was not known when it was built, and that has moved since."""
    name = f"{kind}_{compiler.replace('+', 'x')}"
    tree, prefix, moved = (scratch / f"{each}_{name}" for each in ("library", "prefix", "moved"))
    configure(stage, tree, "EVOLVE_DEVELOP=OFF", "CMAKE_UNITY_BUILD=ON", "CMAKE_BUILD_TYPE=Debug",
              f"CMAKE_CXX_COMPILER={compiler}", f"CMAKE_CXX_FLAGS={WARNINGS}",
              f"BUILD_SHARED_LIBS={'ON' if kind == 'shared' else 'OFF'}",
              "CMAKE_INSTALL_PREFIX=/nowhere/at/all", "CMAKE_INSTALL_LIBDIR=lib")
    build(tree)
    run("cmake", "--install", tree, "--prefix", prefix)
    prefix.rename(moved)
    check_prefix(moved, kind, stage)
    return moved


def check_prefix(prefix, kind, stage):
    """That what is installed is what it should be."""
    check_files(prefix)
    if kind == "shared":
        check_shared(prefix / "lib/libevolve.so", stage)


def check_files(prefix):
    """That every header is there which another one includes, and none that nobody needs."""
    include = prefix / "include"
    there = {f"evolve/{path.name}" for path in (include / "evolve").iterdir()}
    reached, todo = set(), ["evolve/event_base.h", "evolve/log.h"]
    while todo:
        name = todo.pop()
        if name not in reached:
            if name not in there:
                raise Failed(f"{name} is not installed")
            reached.add(name)
            todo += [each for _, each in cpp.includes((include / name).read_text())
                     if each.startswith("evolve/")]
    if there != reached:
        raise Failed(f"no program needs {', '.join(sorted(there - reached))}, but it is installed")
    for path in prefix.rglob("*"):
        if path.suffix in (".pc", ".cmake") and "/nowhere/at/all" in path.read_text():
            raise Failed(f"{path.name} names a prefix of the time of building")


def private_classes(stage, prefix):
    """The names of the classes in headers that are not installed."""
    public = {path.name for path in (prefix / "include/evolve").iterdir()}
    for header in sorted((stage / "evolve").glob("*.h")):
        if header.name not in public:
            yield from re.findall(r"^(?:class|struct) (\w+)", header.read_text(), re.MULTILINE)


def check_shared(library, stage):
    """The name by which programs load it, that it shows what is public and nothing else, and that
    it calls its own functions without the loader."""
    version = re.search(r"^set\(version (\d+\.\d+)\.\d+\)", (stage / "cmake/install.cmake")
                        .read_text(), re.MULTILINE)[1]
    if f"[libevolve.so.{version}]" not in run("readelf", "-d", library):
        raise Failed(f"{library} is not to be loaded as libevolve.so.{version}")
    shown = run("nm", "-DC", "--defined-only", library)
    symbols = [line.split(maxsplit=2)[2] for line in shown.splitlines()]
    for needed in ("evolve::event_base::loop(", "evolve::event::add(", "evolve::log("):
        if not any(each.startswith(needed) for each in symbols):
            raise Failed(f"{library} does not show {needed}...)")
    private = "|".join(private_classes(stage, library.parents[1]))
    for each in symbols:
        if re.search(rf"\bevolve::(?:{private}|\(anonymous namespace\))\b", each):
            raise Failed(f"{library} shows {each}, which is private")
        if not re.search(r"\b(?:evolve|std|__gnu_cxx)::", each):
            raise Failed(f"{library} shows {each}, which is not evolve's")
    asked = re.findall(r"JUMP_SLO\S*\s+(?!0+ )[0-9a-f]+ (\S+)", run("readelf", "-rW", library))
    if asked:
        raise Failed(f"{library} asks the loader for its own {', '.join(asked)}")


HEAD = """cmake_minimum_required(VERSION 3.25)
project(whole LANGUAGES CXX)
include(CTest)
"""
FOUND = {
    "find_package": "find_package(evolve 0.1 REQUIRED)\n",
    "add_subdirectory": "add_subdirectory(evolve)\n",
    "FetchContent": "include(FetchContent)\n"
    "FetchContent_Declare(evolve\n"
    "  SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR}/clone SOURCE_SUBDIR evolve)\n"
    "FetchContent_MakeAvailable(evolve)\n",
}
# The program, and a library of the program's own, which evolve gets into if it is static.
TAIL = """add_executable(outside main.cpp)
target_link_libraries(outside PRIVATE evolve::evolve)
add_library(plugin SHARED main.cpp)
target_link_libraries(plugin PRIVATE evolve::evolve)
"""


def write_project(way, stage, folder):
    """The sources of a program that uses CMake."""
    folder.mkdir()
    shutil.copy(stage / "test/outside/main.cpp", folder)
    part = way.way in PARTS
    (folder / "CMakeLists.txt").write_text(HEAD + FOUND[way.way] + "".join(
        TAIL.splitlines(True)[:4 if part else 2]))
    if part:
        place = folder / "clone/evolve" if way.way == "FetchContent" else folder / "evolve"
        shutil.copytree(stage, place, ignore=shutil.ignore_patterns("build"))


def check_part(tree, installs):
    """That a part brings nothing along but the library, which is installed if that was asked for,
    and leaves the whole as it was."""
    if " 0\n" not in run("ctest", "-N", cwd=tree):
        raise Failed("the part's tests are among those of the whole")
    prefix = tree / "installed"
    run("cmake", "--install", tree, "--prefix", prefix)
    if any(path.is_file() for path in prefix.rglob("*")) != installs:
        raise Failed(f"the part is {'not ' if installs else ''}installed with the whole")
    cache = (tree / "CMakeCache.txt").read_text()
    if re.search(r"^CMAKE_BUILD_TYPE:\w+=.", cache, re.MULTILINE) or "GTest" in cache:
        raise Failed("the part has chosen a build type for the whole, or looked for GoogleTest")
    targets = run("cmake", "--build", tree, "--target", "help")
    if found := re.findall(r"\b\w+_(?:test|echo)\b", targets):
        raise Failed(f"the part brings along {', '.join(found)}")
    commands = (tree / "compile_commands.json").read_text()
    if "-Wshadow" in commands or "-O" in commands or " -g" in commands:
        raise Failed("the part has flags that the whole has not chosen")


def use_by_cmake(way, stage, prefix, folder):
    """Builds the program with CMake and runs it; what it says."""
    write_project(way, stage, folder)
    definitions = [f"CMAKE_CXX_COMPILER={way.compiler}", f"CMAKE_CXX_STANDARD={way.edition}",
                   f"CMAKE_CXX_FLAGS={WARNINGS}", "CMAKE_NO_SYSTEM_FROM_IMPORTED=ON",
                   "CMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    asked = way.way == "FetchContent"  # the one or the other, to have tried both
    if way.way in PARTS:
        definitions += ["EVOLVE_INSTALL=ON", "CMAKE_INSTALL_LIBDIR=lib"] * asked
        definitions += [f"BUILD_SHARED_LIBS={'ON' if way.kind == 'shared' else 'OFF'}",
                        "CMAKE_POSITION_INDEPENDENT_CODE=ON", "CMAKE_UNITY_BUILD=ON"]
    else:
        definitions += [f"CMAKE_PREFIX_PATH={prefix}"]
    configure(folder, folder / "b", *definitions)
    build(folder / "b")
    if way.way in PARTS:
        check_part(folder / "b", asked)
        if asked:
            check_prefix(folder / "b/installed", way.kind, stage)
    return run(folder / "b/outside")


def use_by_pkg_config(way, stage, prefix, folder):
    """The same with a compiler's command line."""
    folder.mkdir()
    library = prefix / "lib"
    flags = run("pkg-config", "--cflags", "--libs", "evolve",
                env={**os.environ, "PKG_CONFIG_PATH": str(library / "pkgconfig")}).split()
    edition = "2b" if way.edition == 23 else way.edition
    run(way.compiler, f"-std=c++{edition}", *WARNINGS.split(), stage / "test/outside/main.cpp",
        "-o", folder / "outside", *flags)
    return run(folder / "outside", env={**os.environ, "LD_LIBRARY_PATH": str(library)})


def use(way, stage, prefixes, scratch):
    """Uses the library in one way, and says whether it can be used."""
    each = use_by_pkg_config if way.way == "pkg-config" else use_by_cmake
    try:
        said = each(way, stage, prefixes.get((way.kind, way.library)), scratch / way.name)
        if not said.startswith("by "):
            raise Failed(f"the program says: {said}")
    except Failed as failure:
        print(f"FAIL {way}\n{failure}", flush=True)
        return False
    print(f"ok   {way}", flush=True)
    return True


def use_all(ways, stage, scratch):
    """Uses the library in these ways; in how many it cannot be used."""
    installed = dict.fromkeys((way.kind, way.library) for way in ways if way.way in INSTALLED)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda one: install(stage, one[1], one[0], scratch), installed)
        prefixes = dict(zip(installed, made))
        return list(pool.map(lambda way: use(way, stage, prefixes, scratch), ways)).count(False)


def environment(block, home):
    """The user's environment for a block of the page: a home of their own, and the strictest of
    compilers for a part."""
    env = {**os.environ, "HOME": str(home)}
    if "build-part" in block.text:
        env["CXXFLAGS"] = SANITIZED
    return env


def follow_page(stage, scratch):
    """Does what the page says, in its order, and puts all servers that come of it to the test."""
    found = page.blocks((stages.ROOT / "docs/using-evolve.md").read_text())
    clone, home, folder = (scratch / name for name in ("clone", "home", "program"))
    for place in (clone, folder):
        shutil.copytree(stage, place / stage.name, ignore=shutil.ignore_patterns("build"))
    for block in page.commands(found):
        page.run_block(found, block, clone, folder, environment(block, home))
        print(f"ok   {block.heading}, line {block.line}: {block.text.splitlines()[-1]}", flush=True)
    for compiler in COMPILERS:
        page.check_pieces(found, compiler, [f"-I{home}/.local/include", *WARNINGS.split()])
        print(f"ok   the pieces of programs, {compiler}", flush=True)
    servers = [folder / name for name in ("lines", "build/lines", "build-part/lines")]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        if any(list(pool.map(lambda server: lines.main([str(server)]), servers))):
            raise Failed("the page's server fails")


def arguments(words):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true", help="all combinations")
    parser.add_argument("--only", choices=("page", "ways"), help="one of the two halves")
    return parser.parse_args(words)


def main(words=None):
    """Prints a line for each way; the status is 1 if one does not work."""
    args = arguments(words)
    ways = list(all_ways()) if args.full else CHOSEN
    stage, failed = stages.stages()[-1], 0
    try:
        with tempfile.TemporaryDirectory(prefix="evolve-package.") as scratch:
            if args.only != "ways":
                follow_page(stage, Path(scratch))
            if args.only != "page":
                failed = use_all(ways, stage, Path(scratch))
                print(f"used from outside in {len(ways) - failed} of {len(ways)} ways")
    except (Failed, page.Broken) as failure:
        print(failure, file=sys.stderr)
        return 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
