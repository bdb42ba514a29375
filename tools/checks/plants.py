"""The planted defects of the self-test: what each of them does to a copy of the tree.

A plant is a function that spoils one thing and returns where the rule has to find it, and a word
that the rule has to say there. It looks for its place in whatever stages there are, so that it
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

PLANTS = []


class Plant(NamedTuple):
    """A defect: the rule that forbids it, what it is, and how it is done."""

    rule: str
    what: str
    spoil: Callable


def plant(rule, what):
    """Enters a function into PLANTS."""
    def enter(spoil):
        PLANTS.append(Plant(rule, what, spoil))
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
        """Its stage folders."""
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
        return path.relative_to(self.root).as_posix()

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

    def restore(self):
        """Makes the tree what it was."""
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
    """The path of a stage's chapter."""
    path = garden.stages[k] / "README.md"
    if not path.is_file():
        raise NoPlace(f"{path.parent.name} has no chapter")
    return path


# replay

@plant("replay", "a line of code that no block tells")
def _(garden):
    return garden.append(garden.stages[-1] / "evolve/event.h", "struct planted;\n"), "told"


@plant("replay", "a told line that is not in the stage")
def _(garden):
    path = chapter(garden)
    block = first(told.parse(read(path)), "told block")
    return garden.set_line(path, block.open_line + 1, "struct planted;"), "told"


@plant("replay", "a block that is told twice")
def _(garden):
    path = chapter(garden)
    block = first(told.parse(read(path)), "told block")
    again = lines(path)[block.caption_line - 1:block.close_line]
    place = garden.append(path, "\n" + "\n".join(again) + "\n")
    return f"{place.split(':')[0]}:{int(place.split(':')[1]) + 1}", "told"


@plant("replay", "a stage without a chapter")
def _(garden):
    return garden.write(chapter(garden, -1), None), "no chapter"


# blocks

def _piece(name, count, line=1):
    """A told block of so many lines."""
    body = "".join(f"int planted_{k};\n" for k in range(count))
    return f"`evolve/{name}`, `planted`, line {line}:\n\n```cpp\n{body}```\n"


@plant("blocks", "a block of 41 lines")
def _(garden):
    place = garden.append(chapter(garden), "\nPlanted prose.\n\n" + _piece("planted.h", 41))
    return _below(place, 3), "41 changed lines"


def _below(place, count):
    """The place some lines further down."""
    path, line = place.rsplit(":", 1)
    return f"{path}:{int(line) + count}"


@plant("blocks", "two blocks with no prose between")
def _(garden):
    path = chapter(garden)
    garden.append(path, "\nPlanted prose.\n\n" + _piece("planted.h", 2) + "\n")
    return garden.append(path, _piece("planted.cpp", 2)), "no prose"


@plant("blocks", "long blocks, one more than there are others")
def _(garden):
    path = chapter(garden)
    for _ in range(len(told.parse(read(path))) + 1):
        garden.append(path, "\nPlanted prose.\n\n" + _piece("planted.h", 30))
    return garden.append(path, "").rsplit(":", 1)[0], "median"


@plant("blocks", "a chapter that is too long")
def _(garden):
    place = garden.append(chapter(garden), "\n" + "word " * (MOST_WORDS + 1) + "\n")
    return place.rsplit(":", 1)[0], f"{MOST_WORDS} at most"


@plant("blocks", "a chapter that tells no code")
def _(garden):
    path = chapter(garden)
    kept = re.sub(r"(?m)^`evolve/.*:$", "Planted prose.", read(path))
    return garden.write(path, kept), "no block"


def _without_section(title):
    """A plant that renames a section."""
    @plant("blocks", f"a chapter without {title!r}")
    def _(garden):
        path = chapter(garden)
        where = first(Text(path).section(title), f"section {title!r}")
        garden.set_line(path, where + 1, "## Planted")
        return path.relative_to(garden.root).as_posix(), repr(title)


for _title in SECTIONS:
    _without_section(_title)


@plant("blocks", "a chapter that does not open with a question")
def _(garden):
    path = chapter(garden)
    end = [*Text(path).headings, (len(lines(path)), "")][1][0]
    head = "\n".join(lines(path)[:end]).replace("?", ".")
    name = garden.write(path, head + "\n" + "\n".join(lines(path)[end:]) + "\n")
    return f"{name}:1", "question"


@plant("blocks", "a chapter without a picture")
def _(garden):
    path = chapter(garden)
    text = re.sub(r"!\[[^]]*\]\([^)]*\)|<img [^>]*>", "Planted prose.", read(path))
    text = re.sub(r"(?m)^```(?:text|mermaid)?\n((?:(?!```).*\n)+)^```$", "```sh\n\\1```", text)
    return f"{garden.write(path, text)}:1", "picture"


@plant("blocks", "a question without its answer")
def _(garden):
    path = chapter(garden)
    where = Text(path).section("Predict")
    line = first((k for k in where if "</details>" in lines(path)[k]), "folded answer")
    garden.set_line(path, line + 1, lines(path)[line].replace("</details>", ""))
    return f"{path.relative_to(garden.root).as_posix()}:{where[0] + 1}", "details"


@plant("blocks", "a chapter whose sample is not run")
def _(garden):
    path = chapter(garden)
    where = Text(path).section("Try it")
    for start, _, kind in Text(path).fences:
        if start in where and kind == "console":
            garden.set_line(path, start + 1, "```text")
    return f"{path.relative_to(garden.root).as_posix()}:{where[0] + 1}", "console"


# links and workplace

@plant("links", "a link in a chapter to a file that is not there")
def _(garden):
    return garden.append(chapter(garden), "[planted](../planted.md)\n"), "planted.md"


@plant("links", "a link to a heading that is not there")
def _(garden):
    return garden.append(garden.root / "docs/planted.md", "# A\n\n[planted](#b)\n")[:-1] + "3", "#b"


@plant("links", "an image that is not there")
def _(garden):
    return garden.append(garden.root / "docs/planted.md", '<img src="a.svg" alt="a">\n'), "a.svg"


def _mention(what, text):
    """A plant that mentions a place in a new document."""
    @plant("workplace", what)
    def _(garden):
        return garden.append(garden.root / "docs/planted.md", f"See {text}.\n"), "planted.md"


_mention("a path outside of the repository", "../" + "shared/planted.md")
_mention("a path that only one machine has", "/" + "work/planted.md")
_mention("the host of a package registry", "https://registry" + ".planted.org/")
_mention("the choice of a package registry", "`--index-" + "url`")
_mention("a host of a private network", "http://planted" + ".internal/")


# noise, same_cmake, tests_grow, budget

@plant("noise", "a line that is only set in")
def _(garden):
    path, line = common_line(garden, "evolve")
    return garden.set_line(path, line, "  " + lines(path)[line - 1]), "white space"


@plant("noise", "a line that is only broken in two")
def _(garden):
    path, line = common_line(garden, "evolve", lambda text: re.search(r"\w \S+ \S", text.strip()))
    text = re.sub(r"(\w) (\S)", r"\1\n    \2", lines(path)[line - 1], count=1)
    return garden.set_line(path, line, text), "line breaks"


@plant("noise", "a blank line more, in a test")
def _(garden):
    path, line = common_line(garden, "test")
    return garden.insert(path, line, ""), "blank lines"


@plant("noise", "a function that moved")
def _(garden):
    path, _ = common_line(garden, "evolve", lambda text: text.endswith(") {"))
    old = garden.stages[0] / path.relative_to(garden.stages[1])
    texts = ("\n".join(lines(old)[f.first - 1:f.last]) for f in cpp.functions(read(old))
             if f.length >= 4)
    text = first((text for text in texts if text in read(path)), "function to move")
    garden.write(path, read(path).replace(text + "\n", ""))
    return garden.append(path, f"\n{text}\n").rsplit(":", 1)[0], "moved"


@plant("same_cmake", "a CMakeLists.txt that differs")
def _(garden):
    return garden.append(garden.stages[-1] / "CMakeLists.txt", "# planted\n"), "differs"


@plant("same_cmake", "a stage without CMakeLists.txt")
def _(garden):
    return garden.write(garden.stages[-1] / "CMakeLists.txt", None), "missing"


@plant("tests_grow", "a changed line of an old test")
def _(garden):
    path, line = common_line(garden, "test")
    return garden.set_line(path, line, lines(path)[line - 1] + "  // planted"), "only grows"


@plant("tests_grow", "a line less in an old test")
def _(garden):
    path, line = common_line(garden, "test")
    return garden.set_line(path, line, None).rsplit(":", 1)[0], "only grows"


@plant("tests_grow", "a test file that is gone")
def _(garden):
    path, _ = common_line(garden, "test")
    garden.write(path, None)
    old = garden.stages[0] / path.relative_to(garden.stages[1])
    return old.relative_to(garden.root).as_posix(), garden.stages[1].name


def _lift(what, entry, word):
    """A plant that enters a line into docs/lifted.txt."""
    @plant("tests_grow", what)
    def _(garden):
        path, _ = common_line(garden, "test", lambda text: re.match(r"TEST(_[FP])?\(.*\{$", text))
        test = first((f.name for f in cpp.functions(read(path)) if re.match(r"\w+\.", f.name)
                      and f.name in {g.name for g in cpp.functions(read(
                          garden.stages[0] / path.relative_to(garden.stages[1])))}), "old test")
        text = entry.format(stage=garden.stages[1].name, test=test,
                            file=path.relative_to(garden.stages[1]).as_posix())
        return garden.append(garden.root / "docs/lifted.txt", text + "\n"), word


_lift("a test listed as lifted that is still there", "{stage} {file} {test}: planted", "still in")
_lift("a test lifted for no reason", "{stage} {file} {test}:", "reason")
_lift("a lifted test that never was", "{stage} {file} Planted.test: planted", "has no test")
_lift("a test lifted in no stage", "stage99_planted {file} {test}: planted", "no stage")


def _many(count):
    """Lines of code."""
    return "".join(f"int planted_{k}();\n" for k in range(count))


@plant("budget", "a first stage that is too big")
def _(garden):
    path = garden.append(garden.stages[0] / "evolve/event.cpp", _many(FIRST_STAGE_LINES + 1))
    return path.rsplit("/", 1)[0], "first stage"


@plant("budget", "a step that adds too much")
def _(garden):
    first(garden.stages[1:], "second stage")
    path = garden.append(garden.stages[-1] / "evolve/event.cpp", _many(BIG_STEP_LINES + 1))
    return path.rsplit("/", 1)[0], "adds"


@plant("budget", "a step that removes too much")
def _(garden):
    last = first(garden.stages[:0:-1], "second stage")
    path = max(sources(last, "evolve"), key=lambda p: len(cpp.code_lines(read(p)))
               if (garden.stages[-2] / p.relative_to(last)).is_file() else 0)
    return garden.write(path, "// planted\n").rsplit("/", 1)[0], "removes"


# layers

def _includes(garden, file, *names):
    """Puts includes at the head of a file of the first stage."""
    path = garden.stages[0] / "evolve" / file
    return garden.insert(path, 1, "\n".join(f'#include "evolve/{name}"' for name in names))


@plant("layers", "a header that includes a higher layer")
def _(garden):
    return _includes(garden, "what.h", "event.h"), "layer"


@plant("layers", "a circle of two headers")
def _(garden):
    _includes(garden, "tailq.h", "what.h")
    return _includes(garden, "what.h", "tailq.h").replace("what", "tailq"), "circle"


@plant("layers", "a header that stands in no layer")
def _(garden):
    return garden.append(garden.stages[0] / "evolve/planted.h", "#pragma once\n"), "no layer"


@plant("layers", "a header that is not there")
def _(garden):
    return _includes(garden, "what.h", "planted.h"), "does not have"


@plant("layers", "a backend that includes the base")
def _(garden):
    return _includes(garden, "poll.cpp", "event_base.h"), "must not see"


@plant("layers", "a backend that reaches the event through another header")
def _(garden):
    _includes(garden, "tailq.h", "event.h")
    return _includes(garden, "select.cpp", "tailq.h"), "must not see"


# single files

def _in_code(rule, what, text, word, file="evolve/event.cpp"):
    """A plant that adds lines at the end of a file of the last stage."""
    @plant(rule, what)
    def _(garden):
        path = garden.stages[-1] / file
        return garden.append(path, text + "\n"), word


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


@plant("docs_comments", "a header without \\file")
def _(garden):
    return garden.insert(garden.stages[-1] / "evolve/event.h", 1, "// planted"), "\\file"


@plant("docs_comments", "headers with too few comments")
def _(garden):
    text = "".join(f"static_assert({k} == {k});\n" for k in range(9999))
    return garden.append(garden.stages[-1] / "evolve/event.h", text).rsplit("/", 1)[0], "per line"


@plant("docs_comments", "headers with too many comments")
def _(garden):
    path = garden.append(garden.stages[-1] / "evolve/event.h", "// planted\n" * 9999)
    return path.rsplit("/", 1)[0], "per line"


def _function(count, name="planted"):
    """A function of so many lines."""
    return f"int {name}() {{\n" + "  step();\n" * (count - 2) + "}\n"


@plant("function_length", "a function of the library that is too long")
def _(garden):
    path = garden.stages[-1] / "evolve/event.cpp"
    return garden.append(path, _function(LONGEST + 1)), "planted has"


@plant("function_length", "a function of a sample that is too long")
def _(garden):
    path = garden.stages[-1] / "sample/planted.cpp"
    return garden.append(path, _function(LONGEST + 1)), "planted has"


@plant("function_length", "functions that are too long in the median")
def _(garden):
    path = garden.stages[-1] / "evolve/event.cpp"
    text = "".join(_function(MEDIAN + 1, f"planted_{k}") for k in range(999))
    return garden.append(path, text).rsplit("/", 1)[0], "median"


# transcripts and exercise: only the first stage is there

def _transcript(what, body, word, offset=1):
    """A plant that adds a transcript."""
    @plant("transcripts", what)
    def _(garden):
        place = garden.append(chapter(garden), f"\n```console\n{body}\n```\n")
        return _below(place, 1 + offset), word


_transcript("a command that prints something else", "$ echo one\ntwo", "prints one", 2)
_transcript("a command that prints more", "$ echo one; echo two\none", "prints two")
_transcript("a command that prints less", "$ true\none", "prints nothing", 2)
_transcript("a process left running", "$ sleep 60 &", "still runs")
_transcript("a command that does not end", "$ sleep 60", "does not end")
_transcript("a slow transcript", "$ sleep 2.1", "at most")
_transcript("output without a command", "one", "begins with a command")


@plant("transcripts", "a sample that prints something else than the chapter shows")
def _(garden):
    path = chapter(garden)
    text = Text(path)
    shown = "\n".join(text.lines[k] for start, end, kind in text.fences if kind == "console"
                      for k in range(start, end) if not text.lines[k].startswith("$ "))
    word, sample = first(((word, sample) for sample in sources(garden.stages[0], "sample")
                          for word in re.findall(r"[a-z]{5,}", shown)
                          if re.search(rf'"[^"\n]*\b{word}\b', read(sample))),
                         "word that a sample says")
    garden.write(sample, re.sub(rf'("[^"\n]*)\b{word}\b', r"\1planted", read(sample)))
    return path.relative_to(garden.root).as_posix(), "planted"


def _exercise(garden, file):
    """A file of the first stage's exercise."""
    path = garden.root / f"docs/exercises/stage{stages.number(garden.stages[0]):02}" / file
    if not path.is_file():
        raise NoPlace(f"there is no {file} for {garden.stages[0].name}")
    return path


def _in_exercise(what, file, text, word):
    """A plant that replaces a file of an exercise, or takes it away for None."""
    @plant("exercise", what)
    def _(garden):
        return garden.write(_exercise(garden, file), text), word


_TEST = '#include <gtest/gtest.h>\n\nTEST(planted, test) {{ EXPECT_EQ(1, {}); }}\n'
_PATCH = """--- a/evolve/event.cpp
+++ b/evolve/event.cpp
@@ -{},0 +{},1 @@
+{}
"""

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


@plant("exercise", "a test that the solution does not mend")
def _(garden):
    garden.write(_exercise(garden, "exercise_test.cpp"), _TEST.format(2))
    return _exercise(garden, "solution.patch").relative_to(garden.root).as_posix(), "tests fail"


@plant("exercise", "a solution that mends nothing")
def _(garden):
    count = len(lines(garden.stages[0] / "evolve/event.cpp"))
    text = _PATCH.format(count, count + 1, "// planted")
    return garden.write(_exercise(garden, "solution.patch"), text), "with it"


@plant("exercise", "a solution that does not compile")
def _(garden):
    count = len(lines(garden.stages[0] / "evolve/event.cpp"))
    text = _PATCH.format(count, count + 1, "planted")
    return garden.write(_exercise(garden, "solution.patch"), text), "does not compile"


@plant("exercise", "a solution that another test of the stage does not pass")
def _(garden):
    garden.write(garden.stages[0] / "test/planted_test.cpp", _TEST.format(2))
    patch = _exercise(garden, "solution.patch")
    return patch.relative_to(garden.root).as_posix(), "planted.test"


# figures

def picture(garden, name):
    """The text of a picture, and its lines."""
    path = garden.root / "docs" / "figures" / f"{name}.txt"
    if not path.is_file():
        raise NoPlace(f"there is no picture {name}")
    return path, lines(path)


def _spoiled_picture(garden, wanted, change, name="loop"):
    """Changes the first line of a picture that is wanted."""
    path, text = picture(garden, name)
    k = first((k for k, line in enumerate(text) if re.search(wanted, line)), f"line {wanted!r}")
    return garden.set_line(path, k + 1, change(text[k]))


@plant("figures", "a name that no code has")
def _(garden):
    return _spoiled_picture(garden, "`process_active`", lambda line: line.replace(
        "process_active", "planted_active")), "planted_active is no symbol of stage 1"


@plant("figures", "a name that comes only in a later stage")
def _(garden):
    return (_spoiled_picture(garden, "@3 .*`timeheap_`", lambda line: line.replace("@3", "@2")),
            "timeheap_ is no symbol of stage 2")


@plant("figures", "a stage that marks nothing new")
def _(garden):
    path, text = picture(garden, "loop")
    garden.write(path, "\n".join(re.sub("@7(?!-)", "@6", line) for line in text
                                 if "changelist" not in line) + "\n")
    return f"{path.relative_to(garden.root)}:1", "marks nothing in stage 7"


@plant("figures", "words that do not fit into their box")
def _(garden):
    return (_spoiled_picture(garden, "^box .*`poll`", lambda line: line.replace(
        "`poll`", "`poll`, and much more than that")), "does not fit")


@plant("figures", "a box outside of the picture")
def _(garden):
    return _spoiled_picture(garden, r"^arrow 60 478", lambda line: line.replace(
        "60 514", "60 9514")), "outside"


@plant("figures", "a line that cannot be read")
def _(garden):
    return _spoiled_picture(garden, "^box ", lambda line: "circle 1 2 3"), "no 'circle'"


@plant("figures", "a picture before a heading that is not there")
def _(garden):
    place = _spoiled_picture(garden, "^place before", lambda line: line + " or not", "heap")
    return place.rpartition(":")[0] + ":1", "has no heading"


@plant("figures", "a picture that says nothing to those who do not see it")
def _(garden):
    path, text = picture(garden, "heap")
    garden.write(path, "\n".join(line for line in text if not line.startswith("desc")) + "\n")
    return f"{path.relative_to(garden.root)}:1", "no description"


@plant("figures", "a chapter with one picture only")
def _(garden):
    path, _ = picture(garden, "heap")
    garden.write(path, None)
    chapters = [p / "README.md" for p in garden.stages if stages.number(p) == 3]
    return first(chapters, "third stage").relative_to(garden.root).as_posix(), "1 pictures"


def _recording(garden):
    """The recording of the first stage."""
    path = garden.root / "docs" / "recordings" / "stage01.json"
    return path, lines(path)


@plant("recordings", "code that was changed after it was recorded")
def _(garden):
    path, text = _recording(garden)
    source = garden.stages[0] / "evolve" / "event_base.cpp"
    k = first((k for k, line in enumerate(lines(source), 1) if "evsel_->prepare()" in line),
              "line of the loop")
    garden.set_line(source, k, "    evsel_->planted();")
    at = first((k for k, line in enumerate(text, 1) if line.startswith('  "event_base::dispatch"')),
               "function in the recording")
    return f"{path.relative_to(garden.root)}:{at}", "is another in evolve/event_base.cpp now"


@plant("recordings", "a step in a line that is not there")
def _(garden):
    path, text = _recording(garden)
    k = first((k for k, line in enumerate(text, 1) if '["event_base::dispatch", 5]]' in line),
              "step in the loop")
    garden.set_line(path, k, text[k - 1].replace('dispatch", 5]]', 'dispatch", 500]]'))
    return path.relative_to(garden.root).as_posix(), "line 500 of event_base::dispatch"


@plant("recordings", "a recording that says next to nothing")
def _(garden):
    path, text = _recording(garden)
    steps = first((k for k, line in enumerate(text) if line == ' "steps": ['), "steps")
    kept = text[:steps + 6] + [text[steps + 6].removesuffix(","), " ],",
                               ' "us": [1, 2, 3, 4, 5, 6]', "}"]
    return garden.write(path, "\n".join(kept) + "\n"), "6 steps"


@plant("recordings", "a stage without a recording")
def _(garden):
    path, _ = _recording(garden)
    garden.write(path, None)
    return (garden.stages[0] / "README.md").relative_to(garden.root).as_posix(), "is missing"
