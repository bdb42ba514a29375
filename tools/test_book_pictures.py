"""Tests of the pictures: how they are read, drawn, and found wanting."""

import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import stages
from book import figure, pictures

_SMALL = """# a comment
title Two boxes
stages 1-3
size 200 100
place before ## Here
desc A box.
desc @2 And another.

box 10 10 60 30 "`one`"
box @2 80 10 72 30 "`two`|and more"
box @2-2 150 10 40 30 "x"
arrow.hot 70 25 80 25
chain 10 60 10 20
step "`a`"
step @3 "`b`"
step "`c`"
"""
_SVG = "{http://www.w3.org/2000/svg}"


def small(text=_SMALL):
    return figure.parse("small", text)


def drawn(stage, text=_SMALL):
    """It, as a tree of elements."""
    return ElementTree.fromstring(figure.svg(small(text), stage))


def words(svg):
    return ["".join(each.itertext()) for each in svg.iter(f"{_SVG}text")]


class Reading(unittest.TestCase):
    """From text to elements."""

    def test_what_is_said_about_it(self):
        read = small()
        self.assertEqual(("Two boxes", 200, 100, 1, 3), (read.title, read.width, read.height,
                                                         read.first, read.last))
        self.assertEqual("## Here", pictures.heading(read))

    def test_stages_of_an_element(self):
        boxes = [each for each in small().elements if each.kind == "box"]
        self.assertEqual([(1, 9), (2, 9), (2, 2)], [(box.since, box.until) for box in boxes])

    def test_one_stage_in_a_range(self):
        self.assertIn("x", words(drawn(2)))
        self.assertNotIn("x", words(drawn(3)))
        self.assertIn("two", words(drawn(3)))

    def wrong(self, line):
        """What is said of a line that cannot be read; its number is given."""
        with self.assertRaises(figure.Wrong) as caught:
            small(_SMALL + line)
        self.assertEqual(_SMALL.count("\n") + 1, caught.exception.line)
        return str(caught.exception)

    def test_bad_lines_are_named(self):
        self.assertIn("no 'star'", self.wrong("star 1 2 3"))
        self.assertIn("needs 4 numbers, not 3", self.wrong('box 1 2 3 "x"'))
        self.assertIn("two points", self.wrong("arrow 1 2"))
        self.assertIn("no such class: red", self.wrong("line.red 1 2 3 4"))
        self.assertIn("cannot be read", self.wrong('box 1 2 3 4 "x'))

    def test_what_must_be_said(self):
        with self.assertRaisesRegex(figure.Wrong, "size"):
            small(_SMALL.replace("size 200 100\n", ""))


class Drawing(unittest.TestCase):
    """From elements to SVG."""

    def test_only_what_is_there(self):
        self.assertEqual(["one", "a", "c"], words(drawn(1)))

    def test_new_is_marked_where_it_is_new(self):
        def marked(stage):
            return sum("new" in rect.get("class").split() for rect in drawn(stage).iter(
                f"{_SVG}rect")) - (stage > 1)
        self.assertEqual([0, 2, 1], [marked(1), marked(2), marked(3)])

    def test_nothing_moves(self):
        def place(stage):
            return next(each.get("x") for each in drawn(stage).iter(f"{_SVG}text")
                        if "".join(each.itertext()) == "c")
        self.assertEqual(place(1), place(3))

    def test_steps_are_joined(self):
        def heads(stage):
            return len(list(drawn(stage).iter(f"{_SVG}polygon")))
        self.assertEqual([2, 2, 3], [heads(1), heads(2), heads(3)])

    def test_it_can_be_read_to_someone(self):
        svg = drawn(2)
        title, desc = svg.find(f"{_SVG}title"), svg.find(f"{_SVG}desc")
        self.assertEqual("Two boxes, stage 2", title.text)
        self.assertEqual("A box. And another.", desc.text)
        self.assertEqual(f"{title.get('id')} {desc.get('id')}", svg.get("aria-labelledby"))

    def test_its_words_are_no_markup(self):
        self.assertIn("a < b & c", words(drawn(1, _SMALL + 'text 10 90 "a < b & c"\n')))

    def test_names_are_set_as_code(self):
        spans = [each.text for each in drawn(2).iter(f"{_SVG}tspan")]
        self.assertEqual({"one", "two", "a", "c"}, set(spans))


class Checking(unittest.TestCase):
    """What is wrong with a picture."""

    def test_a_sound_one(self):
        self.assertEqual([], list(figure.layout_problems(small())))
        self.assertEqual([], list(figure.symbol_problems(small(), 1, {"one", "a", "c"})))

    def test_a_text_that_is_too_long(self):
        text = _SMALL.replace("and more", "and so much more than fits")
        self.assertEqual([(10, "does not fit into its box: and so much more than fits")],
                         list(figure.layout_problems(small(text))))

    def test_an_unknown_name(self):
        known = {"one", "a", "b", "c"}
        self.assertEqual([], list(figure.symbol_problems(small(), 1, known)))
        self.assertEqual([(10, "two is no symbol of stage 2")],
                         list(figure.symbol_problems(small(), 2, known)))

    def test_what_is_outside(self):
        problems = list(figure.layout_problems(small(_SMALL + 'text 150 90 "very long words"\n')))
        self.assertEqual(["lies outside of the picture: very long words"],
                         [what for _, what in problems])


class AllPictures(unittest.TestCase):
    """The real ones."""

    def test_every_chapter_has_the_loop_and_more(self):
        for n in map(stages.number, stages.stages()):
            placed = pictures.inline(stages.ROOT, n)
            self.assertEqual(["loop"], [each.name for each in placed if each.after is None])
            self.assertGreater(len(placed), 1)

    def test_a_growing_picture_leads_to_its_other_versions(self):
        html = next(each.svg_html for each in pictures.inline(stages.ROOT, 2) if not each.after)
        for n in map(stages.number, stages.stages()):
            self.assertEqual(n != 2, f'href="chapter{n:02}.html#picture-loop"' in html)
        self.assertIn('href="loop_02.svg"', html)

    def test_files(self):
        with tempfile.TemporaryDirectory() as out:
            written = pictures.write(stages.ROOT, Path(out))
            names = {path.name for path in written}
            self.assertLessEqual({f"loop_{stages.number(s):02}.svg" for s in stages.stages()},
                                 names)
            self.assertEqual(len(written), len(names))
            for path in written:
                self.assertEqual(f"{_SVG}svg", ElementTree.parse(path).getroot().tag)
