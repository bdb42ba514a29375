"""`evolve` itself: how it answers wrong words, where it works, and machines that have nothing."""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

REAL = Path(__file__).resolve().parent.parent
PLAIN = ("sh", "dirname", "basename", "sed", "sort", "cat", "grep", "awk")  # any system has these
NOBODY = 65534

HELLO = """/// \\file
/// hello [NAME]: greets whom it is told to, and
/// nobody else.
///
/// This is for those who read the code.

#include <cstdio>
int main() { std::puts("hello"); }
"""


class Command(unittest.TestCase):
    """A tree with two stages of one file each, and a bin/ that can be all there is."""

    def setUp(self):
        holder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="evolve-test.")))
        holder.chmod(0o755)
        self.root = holder / "Käse und Brot"
        self.root.mkdir()
        shutil.copy(REAL / "evolve", self.root)
        (self.root / "tools").mkdir()
        for helper in (*(REAL / "tools").glob("*.sh"), *(REAL / "tools").glob("verb.py")):
            shutil.copy(helper, self.root / "tools")
        self.write("stage01_one/evolve/a.cpp", "int a;\n")
        self.write("stage01_one/test/a_test.cpp", "first test\n")
        self.write("stage02_two/evolve/a.cpp", "long a;\n")
        self.write("stage02_two/evolve/a.h", "extern long a;\n")
        self.write("stage02_two/test/a_test.cpp", "first test\nsecond test\n")
        self.write("stage02_two/README.md", "a chapter\n")
        self.write("stage02_two/sample/good_bye.cpp", "")
        self.write("stage02_two/sample/hello.cpp", HELLO)
        self.write("stage03_three/evolve/a.cpp", "char a;\n")

    def write(self, name, text):
        """A file of the tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def program(self, name, script, folder="bin"):
        """A program that only says or does what the test needs."""
        self.write(f"{folder}/{name}", f"#!/bin/sh\n{script}\n")
        (self.root / folder / name).chmod(0o755)

    def bare(self):
        """Leaves nothing but a shell, what goes with it, and apt-get."""
        for name in PLAIN:
            (self.root / "bin").mkdir(exist_ok=True)
            (self.root / "bin" / name).symlink_to(shutil.which(name))
        self.program("apt-get", f'echo "apt-get $*" >> "{self.root}/installed"')

    def installed(self):
        """The calls of apt-get."""
        log = self.root / "installed"
        return log.read_text() if log.exists() else ""

    def environment(self, path=None, **more):
        """What a program sees: no settings of those who run the tests."""
        kept = {key: value for key, value in os.environ.items()
                if not re.match("EVOLVE_|GIT_|CI$|PAGER$|NO_COLOR$", key)}
        return {**kept, "PATH": path or f"{self.root}/bin:{os.environ['PATH']}", **more}

    def evolve(self, *arguments, path=None, **more):
        """(status, output, errors) of the command."""
        done = subprocess.run(
            [self.root / "evolve", *arguments],
            env=self.environment(path, **more),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout, done.stderr

    def evolve_here(self, *arguments, **more):
        """The same on the bare machine."""
        return self.evolve(*arguments, path=str(self.root / "bin"), **more)

    def at_terminal(self, *arguments, typed="", **more):
        """(status, all that is shown) when a person is there."""
        screen, terminal = pty.openpty()
        os.write(screen, typed.encode())
        running = subprocess.Popen([self.root / "evolve", *arguments], stdin=terminal,
                                   stdout=terminal, stderr=terminal, start_new_session=True,
                                   env=self.environment(**{"TERM": "xterm", **more}))
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # which is how a terminal ends
            while part := os.read(screen, 1 << 16):
                shown += part
        os.close(screen)
        return running.wait(), shown.decode().replace("\r\n", "\n")


def options(text):
    """The long options that a help tells of."""
    return set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", text, re.M)) - {"--help"}


class Words(Command):
    """What is typed."""

    def verbs(self):
        return re.findall(r"^  ([a-z]+) .*", self.evolve("help")[1], re.M)

    def test_help_is_for_reading(self):
        status, said, wrong = self.evolve("help")
        self.assertEqual((status, wrong), (0, ""))
        read, change = said.split("To change something:")
        for verb in ("tour", "test", "run", "diff", "bench", "book", "about", "dropin"):
            self.assertRegex(read, rf"(?m)^  {verb}\b")
        for verb in ("carry", "weave", "draft", "check", "record"):
            self.assertRegex(change, rf"(?m)^  {verb}\b")
        self.assertLessEqual(max(map(len, said.splitlines())), 100)

    def test_each_verb_says_what_it_is_for_on_a_machine_that_has_nothing(self):
        verbs = self.verbs()
        self.assertGreater(len(verbs), 10)
        self.bare()
        for verb in verbs:
            for words in ([verb, "--help"], ["help", verb]):
                status, said, wrong = self.evolve_here(*words)
                self.assertEqual((status, wrong), (0, ""), words)
                self.assertRegex(said, rf"\Ausage: ./evolve {verb}\b.*\n.*\w")
                self.assertLessEqual(len(said.splitlines()), 16)
        self.assertEqual(self.installed(), "")

    def test_help_has_the_options_that_there_are(self):
        for verb in ("check", "carry", "book", "bench", "record"):
            with self.subTest(verb=verb):
                said = self.evolve(verb, "--help")[1]
                tool = subprocess.run([sys.executable, REAL / "tools/verb.py", verb, "--help"],
                                      capture_output=True, text=True, check=True).stdout
                self.assertEqual(options(said), options(tool))

    def test_a_mistake_gets_one_line_with_the_nearest_word(self):
        for words, answer in (
            (["dance"], "there is no verb dance: "),
            (["tset"], "there is no verb tset: test, "),
            (["help", "tset"], "there is no verb tset: test, "),
            (["test", "9"], "there is no stage 9: 1 to 3"),
            (["diff", "one"], "diff needs the number of a stage, as in ./evolve diff 3"),
            (["diff"], "diff needs the number of a stage, as in ./evolve diff 3"),
            (["diff", "1", "2", "3"], "diff takes two stages at most"),
            (["diff", "2", "--stta"], "diff has no option --stta: --stat"),
            (["diff", "2", "b.h"], "there is no file b.h in stage01_one or stage02_two: a.h, "),
            (["diff", "2", "evolve/b.h"], "there is no file evolve/b.h in stage01_one or "
             "stage02_two: evolve/a.h, "),
            (["run"], "run needs the number of a stage, as in ./evolve run 4"),
            (["run", "1"], "stage 1 has no samples"),
            (["run", "2", "hlelo"], "there is no sample hlelo in stage 2: hello, good_bye"),
            (["tour", "1"], "tour takes no argument"),
            (["test", "1", "2", "3"], "test takes a stage and a filter"),
        ):
            with self.subTest(words=words):
                status, said, wrong = self.evolve(*words)
                self.assertEqual((status, said), (2, ""))
                self.assertRegex(wrong, rf"\A./evolve: {re.escape(answer)}.*\n\Z")

    def test_a_build_that_there_is_not(self):
        self.assertEqual(self.evolve("run", "2", "hello", EVOLVE_PRESET="relase"),
                         (2, "", "./evolve: EVOLVE_PRESET: there is no relase: release, dev, "
                          "asan, tsan\n"))

    def test_tools_answer_in_one_line_too(self):
        for words, answer in (
            (["check", "--fats"], "there is no option --fats: --fast, "),
            (["check", "--only", "linkz"], "there is no rule linkz: links, "),
            (["carry", "99"], "there is no stage 99: 1 to "),
            (["carry"], "missing: N"),
            (["chapter", "weave", "x"], "there is no stage x: 1 to "),
            (["bench", "--who", "libeven"], "there is no implementation libeven: libevent"),
        ):
            with self.subTest(words=words):
                done = subprocess.run([sys.executable, REAL / "tools/verb.py", *words],
                                      capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, rf"\A./evolve.*: {re.escape(answer)}.*\n\Z")

    def test_run_says_what_each_sample_shows(self):
        self.assertEqual(self.evolve("run", "2")[:2], (0, """\
The samples of stage 2; ./evolve run 2 NAME runs one.

  good_bye

  hello [NAME]
      greets whom it is told to, and
      nobody else.
"""))

    def test_what_stands_behind_a_sample_is_its_own(self):
        self.program("cmake", "")
        self.program("stage02_two_hello", 'echo "$*"', "build/release/stage02_two")
        self.assertEqual(self.evolve("run", "2", "hello", "--help", "--yes", "-h")[:2],
                         (0, "--help --yes -h\n"))

    def test_a_filter_that_no_test_has_is_a_mistake(self):
        self.program("cmake", "")
        self.program("stage02_two_test", "[ $1 = --each ] && echo stage02_two: no test is "
                     "selected || printf '%s\\n' Queue. '  IsOne' Heap.", "build/dev/stage02_two")
        status, _, wrong = self.evolve("test", "2", "Heep")
        self.assertEqual(status, 2)
        self.assertIn("./evolve: stage 2 has no test like Heep: Heap, Queue\n", wrong)

    def test_dropin_is_not_tested_as_if_it_were_sanitized(self):
        self.program("cmake", "")
        self.program("ctest", "")
        for stage in "stage01_one", "stage02_two", "stage03_three":
            self.program(f"{stage}_test", "echo x: 1 passed, 0 failed, 0 skipped",
                         f"build/asan/{stage}")
        _, said, wrong = self.evolve("test", EVOLVE_PRESET="asan")
        self.assertIn("./evolve: dropin is left out: it is built without sanitizers\n", wrong)
        self.assertNotIn("dropin", said)

    def test_about(self):
        done = subprocess.run([REAL / "evolve", "about"], capture_output=True, text=True,
                              env=self.environment(), check=True)
        for name, said in (("evolve", r"\d+\.\d+\.\d+"), ("kernel", ".+"), ("compiler", ".+"),
                           ("cmake", ".+"), ("googletest", ".+")):
            self.assertRegex(done.stdout, rf"(?m)^{name} +{said}")
        version = re.search(r"^evolve +([\d.]+)", done.stdout, re.M)[1]
        told = re.findall(r"(?m)^## ([\d.]+)$", (REAL / "CHANGELOG.md").read_text())
        self.assertEqual(told[0], version)

    def test_about_where_there_is_nothing(self):
        self.bare()
        status, said, wrong = self.evolve_here("about")
        self.assertEqual((status, wrong, self.installed()), (0, "", ""))
        for name in ("compiler", "cmake", "googletest"):
            self.assertRegex(said, rf"(?m)^{name} +not found$")


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

    def test_two_stages(self):
        said = self.evolve("diff", "1", "3")[1]
        self.assertIn("-int a;\n+char a;\n", said)
        self.assertIn("--- a/stage01_one/evolve/a.cpp\n+++ b/stage03_three/evolve/a.cpp\n", said)

    def test_one_file(self):
        for name in ("a.cpp", "evolve/a.cpp"):
            status, said, _ = self.evolve("diff", "2", name)
            self.assertEqual((status, said.count("diff --git")), (0, 1))
            self.assertIn("+long a;", said)

    def test_how_much(self):
        self.assertEqual(self.evolve("diff", "2", "--stat")[:2], (0, """\
    +1     -0  evolve/a.h
    +1     -1  evolve/a.cpp
    +0     -0  sample/good_bye.cpp
    +8     -0  sample/hello.cpp
    +1     -0  test/a_test.cpp
   +11     -1  in 5 files
"""))

    STEPS = """# Two
{}
## Now you have
"""
    STEP = """
## 2.{k} Step

`evolve/{name}`, x{line}:

```{kind}
{body}
```
"""

    def with_steps(self):
        """Has the chapter of stage 2 told in two steps."""
        for tool in (REAL / "tools").glob("*.py"):
            shutil.copy(tool, self.root / "tools")
        steps = (
            dict(k=1, name="a.h", kind="cpp", line=", line 1", body="extern long a;"),
            dict(k=2, name="a.cpp", kind="diff", line="", body="@@ -1,1 +1,1 @@\n-int a;\n+long a;"))
        self.write("stage02_two/README.md",
                   self.STEPS.format("".join(self.STEP.format(**step) for step in steps)))

    def test_steps_are_shown_as_stages_are(self):
        self.with_steps()
        status, said, wrong = self.evolve("diff", "2.1", "2.2")
        self.assertEqual((status, wrong), (0, ""))
        self.assertLess(said.index("+++ b/2.2/evolve/a.h"), said.index("+++ b/2.2/evolve/a.cpp"))
        self.assertEqual(self.evolve("diff", "--stat", "2.2")[:2],
                         (0, "    +1     -1  evolve/a.cpp\n    +1     -1  in 1 files\n"))
        one = self.evolve("diff", "2.1", "2.2", "a.h", GIT_EXTERNAL_DIFF="false")
        self.assertEqual((one[0], one[1].count("diff --git")), (0, 1))
        self.assertIn("+extern long a;\n", one[1])

    def test_a_mistake_with_steps_gets_one_line(self):
        self.with_steps()
        for words, status, answer in (
            (["2.9"], 1, "./evolve diff: there is no step 2.9: stage 2 has 2 steps"),
            (["9.1"], 2, "./evolve diff: there is no stage 9: 1 to 3"),
            (["2.1", "2.2", "2.2"], 2, "./evolve diff: 2.2 is a word too many"),
            (["2", "2.1"], 2, "./evolve: diff takes stages or steps, not both"),
            (["2.2", "b.h"], 2, "./evolve: there is no file b.h in 2.1 or 2.2: a.h, a.cpp"),
        ):
            with self.subTest(words=words):
                self.assertEqual(self.evolve("diff", *words), (status, "", answer + "\n"))

    def test_the_configuration_of_the_reader_changes_nothing(self):
        plain = self.evolve("diff", "2")[1]
        self.assertIn("+++ b/stage02_two/evolve/a.h", plain)
        settings = "[diff]\nnoprefix = true\nexternal = false\ncontext = 0\n" \
                   "[color]\ndiff = always\nui = always\n[core]\npager = false\n" \
                   "attributesFile = ~/attributes\n[diff \"odd\"]\ncommand = false\n"
        self.write("home/.gitconfig", settings)
        self.write("home/attributes", "* diff=odd\n")
        subprocess.run(["git", "init", "-q", self.root], check=True)
        with (self.root / ".git/config").open("a") as config:
            config.write(settings)
        environment = {"HOME": str(self.root / "home"), "GIT_EXTERNAL_DIFF": "false",
                       "GIT_DIFF_OPTS": "-u0", "GIT_PAGER": "false"}
        self.assertEqual(self.evolve("diff", "2", **environment), (0, plain, ""))
        status, shown = self.at_terminal("diff", "2", PAGER="cat", **environment)
        self.assertEqual((status, re.sub(r"\033\[[0-9;]*m", "", shown)), (0, plain))
        self.assertIn("\033", shown)

    def test_a_person_has_a_pager_if_it_is_there(self):
        self.assertEqual(self.at_terminal("diff", "2", PAGER="wc -l | sed s/^/lines:/")[0], 0)
        self.assertIn("lines:", self.at_terminal("diff", "2", PAGER="wc -l | sed s/^/lines:/")[1])
        self.assertIn("+long a;", self.at_terminal("diff", "2", PAGER="no-such-pager")[1]
                      .replace("\033[32m", "").replace("\033[m", ""))


TINY = """cmake_minimum_required(VERSION 3.25)
project(tiny CXX)
add_executable(stage02_two_hello stage02_two/sample/hello.cpp)
set_target_properties(stage02_two_hello PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/stage02_two)
"""


class Places(Command):
    """Where the project may be, who may use it, and where it builds."""

    def setUp(self):
        super().setUp()
        self.write("CMakeLists.txt", TINY)
        shutil.copy(REAL / "CMakePresets.json", self.root)
        self.holder = self.root.parent

    def hello(self, command, user=None, **options):
        """What the sample says when it is built and run so."""
        done = subprocess.run([command, "run", "2", "hello"], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, user=user, group=user,
                              extra_groups=[] if user else None, **options)
        return done.returncode, done.stdout, done.stderr if done.returncode else ""

    def test_through_links_and_from_anywhere(self):
        (self.holder / "two").symlink_to(Path("Käse und Brot") / "evolve")
        (self.holder / "one").symlink_to("two")
        self.assertEqual(self.hello(self.holder / "one", cwd="/", env=self.environment()),
                         (0, "hello\n", ""))
        os.chdir(self.enterContext(contextlib.closing(Folder(self.holder))).path)
        self.assertEqual(self.hello("./two", env=self.environment(CDPATH="/:.")),
                         (0, "hello\n", ""))
        self.assertTrue((self.root / "build/release").is_dir())

    def test_by_another_user_in_a_checkout_that_is_read_only(self):
        home = self.holder / "home"
        home.mkdir()
        user = NOBODY if os.geteuid() == 0 else None
        if user:
            os.chown(home, user, user)
        subprocess.run(["git", "init", "-q", self.root], check=True)
        subprocess.run(["chmod", "-R", "a-w", self.root], check=True)
        before = sorted(self.root.rglob("*"))
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "EVOLVE_BUILD": "b ü"}
        self.assertEqual(self.hello(self.root / "evolve", user, cwd=home, env=environment),
                         (0, "hello\n", ""))
        self.assertTrue((home / "b ü/release/stage02_two/stage02_two_hello").is_file())
        self.assertEqual(sorted(self.root.rglob("*")), before)
        done = subprocess.run([self.root / "evolve", "diff", "2"], user=user, group=user,
                              cwd=home, env=environment, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("+long a;", done.stdout)
        subprocess.run(["chmod", "-R", "u+w", self.root], check=True)


class Folder:
    """Goes back to where it was."""

    def __init__(self, path):
        self.path, self._was = path, os.getcwd()

    def close(self):
        os.chdir(self._was)


class Interrupted(Command):
    """Ctrl-C."""

    def ended(self, running, there, everybody=True):
        """(status, errors) after Ctrl-C as soon as a file is there.

        A shell that has started the tests in the background lets them ignore it.
        """
        deadline = time.monotonic() + 60
        while not there.exists():
            self.assertIsNone(running.poll(), "it has ended before")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        (os.killpg if everybody else os.kill)(running.pid, signal.SIGINT)
        return running.wait(30), running.communicate()[1]

    def start(self, *words, **more):
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, start_new_session=True,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                env=self.environment(**more))

    def test_a_tool_ends_without_a_word(self):
        there = self.root / "there"
        shutil.copy(REAL / "tools/stages.py", self.root / "tools")
        self.write("tools/check.py",
                   f"import time\nopen({str(there)!r}, 'w')\ntime.sleep(60)\n")
        self.assertEqual(self.ended(self.start(self.root / "evolve", "check"), there),
                         (-signal.SIGINT, ""))

    def test_a_build_ends(self):
        self.program("cmake", f'echo >"{self.root}/there"; exec sleep 60')
        status, said = self.ended(self.start(self.root / "evolve", "test", "2"),
                                  self.root / "there")
        self.assertIn(status, (-signal.SIGINT, 130))
        self.assertEqual(said, "./evolve: configuring build/dev\n")

    def test_no_half_book_is_left(self):
        pids, two = self.root / "pids", self.root / "two"
        self.program("doxygen", f'[ "$1" != --version ] || exit 0; echo $$ >>"{pids}"; '
                     f'cat >"{self.root}/$$"; [ $(wc -l <"{pids}") = 1 ] || : >"{two}"; '
                     'exec sleep 60')
        self.write("b/book/index.html", "the old one")
        running = self.start(sys.executable, REAL / "tools/verb.py", "book",
                             EVOLVE_BUILD=str(self.root / "b"))
        self.assertEqual(self.ended(running, two, everybody=False), (-signal.SIGINT, ""))
        self.assertEqual((self.root / "b/book/index.html").read_text(), "the old one")
        self.assertEqual([p.name for p in (self.root / "b").glob("book*") if p.name != "book"
                          and not p.name.endswith(("-input", "-kept"))], [])
        for pid in pids.read_text().split():
            with self.assertRaises(ProcessLookupError):
                os.kill(int(pid), 0)


class Packages(Command):
    """A machine that has none of what is needed."""

    wanted = "apt-get install -y --no-install-recommends cmake make g++ libgtest-dev pkg-config"

    def setUp(self):
        super().setUp()
        self.bare()

    def test_without_rights_the_command_is_printed(self):
        self.program("id", "echo 1000")
        status, said, wrong = self.evolve_here("test")
        self.assertEqual((status, said, self.installed()), (1, "", ""))
        self.assertIn("missing: cmake make c++ googletest", wrong)
        self.assertIn(self.wanted, wrong)

    def test_all_that_steps_need_is_asked_for_at_once(self):
        self.program("id", "echo 1000")
        for words in ("mine", "x"), ("test", "3.4"):
            wrong = self.evolve_here(*words)[2]
            self.assertIn("missing: cmake make c++ googletest pkg-config git python3 pygments", wrong)

    def test_root_installs(self):
        self.program("id", "echo 0")
        status, _, wrong = self.evolve_here("test")
        self.assertEqual(status, 1)
        self.assertEqual(self.installed(), f"apt-get update\n{self.wanted}\n")
        self.assertIn("cmake is still missing", wrong)

    def test_others_install_with_sudo(self):
        self.program("id", "echo 1000")
        self.program("sudo", f'echo sudo >> "{self.root}/installed"\n"$@"')
        self.evolve_here("test")
        self.assertEqual(self.installed(), f"sudo\napt-get update\n{self.wanted}\n")

    def test_a_person_is_asked_before(self):
        self.program("id", "echo 0")
        here = {"path": str(self.root / "bin")}
        for typed, there in (("n\n", False), ("y\n", True), ("\n", True), ("\x04", False)):
            with self.subTest(typed=typed):
                status, shown = self.at_terminal("test", typed=typed, **here)
                self.assertEqual(status, 1)
                self.assertIn("Install with apt-get? [Y/n] ", shown)
                self.assertEqual(self.installed() != "", there)
                self.assertEqual(f"  apt-get update && DEBIAN_FRONTEND=noninteractive "
                                 f"{self.wanted}\n" in shown, not there)
                (self.root / "installed").unlink(missing_ok=True)

    def test_who_agrees_beforehand_is_not_asked(self):
        self.program("id", "echo 0")
        here = {"path": str(self.root / "bin")}
        for words, more in ((["test", "--yes"], {}), (["--yes", "test", "2"], {}),
                            (["test"], {"CI": "true"})):
            with self.subTest(words=words):
                shown = self.at_terminal(*words, **here, **more)[1]
                self.assertNotIn("[Y/n]", shown)
                self.assertIn("apt-get install", self.installed())
                (self.root / "installed").unlink()

    def test_without_a_network_it_says_what_to_run(self):
        self.program("id", "echo 0")
        self.program("apt-get", "echo 'Could not resolve host' >&2; [ $1 = update ]")
        status, _, wrong = self.evolve_here("run", "2", "hello")
        self.assertEqual(status, 1)
        self.assertIn("Could not resolve host\n./evolve: this failed; mend what it complains of, "
                      "or run it yourself:\n", wrong)

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
            script = f'. "{self.root}/tools/packages.sh"; for tool in libevent libev libuv asio ' \
                     f'valgrind strace; do package_of $tool {manager}; done'
            said = subprocess.run(["sh", "-c", script], capture_output=True, text=True).stdout
            self.assertEqual(said.split(), names.split(), manager)

    def test_the_programs_that_prove_dropin_have_the_names_that_debian_gives_them(self):
        tools = "memcached memcaslap unbound dnsperf gearmand gearman mpicc mpirun initdb"
        script = f'. "{self.root}/tools/packages.sh"; for tool in {tools}; do ' \
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
