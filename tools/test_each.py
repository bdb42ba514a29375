"""The main of the stages' test programs: what `--each` does with tests that fail, crash or hang."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

MAIN = Path(__file__).resolve().parent.parent / "stage01_reactor" / "test" / "main.cpp"

TESTS = """
#include <gtest/gtest.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
int runs = 0;
struct Broken : testing::Test {
  static void SetUpTestSuite() { std::cout << "set up\\n"; }
};
TEST_F(Broken, Passes) { std::cout << "of one that passes\\n"; ++runs; }
TEST_F(Broken, Fails) { std::puts("of one that fails"); EXPECT_EQ(runs, 7) << "why"; }
TEST_F(Broken, Throws) { throw 1; }
TEST_F(Broken, Crashes) { std::cout << "last words" << std::endl; std::abort(); }
TEST_F(Broken, Exits) { std::exit(0); }
TEST_F(Broken, Hangs) { for (;;) ::pause(); }
TEST_F(Broken, ClosesAll) { for (int fd = 0; fd < 64; ++fd) ::close(fd); }
TEST_F(Broken, IsSkipped) { GTEST_SKIP() << "no reason"; }
TEST_F(Broken, IsTheLast) {}
TEST(Own, OneRuns) { EXPECT_EQ(runs++, 0); }
TEST(Own, OtherRuns) { EXPECT_EQ(runs++, 1); }
TEST(Other, KnowsNothingOfOwn) { EXPECT_EQ(runs, 0); }
TEST(Other, HasTheSignalsOfAnyProcess) {
  EXPECT_EQ(std::signal(SIGCHLD, SIG_DFL), SIG_DFL);
}
TEST(Other, HasTheDescriptorsOfAnyProcess) { EXPECT_EQ(::dup(0), 3); }
TEST(Late, EndsWell) { std::atexit([] { if (std::getenv("LATE")) ::_exit(23); }); }
struct Early : testing::Test {
  static void SetUpTestSuite() { if (std::getenv("EARLY")) std::abort(); }
};
TEST_F(Early, Begins) {}
"""


class Each(unittest.TestCase):
    """A small program, compiled once."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="evolve-test."))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "some_test.cpp").write_text(TESTS)
        cls.program = cls.folder / "some_test"
        subprocess.run(["c++", "-std=c++20", MAIN, cls.folder / "some_test.cpp", "-o", cls.program,
                        "-lgtest", "-pthread"], check=True)

    def run_program(self, *options, **environment):
        """(status, lines of output)."""
        done = subprocess.run([self.program, *options], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, env={**os.environ, **environment})
        return done.returncode, done.stdout.splitlines()

    def each(self, gtest_filter, *options, **environment):
        """The same with the option that this is about; the time in the last line is cut off."""
        status, said = self.run_program("--each=1", f"--gtest_filter={gtest_filter}", *options,
                                        **environment)
        return status, [*said[:-1], said[-1].split(" (")[0]]

    def test_names_what_fails_crashes_or_hangs_and_runs_the_rest(self):
        # Behind a test that has closed all descriptors nothing is said, but in the end.
        for less, passed, options in ("", 6, []), ("-Broken.ClosesAll", 5, ["--gtest_shuffle"]):
            status, said = self.each(f"Broken.*:Other.*{less}", *options)
            self.assertEqual(status, 1)
            for line in ("FAILED Broken.Fails", "FAILED Broken.Throws",
                         "FAILED Broken.Crashes: Aborted",
                         "FAILED Broken.Exits: ended with status 0",
                         "FAILED Broken.Hangs: not ended after 1 s"):
                self.assertIn(line, said)
                self.assertIn(line.replace("FAILED", " "), said[said.index("Failed:"):])
            self.assertEqual(said[-1], f"some: {passed} passed, 5 failed, 1 skipped")

    def test_shows_what_failing_tests_write(self):
        said = "\n".join(self.each("Broken.*")[1])
        for text in ("of one that fails", "some_test.cpp:13: ", "why", "last words", "set up"):
            self.assertIn(text, said)
        self.assertNotIn("of one that passes", said)
        self.assertNotIn("no reason", said)

    def test_a_suite_has_a_process_for_itself(self):
        self.assertEqual(self.each("Own.*:Other.*"), (0, ["some: 5 passed, 0 failed, 0 skipped"]))

    def test_a_failure_outside_of_tests_is_one_of_the_suite(self):
        status, said = self.each("Late.*:Own.*", LATE="1")
        self.assertEqual(status, 1)
        self.assertIn("FAILED Late: ended with status 23", said)
        self.assertEqual(said[-1], "some: 3 passed, 1 failed, 0 skipped")
        status, said = self.each("Early.*:Own.*", EARLY="1")
        self.assertEqual(status, 1)
        self.assertIn("FAILED Early: Aborted", said)

    def test_a_failure_in_any_repetition_is_one(self):
        status, said = self.each("Own.OneRuns", "--gtest_repeat=2")
        self.assertEqual(status, 1)
        self.assertIn("FAILED Own.OneRuns", said)

    def test_to_select_nothing_is_a_failure(self):
        self.assertEqual(self.each("Nothing"), (1, ["some: no test is selected"]))

    def test_without_the_option_it_is_googletests_own(self):
        status, said = self.run_program("--gtest_filter=Own.*")
        self.assertEqual(status, 0)
        self.assertEqual(said[-1], "[  PASSED  ] 2 tests.")
        said = self.run_program("--each", "--gtest_list_tests", "--gtest_filter=Own.*")[1]
        self.assertEqual(said, ["Own.", "  OneRuns", "  OtherRuns"])


if __name__ == "__main__":
    unittest.main()
