"""What `./evolve check --cross` compiles, and what it says when something does not compile."""

from pathlib import Path
from unittest import mock

import cross
from testing import InFolder, said

# Notes its arguments, makes what it is asked for, and refuses a source that says so.
COMPILER = """#!/bin/sh
echo "$*" >>"$(dirname "$0")/calls"
for word; do
  case $word in *.cpp) if grep -q refused "$word"; then echo "$word: no" >&2; exit 1; fi ;; esac
done
while [ $# -gt 1 ]; do
  if [ "$1" = -o ]; then : >"$2"; fi
  shift
done
"""


class Cross(InFolder):
    """cross.py on a tree of its own, with a compiler that only notes what it is asked."""

    def setUp(self):
        super().setUp()
        self.program = self.write("build/zig/node_modules/.bin/zig", COMPILER)
        self.program.chmod(0o755)
        self.write("googletest/src/gtest-all.cc")
        self.write("stage01_old/evolve/poll.cpp")
        for name in ("evolve/kqueue.cpp", "evolve/log.cpp", "sample/echo.cpp",
                     "test/kqueue_test.cpp", "test/log_test.cpp", "test/main.cpp",
                     "test/helper.cpp"):
            self.write(f"stage02_new/{name}")
        self.write("stage01_old/test/main.cpp")
        self.enterContext(mock.patch.multiple(
            cross, ROOT=self.root, TREE=self.root / "build" / "zig",
            GOOGLETEST=self.root / "googletest"))

    def cross(self, *words):
        """Status and output of `./evolve check --cross`."""
        with mock.patch("sys.argv", ["cross.py", *words]):
            return said(cross.main)

    def calls(self):
        """The compiler's arguments, a list for each call."""
        return [line.split() for line in
                (self.program.parent / "calls").read_text().splitlines()]

    def test_takes_the_stages_that_have_kqueue(self):
        status, output = self.cross()
        self.assertEqual(status, 0)
        self.assertNotIn("stage01_old", output)
        for target in cross.TARGETS:
            self.assertIn(f"ok   stage02_new for {target}", output)

    def test_takes_the_stage_that_is_asked_for(self):
        _, output = self.cross("1")
        self.assertIn("stage01_old", output)
        self.assertNotIn("stage02_new", output)

    def test_compiles_library_samples_and_tests_with_warnings_as_errors(self):
        self.cross()
        for target in cross.TARGETS:
            sources = {Path(word).name: call for call in self.calls() if target in call
                       for word in call if word.endswith(".cpp")}
            self.assertEqual(set(sources), {"kqueue.cpp", "log.cpp", "echo.cpp",
                                            "kqueue_test.cpp", "log_test.cpp", "main.cpp"})
            for call in sources.values():
                self.assertLessEqual({"-Wall", "-Wconversion", "-Werror"}, set(call))

    def test_links_samples_and_tests(self):
        self.cross()
        for target in cross.TARGETS:
            linked = {Path(call[-1]).name: {Path(word).name for word in call}
                      for call in self.calls() if target in call and "-c" not in call}
            self.assertEqual(set(linked), {"echo", "tests"})
            self.assertLessEqual({"echo.o", "kqueue.o", "log.o"}, linked["echo"])
            self.assertLessEqual({"kqueue_test.o", "log_test.o", "kqueue.o", "gtest-all.o",
                                  "main.o"}, linked["tests"])

    def test_says_what_does_not_compile(self):
        self.write("stage02_new/test/log_test.cpp", "refused")
        status, output = self.cross()
        self.assertEqual(status, 1)
        self.assertIn("FAIL", output)
        self.assertIn("log_test.cpp: no", output)

    def test_says_where_googletest_is_to_be_had(self):
        with mock.patch.object(cross, "GOOGLETEST", self.root / "nowhere"):
            status, output = self.cross()
        self.assertEqual(status, 2)
        self.assertIn("apt-get install googletest", output)
