"""Tests of how the tools run commands, and of the build trees that they prepare."""

import unittest
import unittest.mock

import command
from testing import InFolder


class CommandTest(InFolder):
    """run() and configure()."""

    def test_what_a_command_prints(self):
        self.assertEqual(command.run("sh", "-c", "echo said; echo wrong >&2"), "said\nwrong\n")
        self.assertEqual(command.run("pwd", cwd=self.root), f"{self.root}\n")

    def test_a_command_that_fails(self):
        with self.assertRaises(command.Failed) as caught:
            command.run("sh", "-c", "echo why; exit 3", self.root)
        self.assertEqual(str(caught.exception),
                         f"sh -c echo why; exit 3 {self.root}\nends with status 3:\nwhy\n")

    def words(self, **environment):
        """What CMake is called with."""
        with (unittest.mock.patch("command.run") as run,
              unittest.mock.patch("shutil.which", lambda name: f"/{name}"),
              unittest.mock.patch.dict("os.environ", environment, clear=True)):
            command.configure("from", self.root, "A=1", "B=2")
        return run.call_args.args

    def test_a_new_tree_has_ninja_where_that_is(self):
        beginning = ("cmake", "-S", "from", "-B", self.root)
        self.assertEqual(self.words(), (*beginning, "-G", "Ninja", "-DA=1", "-DB=2"))
        self.assertEqual(self.words(CMAKE_GENERATOR="Other"), (*beginning, "-DA=1", "-DB=2"))
        self.write("CMakeCache.txt")
        self.assertEqual(self.words(), (*beginning, "-DA=1", "-DB=2"))

    def test_all_of_a_tree_is_built_or_targets(self):
        with (unittest.mock.patch("command.run") as run,
              unittest.mock.patch("os.cpu_count", lambda: 7)):
            command.build("tree")
            command.build("tree", "a", "b")
        self.assertEqual([each.args for each in run.call_args_list],
                         [("cmake", "--build", "tree", "-j", 7),
                          ("cmake", "--build", "tree", "-j", 7, "--target", "a", "b")])


if __name__ == "__main__":
    unittest.main()
