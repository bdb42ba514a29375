"""Tests of the front page: times to read, what a program gained, the glimpse of a replay."""

import re
import unittest
import xml.etree.ElementTree as ElementTree

import stages
from book import front, glimpse, markdown
from command import Failed
from testing import InFolder

_CHAPTER = "# One\n\nThree more words.\n\n`evolve/a.h`, all of it, line 1:\n\n```cpp\na\nb\n```\n"
_PAGE = """
| program | on evolve | `epoll_ctl` a query | queries a second of CPU |
| --- | --- | --- | --- |
| unbound | 7 right | 10 outstanding: 4.0 → 1.1; 1 outstanding: 4.0 → 2.0 | \
10 outstanding: 55 → 92, 1.67 times; 1 outstanding: 43 → 60, 1.39 times |
| other | 1 right | - | - |
"""
_SVG = "{http://www.w3.org/2000/svg}"


class Times(unittest.TestCase):
    """How long a chapter takes."""

    def test_what_is_counted(self):
        words, lines = front.amount(_CHAPTER)
        self.assertEqual((11, 2), (words, lines))

    def test_minutes(self):
        self.assertEqual(5, front.minutes(_CHAPTER))
        self.assertEqual(20, front.minutes(_CHAPTER + "word " * 20 * front.WORDS))

    def test_as_one_says_it(self):
        self.assertEqual(["35 min", "1 h", "2 h 5 min"], [*map(front.spoken, (35, 60, 125))])

    def test_the_table_gets_a_column(self):
        prose = front.prose(stages.ROOT, "| | chapter | adds |\n|---|---|---|\n| 7 | x | y |\n"
                                         "\n<!-- times -->\n")
        time = front.spoken(front.times(stages.ROOT)[7])
        self.assertIn(f"| | chapter | adds | to read |\n|---|---|---|---|\n| 7 | x | y | {time} |",
                      prose)
        self.assertIn(f"{front.LINES} lines of the code", prose)

    def test_a_lost_table(self):
        with self.assertRaisesRegex(Failed, "no table"):
            front.prose(stages.ROOT, "nothing\n")


class Gains(InFolder):
    """What a program gained is read from the page."""

    def gains(self, program):
        self.write("docs/someone-elses-program.md", _PAGE)
        return front.gains(self.root, program)

    def test_each_load(self):
        self.assertEqual([front.Gain("10 outstanding", ("4.0", "1.1"), ("55", "92"), "1.67"),
                          front.Gain("1 outstanding", ("4.0", "2.0"), ("43", "60"), "1.39")],
                         self.gains("unbound"))

    def test_a_program_without_measures(self):
        self.assertEqual([], self.gains("other"))

    def test_a_lost_program(self):
        with self.assertRaisesRegex(Failed, "no row of planted"):
            self.gains("planted")

    def test_the_real_one(self):
        self.assertEqual(3, front.gains_html(stages.ROOT).count("<li>"))


class Glimpse(unittest.TestCase):
    """Two turns of the real recording."""

    def setUp(self):
        self.steps = glimpse.excerpt(glimpse.run(stages.ROOT))

    def test_it_begins_with_a_wait_at_the_fullest_heap(self):
        self.assertRegex(self.steps[0].call, r"^poll\(")
        sizes = [len(step.state["heap"]) for step in self.steps]
        self.assertEqual(max(sizes), sizes[0])

    def test_it_has_a_callback_and_a_timeout(self):
        self.assertTrue(any(step.state.get("running") for step in self.steps))
        self.assertTrue(any("has passed" in step.says for step in self.steps))

    def test_it_waits_twice(self):
        waits = [step for step in self.steps if re.match(r"poll\(.*\)$", step.call)]
        self.assertEqual(2, len(waits))

    def test_all_of_it_fits_into_the_picture(self):
        recorded = glimpse.run(stages.ROOT)
        for step in self.steps:
            picture = glimpse.pictured(recorded, step, self.steps, 4)
            self.assertEqual([], [*glimpse.figure.layout_problems(picture)])

    def test_the_player_has_a_state_and_words_for_each_step(self):
        html = glimpse.player(stages.ROOT)
        for mark in ('<g class="frame', "<li data-step="):
            self.assertEqual(len(self.steps), html.count(mark))
        self.assertIn(f'href="replay_03.html#{self.steps[0].number}"', html)

    def test_readmes_picture(self):
        svg = ElementTree.fromstring(glimpse.moving(stages.ROOT))
        frames = [each.get("class").split() for each in svg.iter(f"{_SVG}g") if each.get("class")]
        self.assertEqual(len(self.steps), len(frames))
        self.assertEqual(1, sum("still" in classes for classes in frames))


class Heap(unittest.TestCase):
    """The heap as a tree."""

    def test_children_are_below_their_parent(self):
        spots = list(glimpse._spots(6, 4))
        self.assertEqual([None, 0, 0, 0, 0, 1], [parent for _, _, parent in spots])
        self.assertEqual([0, 1, 1, 1, 1, 2], [(y - spots[0][1]) // 54 for _, y, _ in spots])

    def test_an_empty_one(self):
        self.assertEqual([], list(glimpse._spots(0, 4)))


class Images(unittest.TestCase):
    """What becomes of an image in the book."""

    def converted(self, text, label="here"):
        return markdown.to_doxygen(markdown.Source(
            text, label, str, lambda name: None, shown={"loop.svg": "<b>drawn</b>"}))

    def test_a_picture_is_drawn_in_its_place(self):
        text = self.converted("![The loop](../pictures/loop.svg)\n")
        self.assertIn("<b>drawn</b>", text)
        self.assertNotIn("<img", text)

    def test_a_chart_leads_to_the_page_of_all(self):
        image = "![x](../docs/bench/w1.svg)\n"
        self.assertIn('<a href="benchmarks.html"', self.converted(image))
        self.assertNotIn("<a href", self.converted(image, markdown.CHARTS))

    def test_images_are_listed(self):
        self.assertEqual([("a", "b.svg")], markdown.images("x\n\n![a](c/b.svg)\n"))
