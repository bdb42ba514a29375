"""Which of a stage's own tests one has after a step: those that compile on its code, and pass.

Own are the tests that the stage before does not have. A test is cut out whole, with what cannot be
compiled without it; a helper stays as long as it compiles. What was cut leaves blank lines, so that
the compiler's numbers hold all along.
"""

import re
import subprocess
from pathlib import Path

import cpp
import stages
from steps import Stop

LONGEST = 10  # seconds that a test may take on a state that is not meant for it
LIFTED = re.compile(r"(?P<stage>stage\d\d_\w+) (?P<file>test/\S+) (?P<test>\w+\.\w+): "
                    r"(?P<reason>\S.*)")  # a line of docs/lifted.txt
_BACKEND = re.compile(r'    "(\w+)[^"]*",$')  # a line of the list in test/backends.h
_FAILED = re.compile(r"(?m)^FAILED (?:\w+/)?(\w+)(?:\.(\w+))?")
_PASSED = re.compile(r"(?m)^\S+: (\d+) passed, ")
_WRONG = re.compile(r"([\w./+-]+/)?own/(test/[\w./]+):(\d+):(?:\d+:)?\s+"
                    r"(?:(?:fatal )?error|  required from|undefined reference)")
BUILD = """file(GLOB own CONFIGURE_DEPENDS own/test/*_test.cpp)
if(BUILD_TESTING AND own)
  add_executable(${stage}_own ${own} own/test/main.cpp)
  target_include_directories(${stage}_own BEFORE PRIVATE own)
  target_link_libraries(${stage}_own PRIVATE ${stage}_evolve GTest::gtest)
  target_precompile_headers(${stage}_own PRIVATE <gtest/gtest.h>)
  target_compile_options(${stage}_own PRIVATE -w -g1)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/cmake/stand_in.cmake)
    file(GLOB stand_in CONFIGURE_DEPENDS evolve/kqueue.cpp
      test/kqueue_on_epoll/*.cpp)
    target_sources(${stage}_own PRIVATE ${stand_in})
    target_include_directories(${stage}_own PRIVATE test/kqueue_on_epoll)
  endif()
  set_target_properties(${stage}_own PROPERTIES UNITY_BUILD OFF)
endif()
"""


def tests_of(stage):
    """The text of every file in a stage's test folder, by name; nothing for no stage."""
    if stage is None:
        return {}
    return {path.relative_to(stage).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted((stage / "test").rglob("*")) if path.is_file()}


def lifted(stage):
    """The names of the tests that docs/lifted.txt has this stage take out."""
    path = stage.parent / "docs" / "lifted.txt"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = map(LIFTED.fullmatch, text.split("\n"))
    return {one["test"] for one in found if one and one["stage"] == stage.name}


def names_in(text):
    """The tests of a source."""
    return {f"{suite}.{name}" for suite, name in cpp.TEST.findall(text)}


def _lines(item):
    """The numbers of the lines of an item."""
    return {*range(item.first, item.last + 1)}


class Source:
    """A test file, and what is cut out of it; its lines, counted from 1, stay where they are."""

    def __init__(self, text):
        self.lines = text.split("\n")
        self.items = [item for item in cpp.items(text)
                      if item.kind != "namespace" and not item.member]

    @property
    def text(self):
        return "\n".join(self.lines)

    def cut(self, bad):
        """Blanks the items that hold one of these lines, or the lines alone; whether it could.

        With an item goes what uses its name, which the compiler would find in the next round.
        """
        before, numbers = list(self.lines), set(bad)
        todo = [item for item in self.items if bad & _lines(item)]
        while todo:
            item = todo.pop()
            numbers |= _lines(item)
            todo += [user for user in self._users(item) if not _lines(user) <= numbers]
        for k in numbers:
            self.lines[k - 1] = ""
        return self.lines != before

    def _users(self, item):
        """The items that use what another declares, unless others have its name too."""
        if not item.name.isidentifier() or [one.name for one in self.items].count(item.name) > 1:
            return []
        use = re.compile(rf"(?<![.>:\w]){item.name}\b")
        return [one for one in self.items
                if one is not item and any(use.search(self.lines[k - 1]) for k in _lines(one))]

    def cut_tests(self, names):
        self.cut({item.first for item in self.items if item.name in names})


def without(text, names):
    """A test file without the tests of these names."""
    if not names & names_in(text):
        return text
    source = Source(text)
    source.cut_tests(names)
    return source.text


def given(stage, is_last):
    """The tests that a step has without a question, as name to text; before the first stage none,
    but the program for some."""
    previous = stages.predecessor(stage, stage.parent)
    if is_last:
        return tests_of(stage)
    if previous is None:
        return {name: text for name, text in tests_of(stage).items() if name == "test/main.cpp"}
    return {name: without(text, lifted(stage)) if name.endswith(".cpp") else text
            for name, text in tests_of(previous).items()}


def _names(tests):
    """The names of all tests in some files."""
    return set().union(*map(names_in, tests.values()))


def own_names(stage):
    """The names of the tests that a stage adds."""
    return _names(tests_of(stage)) - _names(tests_of(stages.predecessor(stage, stage.parent)))


def own(stage, names):
    """{file: Source} of these tests of a stage, and what they include from the test folder."""
    texts, found = tests_of(stage), {}
    for name, text in texts.items():
        if name.endswith("_test.cpp") and names & names_in(text):
            found[name] = Source(text)
            found[name].cut_tests(names_in(text) - names)
        elif name.endswith((".h", "/main.cpp")):
            found[name] = Source(text)
    return found


def _cut_missing(sources, there):
    """Cuts out the lines that include what is not there, and backends that are not there."""
    for name, source in sources.items():
        source.cut({k for k, included in cpp.includes(source.text)
                    if included.startswith(("evolve/", "test/")) and included not in there})
        if name == "test/backends.h":
            source.lines = ["" if (found := _BACKEND.match(line))
                            and f"evolve/{found.group(1)}.h" not in there else line
                            for line in source.lines]


def wrong(said):
    """{file: lines} of the tests that a compiler or linker has something against."""
    found = {}
    for _, name, line in _WRONG.findall(said):
        found.setdefault(name, set()).add(int(line))
    return found


def compilable(stage, names, code, build):
    """Cuts these tests of a stage to what compiles on the code of some files; their names.

    build(texts) tries to build them, and returns what the compiler says if it cannot.
    """
    sources = own(stage, names)
    _cut_missing(sources, {*code, *sources})
    while names:
        texts = {name: source.text for name, source in sources.items()
                 if not name.endswith("_test.cpp") or names_in(source.text)}
        names = _names(texts)
        said = names and build({f"own/{name}": text for name, text in texts.items()})
        if not said:
            break
        if not any([sources[name].cut(bad) for name, bad in wrong(said).items()]):
            raise Stop(f"no line of a test says why it does not compile:\n{said[-3000:]}")
    return names


def failures(text):
    """The tests that failed by what a test program prints; of parameters, one is enough.

    A suite that broke off outside of its tests is named without one.
    """
    return {".".join(filter(None, found)) for found in _FAILED.findall(text)}


def ran(program):
    """(how many tests pass, names of those that do not) of a test program."""
    done = subprocess.run([program, f"--each={LONGEST}"], capture_output=True, text=True,
                          errors="replace")
    passed = _PASSED.findall(done.stdout)
    if not passed:
        raise Stop(f"{Path(program).name} breaks off:\n{done.stdout[-2000:]}{done.stderr}")
    return int(passed[-1]), failures(done.stdout)
