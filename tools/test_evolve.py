"""`evolve` itself: how it answers wrong words, and machines on which everything is missing."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

REAL = Path(__file__).resolve().parent.parent
PLAIN = ("sh", "dirname", "basename", "sed", "sort", "cat", "grep")  # any system has these


class Command(unittest.TestCase):
    """A tree with two stages of one file each, and a bin/ that can be all there is."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="evolve-test.")))
        shutil.copy(REAL / "evolve", self.root)
        (self.root / "tools").mkdir()
        for helper in (REAL / "tools").glob("*.sh"):
            shutil.copy(helper, self.root / "tools")
        self.write("stage01_one/evolve/a.cpp", "int a;\n")
        self.write("stage01_one/test/a_test.cpp", "first test\n")
        self.write("stage02_two/evolve/a.cpp", "long a;\n")
        self.write("stage02_two/evolve/a.h", "extern long a;\n")
        self.write("stage02_two/test/a_test.cpp", "first test\nsecond test\n")
        self.write("stage02_two/README.md", "a chapter\n")
        for sample in ("hello", "good_bye"):
            self.write(f"stage02_two/sample/{sample}.cpp", "")

    def write(self, name, text):
        """A file of the tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, name, script):
        """A program in bin/ that only says or does what the test needs."""
        self.write(f"bin/{name}", f"#!/bin/sh\n{script}\n")
        (self.root / "bin" / name).chmod(0o755)

    def bare(self):
        """Leaves nothing but a shell, what goes with it, and apt-get."""
        for name in PLAIN:
            (self.root / "bin").mkdir(exist_ok=True)
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.program("apt-get", f'echo "apt-get $*" >> {self.root}/installed')

    def evolve(self, *arguments, path=None):
        """(status, output, errors) of the command."""
        done = subprocess.run(
            [self.root / "evolve", *arguments],
            env={**os.environ, "PATH": path or os.environ["PATH"]},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout, done.stderr

    def evolve_here(self, *arguments):
        """The same on the bare machine."""
        return self.evolve(*arguments, path=str(self.root / "bin"))


class Words(Command):
    """What is typed."""

    def test_help_is_for_reading(self):
        status, said, wrong = self.evolve("help")
        self.assertEqual((status, wrong), (0, ""))
        for verb in ("tour", "test", "run", "diff", "carry", "weave", "check", "bench", "dropin"):
            self.assertRegex(said, rf"(?m)^  {verb} ")

    def test_a_wrong_word_gets_a_clear_answer_and_usage(self):
        for words, answer in (
            (["dance"], "there is no verb 'dance'"),
            (["test", "9"], "there is no stage '9'; the newest is stage02_two"),
            (["diff", "one"], "there is no stage 'one'"),
            (["diff"], "diff needs the number of one stage"),
            (["run"], "run needs the number of a stage"),
            (["run", "2", "dance"], "stage02_two has no sample 'dance'"),
            (["tour", "1"], "tour takes no argument"),
            (["test", "1", "2", "3"], "test takes a stage and a filter"),
        ):
            with self.subTest(words=words):
                status, said, wrong = self.evolve(*words)
                self.assertEqual((status, said), (2, ""))
                self.assertIn(answer, wrong)
                self.assertIn("usage: ./evolve", wrong)

    def test_run_lists_the_samples(self):
        self.assertEqual(
            self.evolve("run", "2")[:2], (0, "stage02_two has these samples:\ngood_bye\nhello\n")
        )


class Diff(Command):
    """What a step adds."""

    def test_headers_come_first_tests_last_and_chapters_not_at_all(self):
        status, said, _ = self.evolve("diff", "2")
        self.assertEqual(status, 0)
        order = [said.index(text) for text in ("+extern long", "+long a", "+second test")]
        self.assertEqual(order, sorted(order))
        self.assertNotIn("chapter", said)
        self.assertNotIn("\033", said)

    def test_the_first_stage_is_all_new(self):
        said = self.evolve("diff", "1")[1]
        self.assertIn("+int a;", said)
        self.assertIn("--- /dev/null", said)


class Packages(Command):
    """A machine that has none of what is needed."""

    wanted = "apt-get install -y --no-install-recommends cmake make g++ libgtest-dev pkg-config"

    def setUp(self):
        super().setUp()
        self.bare()

    def installed(self):
        """The calls of apt-get."""
        log = self.root / "installed"
        return log.read_text() if log.exists() else ""

    def test_without_rights_the_command_is_printed(self):
        self.program("id", "echo 1000")
        status, said, wrong = self.evolve_here("test")
        self.assertEqual((status, said, self.installed()), (1, "", ""))
        self.assertIn("missing: cmake make c++ googletest", wrong)
        self.assertIn(self.wanted, wrong)

    def test_root_installs(self):
        self.program("id", "echo 0")
        status, _, wrong = self.evolve_here("test")
        self.assertEqual(status, 1)
        self.assertEqual(self.installed(), f"apt-get update\n{self.wanted}\n")
        self.assertIn("cmake is still missing", wrong)

    def test_others_install_with_sudo(self):
        self.program("id", "echo 1000")
        self.program("sudo", f'echo sudo >> {self.root}/installed\n"$@"')
        self.evolve_here("test")
        self.assertEqual(self.installed(), f"sudo\napt-get update\n{self.wanted}\n")

    def test_a_failing_installation_is_said(self):
        self.program("id", "echo 0")
        self.program("apt-get", "exit 100")
        status, _, wrong = self.evolve_here("run", "2", "hello")
        self.assertEqual(status, 1)
        self.assertIn("this failed", wrong)
        self.assertIn(self.wanted, wrong)

    def test_the_other_libraries_have_the_names_that_each_system_gives_them(self):
        for manager, names in (
            ("apt-get", "libevent-dev libev-dev libuv1-dev libasio-dev valgrind strace"),
            ("dnf", "libevent-devel libev-devel libuv-devel asio-devel valgrind-devel valgrind "
                    "strace"),
            ("pacman", "libevent libev libuv asio valgrind strace"),
        ):
            script = f'. {self.root}/tools/packages.sh; for tool in libevent libev libuv asio ' \
                     f'valgrind strace; do package_of $tool {manager}; done'
            said = subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout
            self.assertEqual(said.split(), names.split(), manager)

    def test_the_programs_that_prove_dropin_have_the_names_that_debian_gives_them(self):
        tools = "memcached memcaslap unbound dnsperf gearmand gearman mpicc mpirun initdb"
        script = f'. {self.root}/tools/packages.sh; for tool in {tools}; do ' \
                 'package_of $tool apt-get; done'
        said = subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout
        self.assertEqual(said.split(), ["memcached", "libmemcached-tools", "unbound", "dnsperf",
                                        "gearman-job-server", "gearman-tools", "libopenmpi-dev",
                                        "openmpi-bin", "postgresql"])

    def test_without_a_package_manager_the_missing_is_named(self):
        (self.root / "bin/apt-get").unlink()
        status, _, wrong = self.evolve_here("diff", "2")
        self.assertEqual(status, 1)
        self.assertIn("no package manager known here to install it: git", wrong)


if __name__ == "__main__":
    unittest.main()
