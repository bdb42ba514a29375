"""What a reader can do with steps: the answers of the commands, and which tests a step has."""

import contextlib
import os
import subprocess
import unittest
import unittest.mock
from pathlib import Path

import follow
import slices
import stages
import stepbuild
import steps
import told
from checks import steps as checked
from checks.core import Note, Tree
from test_steps import TwoStages, file
from testing import said

TEST = """#include <gtest/gtest.h>

#include "evolve/a.h"
#include "test/b.h"

namespace {

/// A fixture.
class Suite : public testing::Test {
 protected:
  int x = 0;
};

TEST_F(Suite, One) {
  EXPECT_EQ(x, 0);
}

// What it says.
TEST(Other, Two) {
  EXPECT_TRUE(true);
}

}  // namespace
"""


class Steps(TwoStages):
    """A chapter of three steps, the commands of which work on its tree."""

    def setUp(self):
        super().setUp()
        for function in (stages.by_number, stages.predecessor, stages.stages):
            self.enterContext(unittest.mock.patch.object(function, "__defaults__", (self.root,)))
        old, self.one, self.two, new = (
            ["a", "b", "c", "d"], ["a", "B", "c", "d"], ["a", "B", "x", "y", "c", "d"],
            ["a", "B", "y", "c", "d", "e"])
        self.written(file(*old), file(*self.one), file(*self.two), file(*new))
        for stage in ("stage01_one", "stage02_two"):
            self.write(f"{stage}/CMakeLists.txt", "project\n")
            self.write(f"{stage}/test/a_test.cpp", TEST)
        self.write("docs/steps/stage02/2.2.cpp", "int main() {}\n")
        self.write("docs/lifted.txt", "stage02_two test/a_test.cpp Other.Two: one may now\n")

    def does(self, *words):
        return said(follow.main, [os.fspath(word) for word in words])

    def mine(self, *lines):
        """What is said of these lines, before they are built."""
        self.put("mine", file(*lines))
        return self.mine_of("mine")

    def mine_of(self, folder):
        with unittest.mock.patch("follow.try_out"):
            return self.does("mine", self.root / folder)[1]


class CommandsTest(Steps):
    """step, diff and mine."""

    def test_the_list(self):
        status, text = self.does("step")
        self.assertEqual(status, 0)
        self.assertRegex(text, r"(?m)^2\.1   Step 1 +2 lines$")
        self.assertRegex(text, r"(?m)^2\.2   Step 2 +2 lines  ./evolve run 2\.2$")

    def test_no_chapter_in_steps(self):
        self.tell("# A chapter\n")
        self.assertEqual(self.does("step"), (0, "no chapter is told in steps yet\n"))
        self.assertIn("not told in steps yet", self.does("step", "2.1")[1])

    def test_what_is_not_there(self):
        for words, why in ((["step", "2.4"], "there is no step 2.4: stage 2 has 3 steps"),
                           (["step", "2"], "there is no step 2: stage 2 has 3 steps"),
                           (["run", "2.1"], "step 2.1 has no program"),
                           (["mine", self.root], f"there is nothing in {self.root}/evolve")):
            self.assertEqual(self.does(*words), (1, f"./evolve {words[0]}: {why}\n"))
        for words, why in ((["diff", "x"], "there is no stage x: 1 to 2"),
                           (["run", "2.2", "--on", "9.1"], "argument --on: there is no stage 9: 1 to 2"),
                           (["run", "2.2", "--no"], "there is no option --no: --on, "),
                           (["test", "2.2", "2.3"], "2.3 is a word too many"),
                           (["mine"], "missing: DIR")):
            status, text = self.does(*words)
            self.assertEqual((status, text.count("\n")), (2, 1), text)
            self.assertTrue(text.startswith(f"./evolve {words[0]}: {why}"), text)

    def test_a_step_builds_alone(self):
        folder = self.root / "to"
        self.assertEqual(self.does("step", "2.2", folder)[0], 0)
        self.assertEqual((folder / "evolve/a.cpp").read_text().split(), self.two)
        self.assertEqual((folder / "CMakeLists.txt").read_text(), "project\n")
        self.assertEqual((folder / "sample/step.cpp").read_text(), "int main() {}\n")
        self.assertEqual(slices.names_in((folder / "test/a_test.cpp").read_text()), {"Suite.One"})

    def test_after_the_last_step_all_tests_are_there(self):
        self.does("step", "2.3", self.root / "to")
        self.assertEqual((self.root / "to/test/a_test.cpp").read_text(), TEST)

    def test_nobodys_work_is_overwritten(self):
        self.write("to/mine.txt", "mine")
        status, text = self.does("step", "2.2", self.root / "to")
        self.assertEqual((status, (self.root / "to/evolve").exists()), (1, False), text)
        self.assertEqual(self.does("step", "2.2", self.root / "to/mine.txt"),
                         (1, f"./evolve step: {self.root}/to/mine.txt is no folder\n"))

    def test_the_folder_of_the_build_is_made_anew(self):
        self.write("build/step/2.2/evolve/old.h")
        self.assertEqual(self.does("step", "2.2")[0], 0)
        self.assertFalse((self.root / "build/step/2.2/evolve/old.h").exists())
        self.assertIn("is made anew each time", self.does("step", "2.2")[1])
        self.assertNotIn("anew", self.does("step", "2.2", self.root / "to")[1])

    def test_a_reader_builds_where_no_tool_does(self):
        for folder in (), (self.root / "to",):
            _, _, tree = self.does("step", "2.2", *folder)[1].strip().rpartition("cmake --build ")
            self.assertTrue(Path(tree).parent.is_dir(), tree)
            self.assertNotEqual(Path(tree).resolve(), stepbuild.find((2, 2)).tree.resolve())

    def test_a_diff_writes_two_states_and_says_their_names(self):
        for words, names, two in ((["2.2"], "2.1 2.2", self.two), (["2.1", "2.2"], "2.0 2.2", self.two)):
            self.write(f"build/step/diff/{names[:3]}/evolve/old.h")
            self.assertEqual(self.does("diff", *words), (0, names + "\n"))
            sides = [told.sources(self.root / "build/step/diff" / name) for name in names.split()]
            self.assertEqual(sides, [file(*{"2.1": self.one, "2.0": "abcd"}[names[:3]]), file(*two)])

    def test_mine_is_just_a_step(self):
        self.assertEqual(self.mine(*self.two), "you are after 2.2\n")
        self.assertEqual(self.mine("a", "b", "c", "d"), "you are before 2.1\n")

    def test_mine_is_between(self):
        self.assertEqual(self.mine("a", "B", "x", "c", "d"),
                         "you are between 2.1 and 2.2\n"
                         "  evolve/a.cpp: line 4 of the step is missing\n")

    def test_mine_with_slips(self):
        text = self.mine("a", "B", "c", "dd")
        self.assertIn("you are between 2.1 and 2.2", text)
        self.assertIn("evolve/a.cpp: your line 4 is line 6 of the step", text)

    def test_mine_without_a_file(self):
        self.write("mine/evolve/other.cpp", "x\n")
        text = self.mine_of("mine")
        self.assertIn("evolve/a.cpp is missing", text)
        self.assertIn("evolve/other.cpp is more than there is", text)

    def test_mine_where_one_chapter_ends_and_the_next_begins(self):
        """What is more than the one has belongs to the other."""
        ends, begins = file("a", "B"), [file("a", "B"), file("a", "B", "c", "d")]
        chapters = {self.previous: [{}, file("a"), ends], self.stage: begins}
        found = {"stages.stages": lambda *_: [*chapters], "steps_of": lambda stage: ["a step"],
                 "states": lambda stage, _: chapters[stage], "try_out": lambda *_: 0}
        with contextlib.ExitStack() as stack:
            for name, answer in found.items():
                stack.enter_context(unittest.mock.patch(f"follow.{name}", answer))
            self.assertEqual(self.mine("a", "B"), "you are after 1.2, and before 2.1\n")
            self.assertIn("you are in 2.1\n", self.mine("a", "B", "c"))

    def said_of_mine(self, **answers):
        """What is said of a reader's code when these functions of building answer so."""
        self.put("mine", file("a", "B", "x", "c", "d"))
        with contextlib.ExitStack() as stack:
            for name, answer in {"library": None, "suite": [7, []], **answers}.items():
                stack.enter_context(unittest.mock.patch(f"follow.{name}", side_effect=answer
                                    if callable(answer) else lambda *_, a=answer: a))
            return self.does("mine", self.root / "mine")

    def test_mine_does_not_build(self):
        def library(code):
            raise follow.Stop(f"no:\n[1/2] x\n{code.folder}/evolve/a.cpp:3:1: error: x\nmore")
        status, text = self.said_of_mine(library=library)
        self.assertEqual(status, 1)
        self.assertTrue(text.endswith("it does not build:\n"
                                      f"{self.root}/mine/evolve/a.cpp:3:1: error: x\n"), text)

    def test_mine_is_tested(self):
        def own_tests(where):
            return {"passed": ["A.B", "A.C"] if where.name == "mine" else ["A.A", "A.B"]}
        status, text = self.said_of_mine(own_tests=own_tests)
        self.assertEqual(status, 0)
        self.assertIn("7 tests of the stage before pass, 0 fail\n"
                      "2 tests of stage02_two pass; since 2.1: 1 more, 1 less\n"
                      "  + A.C\n  - A.A\n", text)

    def test_mine_breaks_what_was_there(self):
        status, text = self.said_of_mine(suite=[6, ["A.D"]], own_tests={"passed": []})
        self.assertEqual(status, 1)
        self.assertIn("6 tests of the stage before pass, 1 fail\n  FAILED: A.D\n", text)


OWN = {
    "test/b.h": "int b();\n",
    "test/main.cpp": "int main();\n",
    "test/a_test.cpp": TEST,
    "test/new_test.cpp": '#include "evolve/later.h"\nTEST(New, One) {\n  later();\n}\n'
                         "TEST(New, Two) {}\n",
}


class SlicesTest(Steps):
    """Tests are cut out whole, and no line moves."""

    def test_a_test_that_does_not_compile(self):
        source = slices.Source(TEST)
        self.assertTrue(source.cut({16}))
        self.assertEqual(slices.names_in(source.text), {"Other.Two"})
        self.assertEqual(source.text.count("\n"), TEST.count("\n"))
        self.assertIn("class Suite", source.text)
        self.assertFalse(source.cut({16}))

    def test_an_include(self):
        source = slices.Source(TEST)
        source.cut({4})
        self.assertNotIn("test/b.h", source.text)
        self.assertEqual(slices.names_in(source.text), {"Suite.One", "Other.Two"})

    def test_a_fixture_takes_its_tests_along(self):
        source = slices.Source(TEST)
        source.cut({11})
        self.assertNotIn("class Suite", source.text)
        self.assertEqual(slices.names_in(source.text), {"Other.Two"})

    def test_what_has_a_helpers_name_but_is_not_it_stays(self):
        text = ("int a() {\n  return 1;\n}\nTEST(A, One) {\n  x.a();\n}\nTEST(A, Two) { a(); }\n"
                "int b(int) { return 2; }\nint b() { return 2; }\nTEST(A, Three) { b(); }\n")
        source = slices.Source(text)
        source.cut({2, 8})
        self.assertEqual(slices.names_in(source.text), {"A.One", "A.Three"})

    def test_what_failed(self):
        printed = ("[  FAILED  ] X.Y\nFAILED Backends/Suite.One/poll\nFAILED Lost: it broke off\n"
                   "\nFailed:\n  Backends/Suite.One/poll\nx: 3 passed, 2 failed, 0 skipped\n")
        self.assertEqual(slices.failures(printed), {"Suite.One", "Lost"})

    def compilable(self, *answers, code=("evolve/a.cpp",)):
        """The names of the stage's own tests, and what was built, when the compiler says this."""
        for name, text in OWN.items():
            self.write(f"stage02_two/{name}", text)
        built, answers = [], [*answers, ""]
        names = slices.compilable(self.stage, slices.own_names(self.stage), {*code},
                                  lambda texts: built.append(texts) or answers.pop(0))
        return names, built

    def test_own_are_those_that_the_stage_before_does_not_have(self):
        names, built = self.compilable()
        self.assertEqual(names, {"New.One", "New.Two"})
        self.assertEqual({*built[0]}, {"own/test/b.h", "own/test/main.cpp", "own/test/new_test.cpp"})

    def test_what_is_not_there_is_not_included(self):
        self.assertTrue(self.compilable()[1][0]["own/test/new_test.cpp"].startswith("\nTEST(New"))

    def test_a_backend_comes_with_its_source(self):
        self.write("stage02_two/test/backends.h",
                   'const char* backends[] = {\n    "a",\n    "b (with x)",\n    "later",\n};\n')
        _, built = self.compilable(code={"evolve/a.h", "evolve/b.h"})
        self.assertEqual(built[0]["own/test/backends.h"],
                         'const char* backends[] = {\n    "a",\n    "b (with x)",\n\n};\n')

    def test_what_does_not_compile_is_cut_until_the_compiler_is_content(self):
        names, built = self.compilable("/x/own/test/new_test.cpp:3:3: error: no later\n")
        self.assertEqual((names, len(built)), ({"New.Two"}, 2))

    def test_nothing_is_built_when_nothing_is_left(self):
        names, built = self.compilable(
            "/x/own/test/new_test.cpp:3: undefined reference to `later()'\n"
            "own/test/new_test.cpp:5:1:   required from here\n")
        self.assertEqual((names, len(built)), (set(), 1))

    def test_an_error_elsewhere_is_no_reason_to_cut(self):
        for text in ("/x/evolve/a.cpp:3:3: error: bad\n", "/x/own/test/b.h:1:1: error: bad\n" * 2):
            with self.assertRaises(slices.Stop):
                self.compilable(text, text)


class FirstTest(TwoStages):
    """The first step of all, before which there is nothing."""

    def setUp(self):
        super().setUp()
        for function in (stages.by_number, stages.predecessor, stages.stages):
            self.enterContext(unittest.mock.patch.object(function, "__defaults__", (self.root,)))
        self.write("stage01_one/README.md", "# One\n\n## 1.1 A\n\n`evolve/a.cpp`, a, line 1:\n\n"
                   "```cpp\none\ntwo\nthree\n```\n")
        self.write("stage01_one/CMakeLists.txt", "project\n")
        self.write("docs/steps/stage01/1.0.cpp",
                   '#include <cstdio>\nint main() { std::puts("alone"); }\n')

    def test_a_program_without_a_library(self):
        where = stepbuild.find((1, 0), least=0)
        self.assertEqual(stepbuild.printed(where.program, where), ["alone\n", 0])
        stepbuild.library(where)
        self.assertFalse((where.folder / "CMakeLists.txt").exists())

    def test_a_folder_to_begin_in(self):
        status, text = said(follow.main, ["step", "1.0", os.fspath(self.root / "to")])
        self.assertEqual(status, 0)
        self.assertIn("there is nothing to build yet", text)
        self.assertNotIn("cmake", text)
        self.assertTrue((self.root / "to/CMakeLists.txt").is_file())
        self.assertIn("alone", (self.root / "to/sample/step.cpp").read_text())

    def test_no_tests_are_none_of_the_stage_before(self):
        with unittest.mock.patch("follow.own_tests", lambda where: {"passed": ["A.B"]}):
            self.assertEqual(said(follow.main, ["test", "1.1"]),
                             (0, "1 tests of stage01_one pass; by step 1.1: 1 more, 0 less\n"
                                 "  + A.B\n"))

    def test_its_program_has_to_run(self):
        proved = {"library": lambda where: None, "_proved": lambda *_: (True, None)}
        for status, count in (0, 0), (3, 1):
            with contextlib.ExitStack() as stack:
                for name, answer in {**proved, "compiled": lambda *_: ("program", ""),
                                     "printed": lambda *_, s=status: ["", s]}.items():
                    stack.enter_context(unittest.mock.patch(f"checks.steps.{name}", answer))
                problems = [found for found in checked.step_states(Tree(self.root))
                            if not isinstance(found, Note)]
            self.assertEqual(len(problems), count, problems)


class RulesTest(Steps):
    """What `check` says of steps, and what `check --full` does more."""

    def judged(self, rule, full, **answers):
        """What a rule says of the tree when these functions of building answer so."""
        with contextlib.ExitStack() as stack:
            for name, answer in answers.items():
                stack.enter_context(unittest.mock.patch(f"checks.steps.{name}", answer))
            return [said.text for said in rule(Tree(self.root, full))
                    if not isinstance(said, Note)]

    def test_a_time_alone_is_no_difference(self):
        runs = {"library": lambda where: None, "compiled": lambda *_: ("program", "")}
        for (one, two), count in {("took 1.5 ms", "took 2 ms"): 1, ("on time", "late"): 0}.items():
            said = self.judged(checked.step_states, False, **runs, printed=lambda _, where: [
                one if where.k < 2 else two, 0])
            self.assertEqual(len(said), count, said)

    def test_clang_has_to_be_content_too(self):
        def library(where):
            if where.cxx == "clang++":
                raise steps.Stop("clang says no")
        proved = {"library": library, "_proved": lambda *_: (True, None)}
        self.assertEqual(self.judged(checked.step_states, False, **proved), [])
        self.assertEqual(self.judged(checked.step_states, True, **proved), ["clang says no"])

    def test_each_source_has_to_compile_by_itself(self):
        def library(where):
            if where.each:
                raise steps.Stop(f"{where.name} lacks an include")
        proved = {"library": library, "_proved": lambda *_: (True, None)}
        self.assertEqual(self.judged(checked.step_states, False, **proved), [])
        self.assertEqual(self.judged(checked.step_states, True, **proved), ["2.1 lacks an include"])

    def test_nothing_is_said_of_what_follows_a_step_that_does_not_build(self):
        def library(where):
            if where.k >= 3:
                raise steps.Stop(f"no {where.name}")
        self.assertEqual(self.judged(checked.step_states, False, library=library,
                                     _proved=lambda *_: (True, "why")), ["why", "no 2.3"])

    def test_the_old_tests_are_run_after_each_step(self):
        self.written(*[file(*"abcdefg"[:k]) for k in range(1, 8)])
        failing = {"suite": lambda where: [1, ["A.B"]], "own_tests": lambda *_: {"passed": []}}
        for full, numbers in (False, "135"), (True, "123456"):
            self.assertEqual(self.judged(checked.step_tests, full, **failing),
                             [f"A.B does not pass after step 2.{k}" for k in numbers])

    def test_of_the_first_and_the_middle_alone_where_time_is_short(self):
        self.written(*[file(*"abcdefg"[:k]) for k in range(1, 8)])
        failing = {"suite": lambda where: [1, ["A.B"]], "own_tests": lambda *_: {"passed": []}}
        self.assertEqual(self.judged(checked.step_suites, False, **failing),
                         [f"A.B does not pass after step 2.{k}" for k in (1, 3)])

    def test_the_middle_is_where_half_of_the_changed_lines_are_in(self):
        for sizes, middle in (([1, 1, 1, 1, 9], 5), ([9, 1, 1, 1, 1], 1), ([2, 2, 2, 2, 2], 3)):
            many = [steps.Step(2, k, "", 0, 0, [unittest.mock.Mock(changes=lambda n=n: [0] * n)])
                    for k, n in enumerate(sizes, 1)]
            self.assertEqual(checked._sample(many), {1, middle, 4}, sizes)

    def test_named_tests_are_run_after_each_step_but_the_last_which_is_the_stage(self):
        mine, last = stepbuild.find((2, 2)), stepbuild.find((2, 3))
        with unittest.mock.patch("checks.steps.own_tests", lambda *_: {"passed": []}):
            self.assertEqual(checked._red(mine, False, {"A.B"}, False), ["A.B"])
            self.assertEqual(checked._red(last, False, {"A.B"}, False), [])
            self.assertEqual(checked._red(last, False, {"A.B"}, True), ["A.B"])

    def test_old_tests_are_built_with_clang_where_there_is_one(self):
        where = stepbuild.find((2, 2))
        for there, cxx in (None, where.cxx), ("/usr/bin/clang++", "clang++"):
            with unittest.mock.patch("checks.steps.shutil.which", lambda _, a=there: a):
                self.assertEqual(checked._quick(where).cxx, cxx)

    def test_programs_of_a_chapter_that_cannot_be_read(self):
        self.tell("## 2.2 A\n")
        self.assertEqual(self.judged(checked.step_programs, False), [])
        self.tell("# None\n")
        self.assertEqual(self.judged(checked.step_programs, False), ["is the program of no step"])


class TogetherTest(unittest.TestCase):
    """Which sources are compiled as one."""

    def test_two_that_declare_the_same_name_are_not(self):
        files = {"evolve/a.cpp": "namespace {\nint f() { return 1; }\n}\nint x::g() {\n}\n",
                 "evolve/b.cpp": "namespace {\nint f(int) { return 1; }\n}\n",
                 "evolve/c.cpp": "int y::g() {\n}\n", "evolve/c.h": "int f();\n"}
        self.assertEqual(stepbuild.together(files),
                         [["evolve/a.cpp", "evolve/c.cpp"], ["evolve/b.cpp"]])


class HeadersTest(Steps):
    """Headers that are compiled once for the libraries and the tests of all steps."""

    def compiled(self, version, good=True):
        """What _headers() says with such a compiler, and how often it was run."""
        runs = []

        def done(command, _):
            runs.append(command)
            command[-1].write_text("compiled")
            return good, ""
        stepbuild._headers.cache_clear()
        with (unittest.mock.patch("stepbuild._version", lambda _: version),
              unittest.mock.patch("stepbuild._done", done)):
            found = [stepbuild._headers("c++", self.root, (), ("span",))]
            stepbuild._headers.cache_clear()
            found.append(stepbuild._headers("c++", self.root, (), ("span",)))
        self.assertEqual(found[0], found[1])
        return found[0], len(runs)

    def test_once(self):
        header, runs = self.compiled("c++ 12, Free Software Foundation")
        self.assertEqual(runs, 1)
        self.assertEqual(sorted(path.name for path in header.parent.iterdir()),
                         ["all.h", "all.h.gch"])

    def test_a_library_has_them_only_where_its_sources_are_compiled_together(self):
        """As a header that a source does not include must be missed in the other case."""
        where = stepbuild.find((2, 2))
        for header, has in ((self.root / "all.h", True), (None, False)):
            with unittest.mock.patch("stepbuild._shared", lambda *_, there=header: there):
                text = stepbuild.units(where)["cmake/units.cmake"]
            self.assertEqual(f"if(CMAKE_UNITY_BUILD)\n  target_compile_options(${{stage}}_evolve "
                             f"PRIVATE -include {header})\nendif()\n" in text, has)

    def test_only_for_gcc_and_where_they_compile(self):
        self.assertEqual(self.compiled("clang 14"), (None, 0))
        self.assertEqual(self.compiled("c++ 13, Free Software Foundation", good=False), (None, 2))


class RememberedTest(Steps):
    """What was found out is found out again only when something has changed."""

    def count(self, where, depends=None):
        """How often it has been found out by now."""
        found = stepbuild.remembered(where, "count", depends, lambda: self.times + 1)
        self.times = max(self.times, found)
        return found

    def test_changes(self):
        self.times = 0
        two = stepbuild.find((2, 2))
        self.assertEqual([self.count(two), self.count(two)], [1, 1])
        self.assertEqual([self.count(two, "x"), self.count(two, "x")], [2, 2])
        self.write("stage01_one/CMakeLists.txt", "other\n")
        self.assertEqual(self.count(two, "x"), 3)
        states = [*two.states[:2], file("changed"), *two.states[3:]]
        self.assertEqual(self.count(two._replace(states=states), "x"), 4)

    def test_what_may_be_otherwise_next_time_is_not_remembered(self):
        where, answers = stepbuild.find((2, 1)), [1, 2, 3]

        def found():
            return stepbuild.remembered(where, "x", None, lambda: answers.pop(0), lambda x: x > 1)
        self.assertEqual([found(), found(), found()], [1, 2, 2])

    def printed(self, *runs):
        """What a program prints, asked for so often, when it runs so one time after the other."""
        where = stepbuild.find((2, 2))
        stepbuild._version(where.cxx)  # which runs the compiler, once
        with (unittest.mock.patch("stepbuild.compiled", lambda *_: ("program", "")),
              unittest.mock.patch("stepbuild.subprocess.run", side_effect=runs)):
            return [stepbuild.printed(where.program, where) for _ in runs]

    def test_a_program_that_fails_runs_again(self):
        def done(status):
            return subprocess.CompletedProcess([], status, "x")
        self.assertEqual(self.printed(subprocess.TimeoutExpired([], 1), done(1), done(0), done(2)),
                         [["", None], ["x", 1], ["x", 0], ["x", 0]])

    def test_a_suite_that_fails_runs_again(self):
        where, runs = stepbuild.find((2, 1)), [(0, {"A.B"}), (1, set()), (0, {"A.B"})]
        with (unittest.mock.patch("stepbuild.built"),
              unittest.mock.patch("slices.ran", lambda _: runs.pop(0))):
            self.assertEqual([stepbuild.suite(where) for _ in range(3)],
                             [[0, ["A.B"]], [1, []], [1, []]])

    def test_what_does_not_compile_together_is_tried_one_by_one(self):
        where = stepbuild.find((2, 1))
        with unittest.mock.patch("stepbuild.make", side_effect=[(False, "twice"), (True, "")]):
            stepbuild.built(where, "evolve")
        with (unittest.mock.patch("stepbuild.make", side_effect=[(False, "twice"), (False, "bad")]),
              self.assertRaisesRegex(steps.Stop, "bad")):
            stepbuild.built(where, "evolve")

    def test_what_fails_is_not_remembered(self):
        where = stepbuild.find((2, 1))
        with self.assertRaises(ZeroDivisionError):
            stepbuild.remembered(where, "count", None, lambda: 1 // 0)
        self.times = 0
        self.assertEqual(self.count(where), 1)


class StandInTest(Steps):
    """Where the stage has a stand-in for a kernel, its steps do, and programs that ask for it."""

    def setUp(self):
        super().setUp()
        self.enterContext(unittest.mock.patch("sys.platform", "linux"))
        self.write("docs/steps/stand_in.cmake", "stand-in\n")
        self.write("stage02_two/test/kqueue_on_epoll/sys/event.h", "event\n")

    def command(self, text):
        """How a program with this text is compiled."""
        self.write("docs/steps/stage02/2.2.cpp", text)
        where = stepbuild.find((2, 2))
        stepbuild._version(where.cxx)  # which runs the compiler, once
        done = subprocess.CompletedProcess([], 0, "", "")
        with (unittest.mock.patch("stepbuild.built") as built,
              unittest.mock.patch("stepbuild.subprocess.run", return_value=done) as run):
            stepbuild.compiled(where.program, where)
        self.parts = [call.args[1] for call in built.call_args_list]
        return " ".join(map(str, run.call_args.args[0]))

    def test_it_comes_with_each_state(self):
        self.does("step", "2.1", self.root / "x")
        self.assertEqual((self.root / "x/cmake/stand_in.cmake").read_text(), "stand-in\n")
        self.assertEqual((self.root / "x/test/kqueue_on_epoll/sys/event.h").read_text(), "event\n")

    def test_not_elsewhere(self):
        with unittest.mock.patch("sys.platform", "freebsd14"):
            self.does("step", "2.1", self.root / "x")
            self.assertNotIn("whole-archive", self.command("#include <sys/event.h>\n"))
        self.assertFalse((self.root / "x/cmake/stand_in.cmake").exists())

    def test_programs_that_ask_for_it(self):
        for text in ("#include <sys/event.h>\n", '#include "evolve/kqueue.h"\n'):
            self.assertRegex(self.command(text), r"whole-archive \S+2_2_stand_in\.a ")
        self.assertNotIn("stand_in", self.command("int main() {}\n"))

    def test_what_it_has_too_is_compiled_by_itself(self):
        """So that a program gets the stand-in's, and not two of them."""
        files = {f"evolve/{name}.cpp": f"int {name}() {{}}\n" for name in ("a", "b", "kqueue")}
        where = stepbuild.find((2, 2))._replace(states=[{}, {}, files])
        self.assertIn("(evolve/a.cpp evolve/b.cpp\n", stepbuild.units(where)["cmake/units.cmake"])
        with unittest.mock.patch("sys.platform", "freebsd14"):
            self.assertIn("b.cpp evolve/kqueue.cpp\n", stepbuild.units(where)["cmake/units.cmake"])

    def test_the_name_of_the_library(self):
        for name in "libevolve.a", "lib_2_2_evolve.a":
            self.write(f"build/step/2.2/build/{name}")
            self.assertIn(f"/{name} ", self.command(f"int {name[3:-2]};\n"))

    def test_it_is_built_with_the_library(self):
        self.command("int main() {}\n")
        self.assertEqual(self.parts, ["evolve", "stand_in"])


if __name__ == "__main__":
    unittest.main()
