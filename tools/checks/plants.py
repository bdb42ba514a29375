"""The planted defects of the self-test: what each of them does to a copy of the tree.

A plant is a function that spoils one thing and returns where the rule has to find it; what the rule
has to say there is given with it. It looks for its place in whatever stages there are, so that it
needs no care when a stage is added or changed.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, NamedTuple

import cpp
import linediff
import stages
import told
from checks.chapters import MOST_WORDS, SECTIONS, Text
from checks.core import lines, read, sources
from checks.diffs import FIRST_STAGE_LINES, BIG_STEP_LINES, WORTH
from checks.files import LONGEST, MEDIAN
from checks.words import MOST_EARLY

PLANTS = []


class Plant(NamedTuple):
    """A defect: the rule that forbids it, what it is, what the rule says of it, how it is done,
    and whether only --full finds it."""

    rule: str
    what: str
    word: str
    spoil: Callable
    full: bool


def plant(rule, what, word, full=False):
    def enter(spoil):
        PLANTS.append(Plant(rule, what, word, spoil, full))
        return spoil
    return enter


class NoPlace(Exception):
    """The tree has nothing that the plant could spoil."""


@dataclass
class Garden:
    """A copy of the tree that remembers what it was."""

    root: Path
    was: dict = field(default_factory=dict)

    @property
    def stages(self):
        return stages.stages(self.root)

    def write(self, path, text):
        """Writes a file, or takes it away for None; returns the path as rules say it."""
        if path not in self.was:
            self.was[path] = path.read_bytes() if path.is_file() else None
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        return self.name(path)

    def append(self, path, text):
        """Adds lines at the end of a file; returns `path:line` of the first of them."""
        old = read(path) if path.is_file() else ""
        return f"{self.write(path, old + text)}:{old.count(chr(10)) + 1}"

    def insert(self, path, line, text):
        """Puts lines before a line, counted from 1; returns `path:line` of the first of them."""
        old = lines(path)
        new = old[:line - 1] + text.split("\n") + old[line - 1:]
        return f"{self.write(path, chr(10).join(new) + chr(10))}:{line}"

    def set_line(self, path, line, text):
        """Replaces a line, or takes it out for None; returns `path:line`."""
        old = lines(path)
        new = old[:line - 1] + ([] if text is None else text.split("\n")) + old[line:]
        return f"{self.write(path, chr(10).join(new) + chr(10))}:{line}"

    def name(self, path):
        """The path as rules say it."""
        return path.relative_to(self.root).as_posix()

    def restore(self):
        for path, data in self.was.items():
            if data is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(data)
        self.was.clear()


def first(places, what):
    """The first of some places, or the reason why there is none."""
    for place in places:
        return place
    raise NoPlace(f"there is no {what}")


def common_line(garden, folder, wanted=lambda text: True):
    """(path in the second stage, line) of code that the second stage took over unchanged."""
    if len(garden.stages) < 2:
        raise NoPlace("there is no second stage")
    one, two = garden.stages[:2]
    found = ((two / p.relative_to(one), j + 1) for p in sources(one, folder)
             if (two / p.relative_to(one)).is_file()
             for i, j in linediff.pairs(lines(p), lines(two / p.relative_to(one)))
             if len("".join(lines(p)[i].split())) > WORTH and wanted(lines(p)[i])
             and 1 < j + 1 in cpp.code_lines(read(two / p.relative_to(one))))
    return first(found, f"line of code in {folder}/ that two stages share")


def chapter(garden, k=0):
    path = garden.stages[k] / "README.md"
    if not path.is_file():
        raise NoPlace(f"{path.parent.name} has no chapter")
    return path


def folder_of(place):
    return place.rsplit("/", 1)[0]


def file_of(place):
    return place.rsplit(":", 1)[0]


def below(place, count):
    """The place some lines further down."""
    path, line = place.rsplit(":", 1)
    return f"{path}:{int(line) + count}"


def in_last(garden, file):
    return garden.stages[-1] / file


# replay

@plant("replay", "a line of code that no block tells", "the steps leave not this here")
def _(garden):
    return garden.append(in_last(garden, "evolve/event.h"), "struct planted;\n")


def _retold(garden, *changes):
    """A first chapter that tells a file of its stage once for each of these changes of its lines.

    Returns the place of the first line told last.
    """
    path = first(sources(garden.stages[0], "evolve"), "source")
    text, caption = "# Planted\n", f"`evolve/{path.name}`, `planted`, line 1:"
    for change in changes:
        start = text.count("\n") + 5
        text += "\n".join(["", caption, "", "```cpp", *change(lines(path)), "```", ""])
    return f"{garden.write(garden.stages[0] / 'README.md', text)}:{start}"


plant("replay", "a told line that is not in the stage", "told")(
    lambda garden: _retold(garden, lambda found: ["struct planted;", *found[1:]]))
plant("replay", "a block that is told twice", "told")(
    lambda garden: _retold(garden, lambda found: found, lambda found: found))

plant("replay", "a stage without a chapter", "no chapter")(
    lambda garden: garden.write(chapter(garden, -1), None))


# blocks

def _piece(name, count):
    """Prose, and a told block of so many lines."""
    body = "".join(f"int planted_{k};\n" for k in range(count))
    return f"`evolve/{name}`, `planted`, line 1:\n\n```cpp\n{body}```\n"


_PROSE = "\nPlanted prose.\n\n"

plant("blocks", "a block of 41 lines", "41 changed lines")(
    lambda garden: below(garden.append(chapter(garden), _PROSE + _piece("planted.h", 41)), 3))


def _long(garden, heading):
    """A chapter without steps that has too many words behind a heading."""
    path = chapter(garden)
    text = re.sub(r"(?m)^## \d+\.\d+ ", "## ", path.read_text())
    return garden.write(path, f"{text}\n{heading}\n\n{'word ' * MOST_WORDS}\n")


plant("blocks", "a chapter that is too long", f"{MOST_WORDS} at most")(
    lambda garden: _long(garden, "## More"))
plant("blocks", "a chapter that is too long, with a heading like a step's", f"{MOST_WORDS} at most")(
    lambda garden: _long(garden, "### 1.2 x"))


@plant("blocks", "five blocks with no prose between", "no prose")
def _(garden):
    path = chapter(garden)
    garden.append(path, _PROSE)
    for name in ("a.h", "b.h", "c.h", "d.h"):
        garden.append(path, _piece(name, 2) + "\n")
    return garden.append(path, _piece("e.h", 2))


@plant("blocks", "long blocks, one more than there are others", "median")
def _(garden):
    path = chapter(garden)
    count = len(told.parse(read(path))) + 1
    return file_of(garden.append(path, (_PROSE + _piece("planted.h", 30)) * count))


@plant("blocks", "a chapter that tells no code", "no block")
def _(garden):
    path = chapter(garden)
    return garden.write(path, re.sub(r"(?m)^`evolve/.*:$", "Planted prose.", read(path)))


def _without_section(title):
    @plant("blocks", f"a chapter without {title!r}", repr(title))
    def _(garden):
        path = chapter(garden)
        where = first(Text(path).section(title), f"section {title!r}")
        return file_of(garden.set_line(path, where + 1, "## Planted"))


for _title in SECTIONS:
    _without_section(_title)


@plant("blocks", "a chapter that does not open with a question", "question")
def _(garden):
    path = chapter(garden)
    end = [*Text(path).headings, (len(lines(path)), "")][1][0]
    head = "\n".join(lines(path)[:end]).replace("?", ".")
    return garden.write(path, head + "\n" + "\n".join(lines(path)[end:]) + "\n") + ":1"


@plant("blocks", "a chapter without a picture", "picture")
def _(garden):
    path = chapter(garden)
    text = re.sub(r"!\[[^]]*\]\([^)]*\)|<img [^>]*>", "Planted prose.", read(path))
    text = re.sub(r"(?m)^```(?:text|mermaid)?\n((?:(?!```).*\n)+)^```$", "```sh\n\\1```", text)
    return garden.write(path, text) + ":1"


@plant("blocks", "a question without its answer", "details")
def _(garden):
    path = chapter(garden)
    where = Text(path).section("Predict")
    line = first((k for k in where if "</details>" in lines(path)[k]), "folded answer")
    garden.set_line(path, line + 1, lines(path)[line].replace("</details>", ""))
    return f"{garden.name(path)}:{where[0] + 1}"


@plant("blocks", "a chapter whose sample is not run", "console")
def _(garden):
    path = chapter(garden)
    where = Text(path).section("Try it")
    for start, _, kind in Text(path).fences:
        if start in where and kind == "console":
            garden.set_line(path, start + 1, "```text")
    return f"{garden.name(path)}:{where[0] + 1}"


# links and workplace

def _document(rule, what, text, word, offset=0):
    plant(rule, what, word)(
        lambda garden: below(garden.append(garden.root / "docs/planted.md", text + "\n"), offset))


plant("links", "a link in a chapter to a file that is not there", "planted.md")(
    lambda garden: garden.append(chapter(garden), "[planted](../planted.md)\n"))
_document("links", "a link to a heading that is not there", "# A\n\n[planted](#b)", "#b", 2)
_document("links", "an image that is not there", '<img src="a.svg" alt="a">', "a.svg")
_document("links", "a link out of the repository", "[planted](../..)", "not in the repository")


@plant("links", "a link to what is here, but in no repository", "not in the repository")
def _(garden):
    garden.write(garden.root / "build/planted.md", "# Planted\n")
    return garden.append(garden.root / "README.md", "[planted](build/planted.md)\n")


plant("links", "a link in README to a folder that the book has not", "in the book")(
    lambda garden: garden.append(garden.root / "README.md", "[planted](tools/checks)\n"))
_document("workplace", "a path outside of the repository", "See ../" "shared/planted.md.",
          "planted.md")
_document("workplace", "a path that only one machine has", "See /" "work/planted.md.", "planted.md")
_document("workplace", "the host of a package registry", "See https://registry" ".planted.org/.",
          "planted.md")
_document("workplace", "the choice of a package registry", "See `--index-" "url`.", "planted.md")
_document("workplace", "a host of a private network", "See http://planted" ".internal/.",
          "planted.md")


# noise, same_files, tests_grow, budget

@plant("noise", "a line that is only set in", "white space")
def _(garden):
    path, line = common_line(garden, "evolve")
    return garden.set_line(path, line, "  " + lines(path)[line - 1])


@plant("noise", "a line that is only broken in two", "line breaks")
def _(garden):
    path, line = common_line(garden, "evolve", lambda text: re.search(r"\w \S+ \S", text.strip()))
    text = re.sub(r"(\w) (\S)", r"\1\n    \2", lines(path)[line - 1], count=1)
    return garden.set_line(path, line, text)


plant("noise", "a blank line more, in a test", "blank lines")(
    lambda garden: garden.insert(*common_line(garden, "test"), ""))


@plant("noise", "a function that moved", "moved")
def _(garden):
    path, _ = common_line(garden, "evolve", lambda text: text.endswith(") {"))
    old = garden.stages[0] / path.relative_to(garden.stages[1])
    texts = ("\n".join(lines(old)[f.first - 1:f.last]) for f in cpp.functions(read(old))
             if f.length >= 4)
    text = first((text for text in texts if text in read(path)), "function to move")
    garden.write(path, read(path).replace(text + "\n", ""))
    return file_of(garden.append(path, f"\n{text}\n"))


plant("same_files", "a CMakeLists.txt that differs", "differs")(
    lambda garden: garden.append(in_last(garden, "CMakeLists.txt"), "# planted\n"))
plant("same_files", "a test/main.cpp that differs", "differs")(
    lambda garden: garden.append(in_last(garden, "test/main.cpp"), "// planted\n"))
plant("same_files", "a stage without CMakeLists.txt", "missing")(
    lambda garden: garden.write(in_last(garden, "CMakeLists.txt"), None))


@plant("tests_grow", "a changed line of an old test", "only grows")
def _(garden):
    path, line = common_line(garden, "test")
    return garden.set_line(path, line, lines(path)[line - 1] + "  // planted")


plant("tests_grow", "a line less in an old test", "only grows")(
    lambda garden: file_of(garden.set_line(*common_line(garden, "test"), None)))


@plant("tests_grow", "a test file that is gone", "does not have this file")
def _(garden):
    path, _ = common_line(garden, "test")
    garden.write(path, None)
    return garden.name(garden.stages[0] / path.relative_to(garden.stages[1]))


def _lift(what, entry, word):
    """A plant that enters a line into docs/lifted.txt."""
    @plant("tests_grow", what, word)
    def _(garden):
        path, _ = common_line(garden, "test", lambda text: re.match(r"TEST(_[FP])?\(.*\{$", text))
        file = path.relative_to(garden.stages[1])
        before, now = ([f.name for f in cpp.functions(read(stage / file))]
                       for stage in garden.stages[:2])
        test = first((name for name in now if "." in name and name in before), "old test")
        text = entry.format(stage=garden.stages[1].name, test=test, file=file.as_posix())
        return garden.append(garden.root / "docs/lifted.txt", text + "\n")


_lift("a test listed as lifted that is still there", "{stage} {file} {test}: planted", "still in")
_lift("a test lifted for no reason", "{stage} {file} {test}:", "reason")
_lift("a lifted test that never was", "{stage} {file} Planted.test: planted", "has no test")
_lift("a test lifted in no stage", "stage99_planted {file} {test}: planted", "no stage")


def _too_big(what, stage, count, word):
    """A plant of so many lines of code in the first stage, or in the last."""
    @plant("budget", what, word)
    def _(garden):
        text = "".join(f"int planted_{k}();\n" for k in range(count))
        return folder_of(garden.append(garden.stages[stage] / "evolve/event.cpp", text))


_too_big("a first stage that is too big", 0, FIRST_STAGE_LINES + 1, "first stage")
_too_big("a step that adds too much", -1, BIG_STEP_LINES + 1, "adds")


@plant("budget", "a step that removes too much", "removes")
def _(garden):
    last = first(garden.stages[:0:-1], "second stage")
    path = max(sources(last, "evolve"), key=lambda p: len(cpp.code_lines(read(p)))
               if (garden.stages[-2] / p.relative_to(last)).is_file() else 0)
    return folder_of(garden.write(path, "// planted\n"))


# layers

def _includes(garden, file, *names):
    """Puts includes at the head of a file of the first stage."""
    path = garden.stages[0] / "evolve" / file
    return garden.insert(path, 1, "\n".join(f'#include "evolve/{name}"' for name in names))


def _including(what, file, name, word):
    """A plant that lets a file of the first stage include another."""
    plant("layers", what, word)(lambda garden: _includes(garden, file, name))


_including("a header that includes a higher layer", "what.h", "event.h", "layer")
_including("a header that is not there", "what.h", "planted.h", "does not have")
_including("a backend that includes the base", "poll.cpp", "event_base.h", "must not see")
plant("layers", "a header that stands in no layer", "no layer")(
    lambda garden: garden.append(garden.stages[0] / "evolve/planted.h", "#pragma once\n"))


@plant("layers", "a circle of two headers", "circle")
def _(garden):
    _includes(garden, "tailq.h", "what.h")
    return _includes(garden, "what.h", "tailq.h").replace("what", "tailq")


@plant("layers", "a backend that reaches the event through another header", "must not see")
def _(garden):
    _includes(garden, "tailq.h", "event.h")
    return _includes(garden, "select.cpp", "tailq.h")


# single files

def _in_code(rule, what, text, word, file="evolve/event.cpp"):
    """A plant that adds lines at the end of a file of the last stage."""
    plant(rule, what, word)(lambda garden: garden.append(in_last(garden, file), text + "\n"))


_in_code("no_stage_named", "a comment that names a stage", "// as in stage" " 2", "names a stage")
_in_code("no_stage_named", "a test that names a chapter", "// see chapter" " 3", "names a stage",
         "test/planted_test.cpp")
_in_code("no_stage_named", "a build file that names a stage", "# stage" "02_event", "names a stage",
         "CMakeLists.txt")
_in_code("no_boilerplate", "a licence header", "// Copy" "right the authors", "licence")
_in_code("no_boilerplate", "a year", "// written in 2024", "year")
_in_code("no_boilerplate", "a version", "// since 1.2.3", "version")
_in_code("no_boilerplate", "an author", "/// \\author someone", "git knows")
_in_code("no_boilerplate", "a TODO", "// TO" "DO: more", "leave it out")
_in_code("no_boilerplate", "code in a comment", "//   queue.push_back(planted);", "commented-out")
_in_code("no_boilerplate", "a macro", "#define PLANTED 1", "macro")
_in_code("no_boilerplate", "an #ifdef in the middle", "#ifdef __linux__\nint planted;\n#endif",
         "ifdef")
_in_code("no_boilerplate", "a test that a setting switches off",
         "#ifdef PLANTED_SETTING\nint planted;\n#endif\nint other;", "ifdef",
         "test/planted_test.cpp")
_in_code("no_boilerplate", "a stage with a version", "project(planted VERSION 1)", "version",
         "CMakeLists.txt")
_in_code("sleeping", "a test that sleeps", "void planted() { usl" "eep(10); }", "usleep",
         "test/planted_test.cpp")
_in_code("sleeping", "a test that waits on a thread",
         "void planted() { std::this_thread::sleep" "_for(1ms); }", "sleep",
         "test/planted_test.cpp")
_in_code("sleeping", "a fixed port", "int planted = htons(8080);", "fixed port",
         "test/planted_test.cpp")
_in_code("sleeping", "a fixed address", 'auto planted = "127.0.0.1:' '8080";', "fixed port",
         "test/planted_test.cpp")
_in_code("docs_comments", "a public function without a comment", "int planted();",
         "planted has no", "evolve/event.h")
_in_code("docs_comments", "a class without a comment", "class planted {};", "planted has no",
         "evolve/event.h")


plant("docs_comments", "a header without \\file", "\\file")(
    lambda garden: garden.insert(in_last(garden, "evolve/event.h"), 1, "// planted"))


def _in_folder(rule, what, text, word, file):
    """A plant at the end of a file of the last stage, of which its folder is told."""
    plant(rule, what, word)(lambda garden: folder_of(garden.append(in_last(garden, file), text)))


def _function(count, name="planted"):
    """A function of so many lines."""
    return f"int {name}() {{\n" + "  step();\n" * (count - 2) + "}\n"


_in_folder("docs_comments", "headers with too few comments",
           "".join(f"static_assert({k} == {k});\n" for k in range(9999)), "per line",
           "evolve/event.h")
_in_folder("docs_comments", "headers with too many comments", "// planted\n" * 9999, "per line",
           "evolve/event.h")
_in_folder("function_length", "functions that are too long in the median",
           "".join(_function(MEDIAN + 1, f"planted_{k}") for k in range(999)), "median",
           "evolve/event.cpp")
_in_code("function_length", "a function of the library that is too long", _function(LONGEST + 1),
         "planted has")
_in_code("function_length", "a function of a sample that is too long", _function(LONGEST + 1),
         "planted has", "sample/planted.cpp")


# transcripts and exercise: only the first stage is there

def _short(garden):
    """A chapter without the runs of its steps, which take their time and are not meant."""
    path = chapter(garden)
    garden.write(path, re.sub(r"(?s)```console\n\$ \./evolve run \d+\.\d+.*?\n```\n", "",
                              path.read_text()))
    return path


def _transcript(what, body, word, offset=1):
    plant("transcripts", what, word)(lambda garden: below(
        garden.append(_short(garden), f"\n```console\n{body}\n```\n"), 1 + offset))


_transcript("a command that prints something else", "$ echo one\ntwo", "prints one", 2)
_transcript("a command that prints more", "$ echo one; echo two\none", "prints two")
_transcript("a command that prints less", "$ true\none", "prints nothing", 2)
_transcript("a process left running", "$ sleep 60 &", "still runs")
_transcript("a command that does not end", "$ sleep 60", "does not end")
_transcript("a slow transcript", "$ sleep 2.1", "at most")
_transcript("output without a command", "one", "begins with a command")


@plant("transcripts", "a sample that prints something else than the chapter shows", "planted")
def _(garden):
    path = _short(garden)
    text = Text(path)
    shown = "\n".join(text.lines[k] for start, end, kind in text.fences if kind == "console"
                      for k in range(start, end) if not text.lines[k].startswith("$ "))
    word, sample = first(((word, sample) for sample in sources(garden.stages[0], "sample")
                          for word in re.findall(r"[a-z]{5,}", shown)
                          if re.search(rf'"[^"\n]*\b{word}\b', read(sample))),
                         "word that a sample says")
    garden.write(sample, re.sub(rf'("[^"\n]*)\b{word}\b', r"\1planted", read(sample)))
    return garden.name(path)


def _exercise(garden, file):
    """A file of the first stage's exercise."""
    path = garden.root / f"docs/exercises/stage{stages.number(garden.stages[0]):02}" / file
    if not path.is_file():
        raise NoPlace(f"there is no {file} for {garden.stages[0].name}")
    return path


def _in_exercise(what, file, text, word):
    """A plant that replaces a file of an exercise, or takes it away for None."""
    plant("exercise", what, word)(lambda garden: garden.write(_exercise(garden, file), text))


_TEST = '#include <gtest/gtest.h>\n\nTEST(planted, test) {{ EXPECT_EQ(1, {}); }}\n'

_in_exercise("an exercise without a test", "exercise_test.cpp", None, "missing")
_in_exercise("an exercise without a solution", "solution.patch", None, "missing")
_in_exercise("a test that passes on the stage", "exercise_test.cpp", _TEST.format(1), "passes")
_in_exercise("a test that does not compile", "exercise_test.cpp", _TEST.format("planted"),
             "does not compile")
_in_exercise("a test that says that it does not compile, but does", "exercise_test.cpp",
             "// red: does not compile\n" + _TEST.format(2), "but does")
_in_exercise("a solution that does not apply", "solution.patch",
             "--- a/evolve/event.cpp\n+++ b/evolve/event.cpp\n@@ -1 +1 @@\n-planted\n+one\n",
             "does not apply")
_in_exercise("a solution that changes a test", "solution.patch",
             "--- a/test/a_test.cpp\n+++ b/test/a_test.cpp\n@@ -0,0 +1 @@\n+int planted;\n",
             "leaves the tests alone")


@plant("exercise", "a test that the solution does not mend", "tests fail")
def _(garden):
    garden.write(_exercise(garden, "exercise_test.cpp"), _TEST.format(2))
    return garden.name(_exercise(garden, "solution.patch"))


@plant("exercise", "a solution that another test of the stage does not pass", "planted.test")
def _(garden):
    garden.write(garden.stages[0] / "test/planted_test.cpp", _TEST.format(2))
    return garden.name(_exercise(garden, "solution.patch"))


def _solved_by(what, line, word):
    """A plant that makes one line the whole solution."""
    @plant("exercise", what, word)
    def _(garden):
        count = len(lines(garden.stages[0] / "evolve/event.cpp"))
        head = "--- a/evolve/event.cpp\n+++ b/evolve/event.cpp\n"
        return garden.write(_exercise(garden, "solution.patch"),
                            f"{head}@@ -{count},0 +{count + 1},1 @@\n+{line}\n")


_solved_by("a solution that mends nothing", "// planted", "with it")
_solved_by("a solution that does not compile", "planted", "does not compile")


# figures

def _picture(garden, name):
    path = garden.root / "docs" / "figures" / f"{name}.txt"
    if not path.is_file():
        raise NoPlace(f"there is no picture {name}")
    return path


def _line_of(path, wanted):
    """The number of the first line of a text in which a pattern is found."""
    return first((k for k, line in enumerate(lines(path), 1) if re.search(wanted, line)),
                 f"line {wanted!r}")


def _in_picture(what, wanted, old, new, word):
    """A plant that changes the first line of the picture of the loop that is wanted."""
    @plant("figures", what, word)
    def _(garden):
        path = _picture(garden, "loop")
        k = _line_of(path, wanted)
        return garden.set_line(path, k, lines(path)[k - 1].replace(old, new))


_in_picture("a name that no code has", "`process_active`", "process_active", "planted_active",
            "planted_active is no symbol of stage 1")
_in_picture("a name that comes only in a later stage", "@3 .*`timeheap_`", "@3", "@2",
            "timeheap_ is no symbol of stage 2")
_in_picture("words that do not fit into their box", "^box .*`poll`", "`poll`",
            "`poll`, and much more than that", "does not fit")
_in_picture("a box outside of the picture", "^arrow 60 478", "60 514", "60 9514", "outside")
_in_picture("a line that cannot be read", "^box ", "box", "circle", "no 'circle'")


@plant("figures", "a stage that marks nothing new", "marks nothing in stage 7")
def _(garden):
    path = _picture(garden, "loop")
    kept = (line for line in lines(path) if "changelist" not in line)
    return garden.write(path, "\n".join(re.sub("@7(?!-)", "@6", line) for line in kept)) + ":1"


@plant("figures", "a picture before a heading that is not there", "has no heading")
def _(garden):
    path = _picture(garden, "heap")
    k = _line_of(path, "^place before")
    return file_of(garden.set_line(path, k, lines(path)[k - 1] + " or not")) + ":1"


@plant("figures", "a picture that says nothing to those who do not see it", "no description")
def _(garden):
    path = _picture(garden, "heap")
    kept = (line for line in lines(path) if not line.startswith("desc"))
    return garden.write(path, "\n".join(kept)) + ":1"


@plant("figures", "a chapter with one picture only", "1 pictures")
def _(garden):
    garden.write(_picture(garden, "heap"), None)
    chapters = [p / "README.md" for p in garden.stages if stages.number(p) == 3]
    return garden.name(first(chapters, "third stage"))


# recordings

def _recording(garden):
    return garden.root / "docs" / "recordings" / "stage01.json"


@plant("recordings", "code that was changed after it was recorded",
       "is another in evolve/event_base.cpp now")
def _(garden):
    source = garden.stages[0] / "evolve" / "event_base.cpp"
    garden.set_line(source, _line_of(source, r"evsel_->prepare\(\)"), "    evsel_->planted();")
    path = _recording(garden)
    return f"{garden.name(path)}:{_line_of(path, '^  .event_base::dispatch')}"


@plant("recordings", "a step in a line that is not there", "line 500 of event_base::dispatch")
def _(garden):
    path = _recording(garden)
    k = _line_of(path, r'\["event_base::dispatch", 5\]\]')
    text = lines(path)[k - 1].replace('dispatch", 5]]', 'dispatch", 500]]')
    return file_of(garden.set_line(path, k, text))


@plant("recordings", "a recording that says next to nothing", "6 steps")
def _(garden):
    path = _recording(garden)
    text, steps = lines(path), _line_of(path, '^ "steps": ')
    kept = text[:steps + 5] + [text[steps + 5].removesuffix(","), " ],",
                               ' "us": [1, 2, 3, 4, 5, 6]', "}"]
    return garden.write(path, "\n".join(kept) + "\n")


@plant("recordings", "a stage without a recording", "is missing")
def _(garden):
    garden.write(_recording(garden), None)
    return garden.name(garden.stages[0] / "README.md")


# shown

def _reworded(garden, path, old, new):
    """Other words in the first line of a file that has them."""
    k = _line_of(path, old)
    garden.set_line(path, k, lines(path)[k - 1].replace(old, new))


@plant("shown", "a picture in README that is older than its figure", "is not what is drawn today")
def _(garden):
    _reworded(garden, garden.root / "docs" / "figures" / "loop.txt", "One turn", "A turn")
    return "docs/pictures/loop.svg"


@plant("shown", "a picture in README that is older than its recording",
       "is not what is drawn today")
def _(garden):
    _reworded(garden, garden.root / "docs" / "recordings" / "stage03.json",
              "I am here", "I was here")
    return "docs/pictures/replay.svg"


@plant("shown", "a measure in README that the page does not have", "does not say this")
def _(garden):
    path = garden.root / "README.md"
    k = _line_of(path, r"^\| unbound, 10 outstanding")
    return file_of(garden.set_line(path, k, lines(path)[k - 1].replace(" times", "1 times")))


# where

def _map(garden):
    return garden.root / "docs" / "what-is-where.md"


@plant("where", "a file that the map does not have", "what planted.txt is")
def _(garden):
    garden.write(garden.root / "planted.txt", "planted\n")
    return garden.name(_map(garden))


@plant("where", "a rule that the map does not have", "the rule budget")
def _(garden):
    return garden.write(_map(garden), read(_map(garden)).replace("`budget`", "planted"))


plant("where", "something that is not there", "there is no docs/planted.md")(
    lambda garden: garden.append(_map(garden), "| `docs/planted.md` | planted | |\n"))
plant("where", "no map at all", "no such page")(
    lambda garden: garden.write(_map(garden), None))


plant("words", "an event that is called who", "'who'")(
    lambda garden: garden.append(garden.root / "README.md", "An event who is due.\n"))
plant("words", "a descriptor that nobody, who is no person, waits for", "'Nobody' in a comment")(
    lambda garden: garden.append(garden.stages[0] / "evolve/planted.h", "// Nobody waits for it.\n"))
plant("words", "a comment without a noun", "without a noun")(
    lambda garden: garden.append(garden.stages[0] / "evolve/planted.h", "int a;  // what it was\n"))


@plant("words", "a chapter that uses a term before its chapter", "brings it")
def _(garden):
    glossary = garden.root / "docs/book/glossary.md"
    garden.append(glossary, "| planting | 中文 | it | [2](../../stage02_event/README.md) |\n")
    return garden.append(chapter(garden), f"{'Planting. ' * (MOST_EARLY + 1)}\n")
