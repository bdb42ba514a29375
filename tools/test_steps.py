"""Tests of chapters in steps: how they are read, and that a weave is exact and idempotent.

The random part lets an author write a chapter step by step, from nothing but headings, edits the
stage, the stage before or a step, and demands of the woven chapter that its steps begin with the
one and end with the other, that no line of prose is touched, and that to weave again does nothing.
"""

import os
import random
import unittest
import unittest.mock

import chapter
import stepweave
import steps
import told
from testing import InFolder, said

SCENARIOS = 150
HEADINGS = "# Stage 2\n\nWhat is it?\n\n{}## Now you have\n\nIt all.\n"


def headings(count):
    """A chapter with so many steps that tell nothing yet."""
    return HEADINGS.format("".join(f"## 2.{k} Step {k}\n\nSymptom {k}.\n\n"
                                   for k in range(1, count + 1)))


class TwoStages(InFolder):
    """Two stages, the second with a chapter in steps."""

    def setUp(self):
        super().setUp()
        self.previous, self.stage = self.root / "stage01_one", self.root / "stage02_two"
        self.write("stage01_one/evolve/a.cpp", "one\ntwo\nthree\n")
        self.write("stage02_two/evolve/a.cpp", "one\n2\nthree\nfour\n")

    def put(self, folder, files):
        """Makes the sources of a folder these; returns it."""
        for path in (self.root / folder / "evolve").glob("*"):
            path.unlink()
        for name, text in files.items():
            self.write(f"{folder}/{name}", text)
        return self.root / folder

    def tell(self, text):
        self.write("stage02_two/README.md", text)

    def told(self):
        return (self.stage / "README.md").read_text()

    def weave(self, edit=None):
        """Weaves the chapter; returns what is left to its author."""
        text, left, _ = stepweave.weave_steps(self.stage, self.previous, edit)
        self.tell(text)
        return left

    def states(self):
        return steps.states(self.stage, self.previous)

    def written(self, *states):
        """Writes the chapter as an author does: each step's state, one after the other."""
        self.put("stage01_one", states[0])
        self.put("stage02_two", states[-1])
        self.tell(headings(len(states) - 1))
        for k, files in enumerate(states[1:], 1):
            self.weave((k, files))


def file(*lines):
    """The sources of a stage with one file."""
    return {"evolve/a.cpp": "".join(line + "\n" for line in lines)}


class ReadingTest(TwoStages):
    """What a step is, and what is refused."""

    def refuse(self, why, text):
        with self.assertRaisesRegex(told.ChapterError, why):
            steps.steps_in(text, 2)

    def test_a_chapter_without_steps_has_none(self):
        self.assertEqual(steps.steps_in("## What\n\n```text\n## 2.1 No\n```\n", 2), [])

    def test_a_step_ends_at_the_next_heading_of_its_level(self):
        one, two = steps.steps_in("## 2.1 A\n\n### More\n\n## 2.2  B c\n\n## Rest\n", 2)
        self.assertEqual((one.name, one.title, one.line, one.end), ("2.1", "A", 1, 5))
        self.assertEqual((two.name, two.title, two.line, two.end), ("2.2", "B c", 5, 7))

    def test_steps_are_counted(self):
        self.refuse("README.md:1: step 2.2 stands where 2.1", "## 2.2 A\n")
        self.refuse("README.md:2: step 2.3 stands where 2.2", "## 2.1 A\n## 2.3 B\n")
        self.refuse("step 3.1 stands where 2.1", "## 3.1 A\n")

    def test_a_block_outside_of_steps(self):
        block = "`evolve/a.h`, x, line 1:\n\n```cpp\n```\n"
        self.refuse("README.md:1: .* in no step", f"{block}\n## 2.1 A\n")
        self.refuse("README.md:4: .* in no step", f"## 2.1 A\n## Rest\n\n{block}")


class ReplayTest(TwoStages):
    """A chapter in steps is proved as its stage is."""

    def setUp(self):
        super().setUp()
        self.written(file("one", "two", "three"), file("one", "TWO", "three", "four"),
                     file("one", "2", "three", "four"))

    def test_no_draft_of_a_chapter_in_steps(self):
        with self.assertRaisesRegex(told.ChapterError, "README.md:5: .*told in steps.* weave 2 "):
            chapter.draft(self.stage, self.previous)

    def problems(self, old="", new=""):
        """What is wrong with the chapter after a replacement."""
        self.assertIn(old, self.told())
        self.tell(self.told().replace(old, new, 1))
        return "\n".join(chapter.replay(self.stage, self.previous))

    def test_each_state(self):
        self.assertEqual(self.problems(), "")
        self.assertEqual(self.states()[1], file("one", "TWO", "three", "four"))
        self.assertEqual(self.states()[2], file("one", "2", "three", "four"))

    def test_a_line_that_does_not_fit(self):
        self.assertIn("told as old line 2 of evolve/a.cpp: 'TWO'; it does not fit",
                      self.problems("+TWO", "+TOO"))
        self.tell(self.told().replace("+TOO", "+TWO"))
        self.assertIn("told as old line 1 of evolve/a.cpp: 'ONE'", self.problems(" one", " ONE"))

    def test_a_line_told_otherwise_than_the_diff_has_it(self):
        self.assertIn("the diff does not have it", self.problems(" three", "-three\n+three"))

    def test_another_end_than_the_stage(self):
        self.put("stage02_two", file("one", "2", "drei", "four"))
        self.assertIn("stage02_two/evolve/a.cpp:3: the steps leave not this", self.problems())

    def test_a_file_of_the_wrong_kind(self):
        self.assertIn("must be told in diff blocks", self.problems(
            "Symptom 2.\n", "Symptom 2.\n\n`evolve/a.cpp`, x, line 1:\n\n```cpp\nx\n```\n"))

    def test_a_block_that_tells_nothing(self):
        self.assertIn("tells nothing", self.problems(
            "Symptom 2.\n", "Symptom 2.\n\n`evolve/a.cpp`, x:\n\n```diff\n```\n"))


class WeavingTest(TwoStages):
    """Which step a changed line goes to."""

    def setUp(self):
        super().setUp()
        self.first = ["a", "b", "c", "d", "e", "f"]
        self.written(file(*self.first), file("a", "b1", "naive", "c", "d", "e", "f"),
                     file("a", "b1", "c", "d2", "x2", "e", "f"))

    def final(self, *lines):
        """Weaves after a change of the stage; returns what is left to the author."""
        self.put("stage02_two", file(*lines))
        left = self.weave()
        self.assertEqual(chapter.replay(self.stage, self.previous), [])
        self.assertEqual(self.weave(), [])
        return left

    def lines(self, k):
        return self.states()[k]["evolve/a.cpp"].split()

    def test_a_replaced_line_is_born_with_the_old_one(self):
        self.assertEqual(self.final("a", "B", "c", "d2", "x2", "e", "f"), [])
        self.assertEqual(self.lines(1), ["a", "B", "naive", "c", "d", "e", "f"])

    def test_an_added_line_is_born_with_its_neighbours(self):
        self.assertEqual(self.final("a", "b1", "c", "d2", "new", "x2", "e", "f"), [])
        self.assertEqual(self.lines(1), ["a", "b1", "naive", "c", "d", "e", "f"])

    def test_between_two_steps_the_later_one_has_it_and_the_author_is_asked(self):
        left = self.final("a", "b1", "c", "d2", "x2", "new", "e", "f")
        self.assertEqual(left[0],
                         "evolve/a.cpp:6: 1 lines put into step 2.2; is that their place?")
        self.assertNotIn("new", self.lines(1))

    def test_a_line_of_the_stage_before_dies_where_its_heir_is_born(self):
        self.final("a", "b1", "C", "d2", "x2", "e", "f")
        self.assertEqual(self.lines(0), self.first)

    def test_a_change_of_the_stage_before_reaches_all_steps(self):
        self.put("stage01_one", file("top", "a", "b", "c", "d", "e", "F"))
        self.assertEqual(self.final("top", "a", "b1", "c", "d2", "x2", "e", "F"), [])
        self.assertEqual(self.lines(1), ["top", "a", "b1", "naive", "c", "d", "e", "F"])

    def test_a_change_of_a_line_that_a_step_replaces(self):
        self.put("stage01_one", file("a", "b", "c", "D", "e", "f"))
        self.assertEqual(self.final("a", "b1", "c", "d2", "x2", "e", "f"), [])
        self.assertEqual(self.lines(1), ["a", "b1", "naive", "c", "D", "e", "f"])

    def test_a_new_file_of_the_stage(self):
        self.write("stage02_two/evolve/b.h", "x\n")
        left = "\n".join(self.weave())
        self.assertIn("evolve/b.h:1: 1 lines put into step 2.2", left)
        self.assertIn("is a new block", left)
        self.assertEqual(chapter.replay(self.stage, self.previous), [])

    def test_provisional_lines_follow_a_renaming(self):
        self.written(file("z"), file("z", "", "int f(int n) {", "  naive(n);", "  g(n);", "}"),
                     file("z", "", "int f(int n) {", "  h(n);", "  g(n);", "}", "int n;"))
        self.final("z", "", "int F(int m) {", "  h(m);", "  g(m);", "}", "int n;")
        self.assertEqual(self.states()[1]["evolve/a.cpp"].split("\n")[2:5],
                         ["int F(int m) {", "  naive(m);", "  g(m);"])

    def test_braces_are_found_by_their_distance(self):
        old = [text for k in range(9) for text in (f"f{k}", "{", "}", "")]
        new = old[:19] + ["extra", "{", "}", ""] + old[19:]
        self.written(file(*old), file(*new))
        self.put("stage01_one", file("x", "}", "", *old))
        self.put("stage02_two", file("x", "}", "", *new))
        self.assertEqual(self.weave(), [])


class EditingTest(TwoStages):
    """What becomes of the other steps when an author edits one."""

    def setUp(self):
        super().setUp()
        self.written(file("a", "z"), file("a", "p", "z"), file("a", "q", "r", "z"))

    def lines(self, k):
        return self.states()[k]["evolve/a.cpp"].split()

    def edit(self, k, *lines):
        self.weave((k, file(*lines)))
        self.assertEqual(chapter.replay(self.stage, self.previous), [])
        self.assertEqual(self.lines(k), list(lines))

    def test_a_line_comes_earlier(self):
        self.edit(1, "a", "p", "r", "z")
        self.assertEqual(self.lines(2), ["a", "q", "r", "z"])
        self.assertEqual(self.told().count("+r\n"), 1)

    def test_a_line_comes_later(self):
        self.edit(1, "a", "p", "r", "z")
        self.edit(1, "a", "p", "z")
        self.assertEqual(self.lines(2), ["a", "q", "r", "z"])

    def test_a_provisional_line_dies_with_what_it_replaces(self):
        self.edit(1, "a", "P", "z")
        self.assertEqual(self.lines(2), ["a", "q", "r", "z"])

    def test_a_provisional_line_ends_with_the_last_step_at_the_latest(self):
        self.edit(1, "A", "p", "z")
        self.assertEqual(self.lines(2), ["a", "q", "r", "z"])

    def test_a_file_comes_earlier(self):
        self.write("stage02_two/evolve/b.h", "x\n")
        self.weave()
        self.weave((1, {**file("a", "p", "z"), "evolve/b.h": "x\n"}))
        self.assertEqual(chapter.replay(self.stage, self.previous), [])
        self.assertEqual(self.states()[1]["evolve/b.h"], "x\n")


class CommandTest(TwoStages):
    """The command that weaves."""

    def setUp(self):
        super().setUp()
        self.enterContext(unittest.mock.patch("stages.ROOT", self.root))
        self.enterContext(unittest.mock.patch("stages.by_number.__defaults__", (self.root,)))
        self.enterContext(unittest.mock.patch("stages.predecessor.__defaults__", (self.root,)))
        self.tell(headings(2))

    def test_from_a_folder(self):
        folder = self.put("mine", file("one", "2", "three"))
        status, text = said(chapter.main, ["weave", "2.1", "--from", os.fspath(folder)])
        self.assertEqual(status, 1)
        self.assertIn("written anew", text)
        self.assertIn("is a new block", text)
        self.assertEqual(self.states()[1], file("one", "2", "three"))
        self.assertEqual(said(chapter.main, ["weave", "2.1", "--from", os.fspath(folder)])[0], 0)

    def test_bad_words(self):
        for words in (["weave", "2.1"], ["weave", "2", "--from", "."], ["draft", "2.1"],
                      ["draft", "2.1", "--from", "."], ["weave", "2.x"]):
            self.assertEqual(said(chapter.main, words)[0], 2, words)
        for words in (["weave", "2.9", "--from", "."], ["weave", "2.1", "--from", "/nowhere"]):
            self.assertEqual(said(chapter.main, words)[0], 1, words)


class RandomTest(TwoStages):
    """Random chapters, each edited at random."""

    def text(self, rng):
        """A line; some occur often, as in code."""
        return rng.choice(["}", "", "{", f"word {rng.randrange(9)}", f"line {rng.random():.6f}"])

    def changed(self, rng, lines):
        """Lines with some edits."""
        lines = list(lines)
        for _ in range(rng.randrange(1, 4)):
            k, size = rng.randrange(len(lines) + 1), rng.randrange(4)
            lines[k:k + rng.randrange(3)] = [self.text(rng) for _ in range(size)]
        return lines or ["x"]

    def history(self, rng):
        """States of two files, the second of which comes with a step; a step may change none."""
        one = [[self.text(rng) for _ in range(rng.randrange(5, 30))]]
        two, born = [["x"]], rng.randrange(1, 4)
        for _ in range(rng.randrange(3, 6)):
            one.append(self.changed(rng, one[-1]) if rng.randrange(5) else one[-1])
            two.append(self.changed(rng, two[-1]))
        return [self.files(a, b if k >= born else None)
                for k, (a, b) in enumerate(zip(one, two))]

    def files(self, one, two):
        found = {"evolve/a.cpp": "\n".join(one) + "\n"}
        return found if two is None else {**found, "evolve/b.h": "\n".join(two) + "\n"}

    def mutated(self, rng, files):
        """The sources with one file edited."""
        name = rng.choice(sorted(files))
        lines = self.changed(rng, told.lines_of(files[name]))
        return {**files, name: "\n".join(lines) + "\n"}

    def prose(self):
        lines = told.lines_of(self.told())
        inside = told.fenced(lines)
        return [text for k, text in enumerate(lines)
                if k not in inside and text and not text.startswith("`")]

    def proved(self, first, final):
        """The chapter begins and ends as it has to, and to weave again changes nothing."""
        problems = [one for one in chapter.replay(self.stage, self.previous)
                    if "never deleted" not in one]  # edits may have taken its last line
        self.assertEqual(problems, [])
        self.assertEqual((self.states()[0], self.states()[-1]), (first, final))
        was = self.told()
        self.weave()
        self.assertEqual(self.told(), was)

    def test_random_edits(self):
        for seed in range(int(os.environ.get("EVOLVE_SCENARIOS", SCENARIOS))):
            with self.subTest(seed=seed):
                self.scenario(random.Random(seed))

    def scenario(self, rng):
        states = self.history(rng)
        self.written(*states)
        self.assertEqual(self.states(), states)
        prose = self.prose()
        self.proved(states[0], states[-1])
        first, final = states[0], self.mutated(rng, states[-1])
        if rng.randrange(2):
            first = self.mutated(rng, first)
        self.put("stage01_one", first)
        self.put("stage02_two", final)
        self.weave()
        self.proved(first, final)
        k = rng.randrange(1, len(states))
        edit = self.mutated(rng, self.states()[k])
        before = self.states()[:k]
        self.weave((k, edit))
        self.proved(first, final)
        self.assertEqual(self.states()[:k], before)
        if k < len(states) - 1:
            self.assertEqual(self.states()[k], edit)
        self.assertEqual(self.prose(), prose)


if __name__ == "__main__":
    unittest.main()
