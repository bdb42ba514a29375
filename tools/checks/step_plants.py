"""The planted defects of chapters in steps: each writes a small chapter of its own.

So they need no chapter that has steps, and hold whatever becomes of those that do.
"""

from checks.plants import plant
from checks.steps import (LAST, MOST_BESIDE, MOST_CHANGED, MOST_LAST, MOST_NEW, MOST_PROGRAM,
                          MOST_PROVISIONAL, MOST_WORDS, NOT_COMPILING_PART)

END = f"## {LAST}\n\nIt all.\n"
NAME = "evolve/planted.h"


def new(count):
    """A told block that brings a file of so many lines."""
    body = "".join(f"int planted_{k}();\n" for k in range(count))
    return f"`{NAME}`, `planted`, line 1:\n\n```cpp\n{body}```\n"


def taken(count):
    """A told block that takes these lines, all but the last."""
    body = "".join(f"-int planted_{k}();\n" for k in range(count))
    return f"`{NAME}`, `planted`:\n\n```diff\n@@ -1,{count} +0,0 @@\n{body}```\n"


def step(k, block, before="It fails.", after="It works.", runs=True, code=""):
    """A step of the first chapter, with its program's code."""
    run = f"```console\n$ ./evolve run 1.{k}\n```\n" if runs else ""
    shown = f"```cpp\n{code}```\n" if code else ""
    return f"## 1.{k} Planted\n\n{before}\n\n{block}\n{shown}{run}\n{after}\n\n"


def tell(garden, *steps, end=END):
    """Makes these steps the first chapter; returns its path as rules say it."""
    return garden.write(garden.stages[0] / "README.md", "# Planted\n\n" + "".join(steps) + end)


def program(garden, text, name="1.1"):
    """A program of a step of the first chapter."""
    return garden.write(garden.root / f"docs/steps/stage01/{name}.cpp", text)


def padded(text, count=20):
    """A program as long as one has to be."""
    return "// Planted.\n" * (count - text.count("\n")) + text


plant("replay", "steps that are not counted from one", "stands where")(
    lambda garden: tell(garden, step(2, new(2))) + ":3")
plant("replay", "a told block outside of steps", "in no step")(
    lambda garden: tell(garden, step(1, new(2)), end=END + "\n" + new(3)) + ":24")
plant("replay", "a step that does not fit the one before", "does not fit")(
    lambda garden: tell(garden, step(1, new(3)), step(2, taken(5))) + ":32")

plant("step_parts", "a step without a symptom", "no symptom")(
    lambda garden: tell(garden, step(1, new(2), before="")) + ":3")
plant("step_parts", "a step that does not say what it was good for", "what the loop can do")(
    lambda garden: tell(garden, step(1, new(2), after="")) + ":3")
plant("step_parts", "a step that shows no run", "does not show")(
    lambda garden: tell(garden, step(1, new(2), runs=False)) + ":3")
plant("step_parts", "a step that changes nothing", "changes nothing")(
    lambda garden: tell(garden, step(1, "")) + ":3")
plant("step_parts", "a chapter in steps without its last section", LAST)(
    lambda garden: tell(garden, step(1, new(2)), end="## Other\n\nIt all.\n") + ":3")
plant("step_parts", "a last section that is too long", f"1 to {MOST_LAST}")(
    lambda garden: tell(garden, step(1, new(2)), end=END + "More.\n" * MOST_LAST) + ":20")

plant("step_sizes", "a new file that is too long for a step", f"{MOST_NEW} at most")(
    lambda garden: tell(garden, step(1, new(MOST_NEW + 1))) + ":3")
plant("step_sizes", "a step that changes too much", f"{MOST_CHANGED} at most")(
    lambda garden: tell(garden, step(1, new(MOST_CHANGED + 2)),
                        step(2, taken(MOST_CHANGED + 1))) + f":{MOST_CHANGED + 20}")
plant("step_sizes", "a step with too many provisional lines", f"{MOST_PROVISIONAL} at most")(
    lambda garden: tell(garden, step(1, new(MOST_PROVISIONAL + 1)),
                        step(2, taken(MOST_PROVISIONAL + 1))) + ":3")
plant("step_sizes", "a chapter with too many provisional lines", "are provisional")(
    lambda garden: tell(garden, step(1, new(9)), step(2, taken(2))) + ":3")

plant("step_sizes", "a step with too many words", f"{MOST_WORDS} at most")(
    lambda garden: tell(garden, step(1, new(2), after="word " * MOST_WORDS)) + ":3")
plant("step_sizes", "too many words beside the steps", f"{MOST_BESIDE} at most")(
    lambda garden: tell(garden, step(1, new(2)), end=END + "word " * MOST_BESIDE))


@plant("step_programs", "a step without a program", "has no program")
def _(garden):
    tell(garden, step(1, new(2)))
    return program(garden, None)


@plant("step_programs", "a program that is too long", f"to {MOST_PROGRAM}")
def _(garden):
    tell(garden, step(1, new(2)))
    return program(garden, "//\n" * (MOST_PROGRAM + 1))


@plant("step_programs", "a chapter that shows another program", "as it is")
def _(garden):
    tell(garden, step(1, new(2), code="//\n" * 19))
    return program(garden, "//\n" * 20)


plant("step_programs", "a program without a step", "of no step")(
    lambda garden: program(garden, "//\n" * 20, "1.99"))
plant("step_programs", "a program before a later chapter", "of no step")(
    lambda garden: garden.write(garden.root / "docs/steps/stage03/3.0.cpp", "//\n" * 20))


@plant("step_programs", "a program before the first step that is not shown there", "as it is")
def _(garden):
    tell(garden, step(1, new(2), code="//\n" * 20))
    return program(garden, "//\n" * 20, "1.0")


def line(k, parameter=""):
    """A line of the header that a step of a library brings."""
    return f"inline int planted_{k}({parameter}) {{ return {k}; }}"


def library(garden, count, parameter="", main="return planted_{k}() - {k};"):
    """So many steps of a header and a source, each with a line and a program that calls it."""
    first = (f"`{NAME}`, `planted`, line 1:\n\n```cpp\n{line(1)}\n```\n\nIts source.\n\n"
             f"`evolve/planted.cpp`, `planted`, line 1:\n\n```cpp\n#include \"{NAME}\"\n```\n")
    more = [f"`{NAME}`, `planted`:\n\n```diff\n@@ -{k - 1},1 +{k - 1},2 @@\n {line(k - 1)}\n"
            f"+{line(k, parameter)}\n```\n" for k in range(2, count + 1)]
    for k in range(1, count + 1):
        text = (f"#include <cstdio>\n#include <ctime>\n#include \"{NAME}\"\n"
                f"int main() {{ {main.format(k=k) if k > 1 else ''} }}\n")
        program(garden, padded(text), f"1.{k}")
    return tell(garden, *(step(k, block, after=f"It works: `Planted.Test{k}`.")
                          for k, block in enumerate([first, *more], 1)))


def tests(garden, one, other):
    """A library of two steps, the first of which names a test; bodies of it and of another."""
    folder = garden.stages[0] / "test"
    for path in sorted(folder.glob("*_*.cpp")):
        garden.write(path, None)
    bodies = f"TEST(Planted, Test1) {{ {one} }}\nTEST(Planted, Other) {{ {other} }}\n"
    garden.write(folder / "planted_test.cpp",
                 f"#include <gtest/gtest.h>\n#include \"{NAME}\"\n{bodies}")
    return library(garden, 2)


LAST_PROGRAM = "docs/steps/stage01/1.2.cpp"

plant("step_states", "a step that compiles with a warning", "does not build")(
    lambda garden: library(garden, 2, "int x") + ":27")
plant("step_states", "too many programs that do not compile before their step",
      f"a {NOT_COMPILING_PART}rd at most")(lambda garden: library(garden, 3) + ":3")


def _program(what, word, main):
    @plant("step_states", what, word)
    def _(garden):
        library(garden, 2, main=main)
        return LAST_PROGRAM


_program("a program that prints what it did before", "prints before", "return planted_1() - 1;")


@plant("step_states", "a program before the first step that fails", "fails after step 1.0 with")
def _(garden):
    library(garden, 2)
    return program(garden, padded("int main() { return 1; }\n"), "1.0")


_program("a program that prints nothing but its time", "prints before",
         'std::printf("%ld us\\n", static_cast<long>(std::clock()));')
_program("a program that fails after its step", "status 1", "return planted_{k}() - 1;")
_program("a program that compiles with a warning", "a warning", "int x; return planted_{k}() - {k};")
_program("a program that does not end", "does not end", "while (planted_{k}()) {{}}")
_program("a program that does not compile after its step", "does not compile after", "planted();")

plant("step_suites", "a test that the first step names and that fails",
      "Test1 does not pass after")(
    lambda garden: tests(garden, "EXPECT_EQ(planted_1(), 2);", "") + ":3")
plant("step_tests", "a test that a step names and that fails", "Test1 does not pass after")(
    lambda garden: tests(garden, "EXPECT_EQ(planted_1(), 2);", "") + ":3")
plant("step_tests", "a test that a step names and that does not compile", "Test1 does not pass")(
    lambda garden: tests(garden, "EXPECT_EQ(planted_2(), 2);", "") + ":3")
plant("step_tests", "a test that a step has without a question, and that fails",
      "Planted.Other does not pass after", full=True)(lambda garden: tests(garden, "", "FAIL();") + ":27")


def two(between):
    """Two blocks of two files, with this prose between them."""
    return f"{new(2)}\n{between}\n\n{new(2).replace('planted.h', 'other.h')}"


plant("words", "prose that repeats the caption below it", "what the caption does")(
    lambda garden: tell(garden, step(1, two("And this is the planted file:"))) + ":16")
plant("words", "a comment without a noun that a later step takes away", "without a noun")(
    lambda garden: tell(garden, step(1, new(2).replace("_1();", "_1();  // so is this"))) + ":11")
