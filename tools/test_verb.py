"""What tools say of mistakes."""

import argparse
import unittest

import verb
from testing import said


class Parser(unittest.TestCase):
    """A tool of two verbs."""

    def said(self, *words):
        parser = verb.Parser()
        verbs = parser.add_subparsers(dest="verb")
        verbs.add_parser("step").add_argument("number")
        verbs.add_parser("mine").add_argument("--fast", action="store_true")
        return said(parser.parse_args, words)

    def test_a_verb_of_its_own_speaks_for_itself(self):
        self.assertEqual(self.said("step"), (2, "./evolve step: missing: number\n"))
        self.assertEqual(self.said("step", "1", "2"), (2, "./evolve: 2 is a word too many\n"))

    def test_options_are_written_out(self):
        self.assertEqual(self.said("mine", "--fas")[0], 2)
        self.assertTrue(self.said("mine", "--fast")[0].fast)


class Place(unittest.TestCase):
    """A word that is a stage or a step."""

    def test_places(self):
        for word, place in {"3": (3, None), "03.4": (3, 4), "3.0": (3, 0), "3.012": (3, 12)}.items():
            self.assertEqual(verb.place(word), place)
        for word, why in {"": "no stage ", "0": "no stage 0", "x": "no stage x: 1 to 8", "-3": "no",
                          "3.": "neither", "3.4.5": "neither", "3.x": "neither"}.items():
            with self.assertRaisesRegex(argparse.ArgumentTypeError, why):
                verb.place(word)


class Nearest(unittest.TestCase):
    """The right word."""

    def test_the_most_similar_comes_first_and_five_are_enough(self):
        self.assertEqual(verb.nearest("ehco", ["tick", "echo", "idle"]), "echo, tick, idle")
        self.assertEqual(verb.nearest("e", list("abcdefg")), "e, a, b, c, d, ...")


if __name__ == "__main__":
    unittest.main()
