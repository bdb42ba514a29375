"""The code after a step of a chapter, as a folder that builds alone, and what is built there.

What was found out by building, such as what a program prints, is remembered with a digest of all
that it depends on, sources, tests, build files and compiler, so that no state is built twice.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple

import command
import cpp
import slices
import stages
from steps import Stop, states

CXX = os.environ.get("CXX") or "c++"
PARTS = ("evolve", "test", "own", "cmake", "sample")  # of a folder that builds alone
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"]
STANDARD = ("algorithm", "array", "atomic", "chrono", "condition_variable", "functional", "memory",
            "mutex", "optional", "ostream", "span", "stdexcept", "string", "system_error", "thread",
            "vector")  # that libraries include
TESTING = (*STANDARD, "gtest/gtest.h")
THREADED = "-DGTEST_HAS_PTHREAD=1"  # as its package for CMake says; gcc wants the same macros
LONGEST = 5  # seconds that a program may take
STAND_IN = "test/kqueue_on_epoll"  # for a kernel that Linux does not have
REPLACED = {"evolve/eventop.cpp", "evolve/kqueue.cpp"}  # which are compiled for it again
TYPE = "None"  # of a build: assertions stay, nothing is optimised, no debugger's data is written
_NEEDS_IT = re.compile(r'(?m)^#include (?:<sys/event\.h>|"evolve/kqueue\.h")')


class Place(NamedTuple):
    """The code after a step; k of 0 is the stage before, which has no files before the first.

    `each` has each source compiled by itself, as a reader does; else several are together.
    """

    stage: Path
    k: int
    states: list
    cxx: str = CXX
    each: bool = False

    @property
    def name(self):
        return f"{stages.number(self.stage)}.{self.k}"

    @property
    def files(self):
        return self.states[self.k]

    @property
    def is_last(self):
        return self.k == len(self.states) - 1

    @property
    def before(self):
        return self._replace(k=self.k - 1)

    @property
    def program(self):
        """The step's own program; None where it has none."""
        path = program_of(self.stage, self.k)
        return path if path.is_file() else None

    @property
    def folder(self):
        """Where it is built."""
        return stages.build_folder(self.stage.parent) / "step" / self.name

    @property
    def tree(self):
        return self.folder / "-".join(["build", *[Path(self.cxx).name] * (self.cxx != CXX),
                                       *["each"] * self.each])

    def target(self, word):
        """What CMake calls a target, whose name begins with the folder's."""
        name = self.name.replace(".", "_")
        return f"{'_' * name[0].isdigit()}{name}_{word}"


def program_of(stage, k):
    """Where the program of a step stands."""
    n = stages.number(stage)
    return Path(stage).parent / "docs" / "steps" / f"stage{n:02}" / f"{n}.{k}.cpp"


def places(stage, previous):
    """The Places of a chapter, the stage before the first."""
    found = states(stage, previous)
    return [Place(stage, k, found) for k in range(len(found))]


def find(place, least=1):
    """The Place of (3, 4); (3, 0) is the stage before, where that will do."""
    n, k = place
    stage = stages.by_number(n)
    found = places(stage, stages.predecessor(stage))
    if k is None or not least <= k < len(found):
        many = f"stage {n} has {len(found) - 1} steps" if len(found) > 1 else \
            f"the chapter of stage {n} is not told in steps yet"
        raise Stop(f"there is no step {n if k is None else f'{n}.{k}'}: {many}")
    return found[k]


@cache
def _version(cxx):
    return subprocess.run([cxx, "--version"], capture_output=True, text=True).stdout


def remembered(where, what, depends, find_out, keep=lambda found: True):
    """What find_out() returns, unless it was found out before from the same things.

    `depends` is what it depends on beside the code and the compiler. What `keep` refuses, as it may
    be otherwise next time, is found out again.
    """
    everything = json.dumps([where.files, frame(where), _version(where.cxx), TYPE, depends])
    stamp = hashlib.sha256(everything.encode("utf-8", "surrogateescape")).hexdigest()
    note = where.tree / f"{what}.json"
    known = json.loads(note.read_text()) if note.is_file() else {}
    if known.get("stamp") != stamp:
        note.unlink(missing_ok=True)
        known = {"stamp": stamp, "found": find_out()}
        if keep(known["found"]):
            write(note, json.dumps(known))
    return known["found"]


def together(files):
    """The sources of a library in as few groups as can be compiled as one: no two of a group
    declare the same name, as one that each keeps to itself could be."""
    groups = []
    for file in sorted(name for name in files if name.endswith(".cpp")):
        names = {item.name for item in cpp.items(files[file])
                 if item.name.isidentifier() and item.kind != "namespace" and not item.member}
        group = next((one for one in groups if not names & one[1]), None)
        if group is None:
            groups.append(group := ([], set()))
        group[0].append(file)
        group[1].update(names)
    return [group for group, _ in groups]


_lock = threading.Lock()


@cache
def _headers(cxx, folder, options, headers):
    """A header that includes these, compiled once for all trees of gcc.

    None for other compilers, which refuse it unless all options are the same, and where it does not
    compile: each tree has its own then.
    """
    if "Free Software Foundation" not in _version(cxx):
        return None
    text = "".join(f"#include <{name}>\n" for name in headers)
    stamp = hashlib.sha256(f"{_version(cxx)}{options}{text}".encode()).hexdigest()[:12]
    header = folder / f"headers-{stamp}" / "all.h"
    write(header, text)
    made = header.with_name("all.h.gch")
    fresh = made.with_suffix(f".{os.getpid()}")
    if not made.is_file():
        if not _done([cxx, "-std=c++20", *WARNINGS, *options, "-x", "c++-header", header,
                      "-o", fresh], None)[0]:
            return None
        fresh.replace(made)  # never seen half written
    return header


def _shared(where, headers, *options):
    """The compiled header for a place, or None."""
    with _lock:
        return _headers(where.cxx, where.folder.parent, options, headers)


def _precompiled(where, target, *options):
    """What gives a target for tests these headers."""
    header = _shared(where, TESTING, THREADED, *options)
    return "" if header is None else (
        f"if(TARGET ${{stage}}_{target})\n"
        f"  set_target_properties(${{stage}}_{target} PROPERTIES\n"
        f"    DISABLE_PRECOMPILE_HEADERS ON)\n"
        f"  target_compile_options(${{stage}}_{target} PRIVATE\n"
        f"    {THREADED} -include {header})\n"
        f"endif()\n")


def units(where):
    """What tells CMake to compile the sources of the library together, the standard library before
    them all.

    Not those that the stand-in for kqueue has, too: a program takes them from there.
    """
    files = {*where.files} - (REPLACED if _stand_in(where.stage) else set())
    text = "set_target_properties(${stage}_evolve PROPERTIES UNITY_BUILD_MODE GROUP)\n"
    for k, group in enumerate(together({name: where.files[name] for name in files}), 1):
        text += (f"set_source_files_properties({' '.join(group)}\n"
                 f"  PROPERTIES UNITY_GROUP {k})\n")
    text += ("if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)\n"
             "  target_compile_options(${stage}_evolve PRIVATE -Wno-shadow)  # of another source\n"
             "endif()\n")
    if header := _shared(where, STANDARD):
        text += ("if(CMAKE_UNITY_BUILD)\n"
                 f"  target_compile_options(${{stage}}_evolve PRIVATE -include {header})\n"
                 "endif()\n")
    return {"cmake/units.cmake": text}


def write(path, text):
    """Writes a file unless it is so already, so that builds see only what changed."""
    data = text.encode("utf-8", "surrogateescape")
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def frame(where):
    """What CMake reads: the stage's after the last step, until then that of the stage before.

    On Linux with the stand-in for kqueue, where the stage has one.
    """
    before = stages.predecessor(where.stage, where.stage.parent)
    folder = where.stage if where.is_last else before or where.stage
    return _stand_in(where.stage) | {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in [folder / "CMakeLists.txt", *sorted((folder / "cmake").rglob("*"))]
        if path.is_file()}


def _stand_in(stage):
    """The files of the stand-in, and what builds it; none where it is not needed."""
    files = [path for path in sorted((stage / STAND_IN).rglob("*")) if path.is_file()]
    if not files or not sys.platform.startswith("linux"):
        return {}
    build = stage.parent / "docs" / "steps" / "stand_in.cmake"
    return {"cmake/stand_in.cmake": build.read_text()} | {
        path.relative_to(stage).as_posix(): path.read_text() for path in files}


def put(where, folder, more=None):
    """Writes the code after a step into a folder, so that it builds alone.

    The tests are those of the stage before without those that the stage takes out, after the last
    step the stage's own; and the step's program comes as a sample.
    """
    kept = {**where.files, **slices.given(where.stage, where.is_last), **frame(where), **(more or {})}
    if where.program:
        kept["sample/step.cpp"] = where.program.read_text()
    for part in PARTS:
        for path in (folder / part).rglob("*"):
            if path.is_file() and path.relative_to(folder).as_posix() not in kept:
                path.unlink()
    for name, text in kept.items():
        write(folder / name, text)


def say(text):
    """A word to the terminal, as builds have; with one, a wait is not a silence."""
    print(f"./evolve: {text}", file=sys.stderr, flush=True)


def make(where, target, tests, each=False):
    """Builds a target of a step's folder; (whether it did, what the compiler says)."""
    say(f"building {where.name}, {target}")
    cache_it = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    env = {**os.environ, "CCACHE_BASEDIR": str(where.folder.parent), "CCACHE_NOHASHDIR": "1",
           "CCACHE_SLOPPINESS": "pch_defines,time_macros"}  # what a step leaves alone is there
    good, said = _done(
        ["cmake", "-S", where.folder, "-B", where.tree, *command.generator(where.tree), *cache_it,
         f"-DCMAKE_CXX_COMPILER={where.cxx}", f"-DCMAKE_BUILD_TYPE={TYPE}",
         f"-DCMAKE_UNITY_BUILD={'OFF' if each or where.each else 'ON'}",
         "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON", f"-DBUILD_TESTING={'ON' if tests else 'OFF'}"], env)
    keep_going = ["-k", "0"] if (where.tree / "build.ninja").exists() else ["-k"]
    return _done(["cmake", "--build", where.tree, "-j", str(os.cpu_count()), "--target",
                  where.target(target), "--", *keep_going], env) if good else (False, said)


def _done(words, env):
    """(whether a command did what it should, what it said); a terminal sees how far it is."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=env) as process:
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("[") and sys.stderr.isatty():
                sys.stderr.write(line)
    return process.returncode == 0, "".join(said)


def built(where, target, tests=False):
    """Builds a target of a step's folder, or raises Stop.

    Where sources do not compile together, what each does by itself is what counts.
    """
    more = {"cmake/tests.cmake": _precompiled(where, "test")} if tests else {}
    put(where, where.folder, {**units(where), **more})
    good, said = make(where, target, tests)
    if not good and not where.each:
        good, said = make(where, target, tests, each=True)
    if not good:
        raise Stop(f"{where.name} does not build:\n{said}")


def library(where):
    """Builds the library of a step, with the stand-in if there is one, or raises Stop.

    Before the first step of all there is none.
    """
    def find_out():
        built(where, "evolve")
        if _stand_in(where.stage):
            built(where, "stand_in")

    if where.files:
        remembered(where, "library", None, find_out)


def _linked(program, where):
    """What a program is linked with; the newest stage's library is named as an installed one is."""
    names = f"lib{where.target('evolve')}.a", "libevolve.a"
    linked = [path for name in names if (path := where.tree / name).is_file()][:1]
    if not _stand_in(where.stage) or not _NEEDS_IT.search(program.read_text()):
        return linked
    return [f"-I{where.folder / STAND_IN}", "-Wl,--whole-archive",
            where.tree / f"lib{where.target('stand_in')}.a", "-Wl,--no-whole-archive", *linked]


def compiled(program, where):
    """(a program built on the code after a step, or None; what the compiler says).

    The standard library is compiled before, but not where each source is compiled by itself: only
    that shows that a program lacks an include.
    """
    to = where.tree / program.stem

    def find_out():
        library(where)
        to.parent.mkdir(parents=True, exist_ok=True)
        say(f"building {program.name} on {where.name}")
        header = None if where.each else _shared(where, STANDARD)
        before = ["-include", header] if header else []  # made without -pthread, which it refuses
        done = subprocess.run([where.cxx, "-std=c++20", *WARNINGS, *before, f"-I{where.folder}",
                               program, *_linked(program, where), "-lpthread", "-o", to],
                              capture_output=True, text=True)
        return done.returncode == 0, done.stderr

    good, said = remembered(where, f"{program.stem}-compiled", program.read_text(), find_out)
    return (to if good else None), said


def printed(program, where):
    """[what a program prints on the code after a step, its exit status].

    None if it does not compile there; a status of None if it does not end.
    """
    def find_out():
        path, _ = compiled(program, where)
        if path is None:
            return None
        try:
            done = subprocess.run([path], capture_output=True, text=True, errors="replace",
                                  timeout=LONGEST)
        except subprocess.TimeoutExpired:
            return ["", None]
        return [done.stdout, done.returncode]

    return remembered(where, f"{program.stem}-printed", program.read_text(), find_out,
                      keep=lambda found: found is None or found[1] == 0)


def suite(where):
    """[how many tests pass of those that one has without a question, names of others]."""
    def find_out():
        built(where, "test", tests=True)
        passed, failed = slices.ran(where.tree / where.target("test"))
        return [passed, sorted(failed)]

    tests = slices.given(where.stage, where.is_last)
    some = any(map(slices.names_in, tests.values()))
    return remembered(where, "suite", tests, find_out, lambda found: not found[1]) if some \
        else [0, []]


def own_tests(where, wanted=None):
    """{passed, failed}: names of the stage's own tests that compile on the code after a step.

    Of these alone, where some are wanted; that takes less time, and those are meant to pass.
    """
    meant, wanted = wanted, slices.own_names(where.stage) if wanted is None else wanted

    def build(texts):
        put(where, where.folder, {
            **units(where), **texts,
            "cmake/own_tests.cmake": slices.BUILD + _precompiled(where, "own", "-g1")})
        good, said = make(where, "own", tests=True)
        return "" if good else said

    def find_out():
        names = slices.compilable(where.stage, wanted, where.files, build)
        failed = slices.ran(where.tree / where.target("own"))[1] if names else set()
        red = {name for name in names if {name, name.partition(".")[0]} & failed}
        return {"passed": sorted(names - red), "failed": sorted(red)}

    depends = [slices.tests_of(where.stage), sorted(wanted)]
    digest = hashlib.sha256("".join(depends[1]).encode()).hexdigest()[:8]
    return remembered(where, f"own-{digest}", depends, find_out,
                      keep=lambda found: not (meant and found["failed"]))
