"""`./evolve dropin`: what it refuses and how, that it runs what it can, and how proofs are judged.

Libraries of a few lines stand in for those of dropin/, and programs of a few lines for others'.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import dropin
import testing
from others import documents, needs, programs, prove, world
from stages import ROOT

sys.path.append(str(ROOT / "dropin" / "test"))
import compare  # noqa: E402
import libraries  # noqa: E402

COMMAND = Path(__file__).with_name("dropin.py")


def gcc(source, output, *options):
    """Compiles a text."""
    subprocess.run(["cc", "-xc", "-", "-xnone", "-o", output, *options], input=source, text=True,
                   check=True)
    return output


def library(folder, name, source):
    folder.mkdir(exist_ok=True)
    file = f"lib{name}-2.1.so.7"
    return gcc(source, folder / file, "-shared", "-fPIC", f"-Wl,-soname,{file}")


class Stand(testing.InFolder):
    """A library in libs/, one with more in elsewhere/, and programs that are linked with that."""

    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="evolve-test.")))
        cls.libs, cls.elsewhere = folder / "libs", folder / "elsewhere"
        library(cls.libs, "event_core", "int event_add(void) { return 7; }")
        cls.linked = library(cls.elsewhere, "event_core", "int event_add(void) { return 1; }"
                             "int evbuffer_new(void) { return 1; }"
                             "int evbuffer_add(void) { return 1; }")

    def program(self, calls, *options):
        """A program whose status is the sum of what these functions return."""
        declared = "".join(f"int {call}(void);" for call in calls)
        total = " + ".join(f"{call}()" for call in calls) or "0"
        return str(gcc(f"{declared} int main(void) {{ return {total}; }}", self.root / "program",
                       *options, *([self.linked] if calls else [])))

    def dropin(self, *words, **environment):
        """(status, output) of the command."""
        done = subprocess.run([sys.executable, COMMAND, "--libs", self.libs, *words], text=True,
                              capture_output=True, check=False, env=os.environ | environment)
        return done.returncode, done.stdout + done.stderr

    def assert_refused(self, *words, because):
        """One line that says why, and the status of bad use."""
        with mock.patch("dropin.become", return_value="runs"):  # else it would end the tests
            status, said = testing.said(dropin.main, ["--libs", str(self.libs), *words])
        self.assertEqual(status, 2, said)
        self.assertRegex(said, rf"\Aevolve: dropin: .*{because}.*\n\Z")


class Runs(Stand):
    """A program that can."""

    def test_it_has_these_libraries_and_its_own_status(self):
        self.assertEqual(self.dropin(self.program(["event_add"])), (7, ""))

    def test_libraries_of_its_user_come_after_these(self):
        program = self.program(["event_add"])
        self.assertEqual(self.dropin(program, LD_LIBRARY_PATH=str(self.elsewhere))[0], 7)

    def test_its_words_are_its_own(self):
        name = gcc("#include <stdio.h>\nint event_add(void); int main(int n, char** words) {"
                   "for (int k = 0; k < n; ++k) puts(words[k]); return 0 * event_add(); }",
                   self.root / "says", self.linked)
        self.assertEqual(self.dropin(name, "--full", "x y"), (0, f"{name}\n--full\nx y\n"))

    def test_a_signal_ends_it(self):
        name = gcc("#include <signal.h>\nint event_add(void);"
                   "int main(void) { event_add(); return raise(SIGTERM); }",
                   self.root / "ends", self.linked)
        self.assertEqual(self.dropin(name)[0], -15)


class Refuses(Stand):
    """Bad use gets one clear line."""

    def test_what_is_not_there(self):
        self.assert_refused("no-such-program", because="there is no program no-such-program")
        self.assert_refused(str(self.root), because="is a folder")
        self.assert_refused(str(self.write("text")), because="cannot be executed")

    def test_what_is_no_program(self):
        for text, because in (("#!/bin/sh\n", "is a script"), ("what?", "is no ELF file")):
            file = self.write("file", text)
            file.chmod(0o755)
            self.assert_refused(str(file), because=because)

    def test_another_processor(self):
        program = Path(self.program(["event_add"]))
        head = bytearray(program.read_bytes())
        head[18] ^= 1
        program.write_bytes(head)
        self.assert_refused(str(program), because="another kind of processor")

    def test_without_libevent(self):
        for options in [], ["-static"]:
            self.assert_refused(self.program([], *options), because="does not use libevent")

    def test_parts_that_are_not_there(self):
        program = self.program(["event_add", "evbuffer_new", "evbuffer_add"])
        self.assert_refused(program, because=r"not here: evbuffer_\* \(2, as evbuffer_add\)")

    def test_parts_that_a_library_of_its_needs(self):
        between = gcc("int evbuffer_new(void); int between(void) { return evbuffer_new(); }",
                      self.root / "libbetween.so", "-shared", "-fPIC", self.linked)
        program = self.program(["between"], between, f"-Wl,--as-needed,-rpath,{self.root}")
        self.assert_refused(program, because="not here: evbuffer_new")

    def test_a_library_that_is_not_there(self):
        secret = library(self.root, "event_openssl", "int ssl_new(void) { return 1; }")
        program = self.program(["event_add", "ssl_new"], secret)
        self.assert_refused(program, because="not here: libevent_openssl-2.1.so.7")

    def test_a_library_that_its_own_path_finds_first(self):
        program = self.program(["event_add"], "-Wl,--disable-new-dtags",
                               f"-Wl,-rpath,{self.elsewhere}")
        self.assert_refused(program, because=f"from {self.elsewhere}, as its RPATH says")

    def test_a_library_that_is_broken(self):
        program = self.program(["event_add"])
        self.libs = self.root / "broken"
        self.libs.mkdir()
        (self.libs / self.linked.name).write_bytes(self.linked.read_bytes()[:1000])
        self.assert_refused(program, because=f"cannot load .* {self.libs}")

    def test_more_rights_than_its_user(self):
        program = Path(self.program(["event_add"]))
        for mode, right in ((0o4755, "setuid"), (0o2755, "setgid")):
            program.chmod(mode)
            self.assert_refused(str(program), because=right)
        program.chmod(0o755)
        with mock.patch("os.listxattr", return_value=["security.capability"]), \
                self.assertRaisesRegex(needs.Refused, "file capabilities"):
            needs.be_unprivileged(program)

    def test_a_folder_without_libraries(self):
        self.libs = self.root
        self.assert_refused("true", because="there is no libevent_core")

    def test_no_program_and_no_proof(self):
        self.assertIn("which program?", testing.said(dropin.main, [])[1])
        for word in "-1", "x":
            status, said = testing.said(dropin.main, ["--prove", "--rounds", word])
            self.assertEqual((status, f"{word} is not 0 or more" in said), (2, True), said)

    def test_an_option_that_there_is_not(self):
        self.assertEqual(testing.said(dropin.main, ["--rouns", "3"])[0], 2)

    def test_a_table_of_what_was_not_measured(self):
        status, said = testing.said(dropin.main,
                                    ["--prove", "--full", "--rounds", "0", "--write-docs"])
        self.assertEqual((status, "--rounds 0 measures nothing" in said), (2, True), said)

    def test_the_table_of_differences_alone_needs_no_libraries(self):
        with mock.patch("dropin.build", side_effect=AssertionError), \
                mock.patch.object(documents, "write") as written:
            self.assertEqual(testing.said(dropin.main, ["--write-docs"])[0], 0)
        written.assert_called_once_with([])

    def test_parts_come_in_order(self):
        self.assertEqual(testing.said(dropin.main, ["--parts", "unbound", "memcached"])[1],
                         "dnsperf memcached memcaslap strace unbound\n")
        self.assert_refused("--prove", "sendmail", because="no proof 'sendmail'; there are: memc")


class Page(unittest.TestCase):
    """What the page says."""

    def test_it_has_the_table_of_differences_that_the_tests_of_the_library_read(self):
        table = documents.DIFFERENCES.read_text().strip()
        self.assertTrue(f"\n\n{table}\n\n" in documents.PAGE.read_text(),
                        "`./evolve dropin --write-docs` copies it")

    def test_it_says_what_the_proofs_demand(self):
        told = re.findall(r"(?s)\nA proof fails .*?\n\n", documents.PAGE.read_text())
        figures = re.findall(r"\b\d\.\d+\b", "".join(told))
        bounds = {f"{bound}" for program in programs.ALL for load in program.loads.values()
                  for bound in (load.most_calls, load.least_ratio)}
        self.assertEqual(sorted(figures), sorted(bounds))

    def test_it_names_the_functions_that_are_only_there_to_be_linked(self):
        sources = "".join(path.read_text() for path in (ROOT / "dropin").glob("*.cpp"))
        stubs = re.findall(r"(?m)^\w+ (\w+)\([^{}]*\) \{\n  static bool told", sources)
        self.assertEqual(len(stubs), sources.count("dropin::stub(__func__"))
        page = documents.PAGE.read_text()
        self.assertEqual([name for name in stubs if f"`{name}()`" not in page], [])


class Judges(testing.InFolder):
    """When a proof fails. A program and two sides stand in, whose figures are made."""

    def row(self, said=("fine", "fine"), calls=(4, 1), rates=(1000, 1500), rounds=3):
        """The Row of a program that does so on libevent, and on evolve."""
        def on(side, values):
            value = values[side.name == "evolve"]
            if isinstance(value, Exception):
                raise value
            return value
        program = SimpleNamespace(
            name="it", checked="all", loads={"load": programs.Load("", 1.2, 1.1)},
            prove=lambda side: on(side, said), epoll_ctl=lambda side, _: on(side, calls),
            a_cpu_second=lambda side, _: on(side, rates))
        sides = SimpleNamespace(name="libevent"), SimpleNamespace(name="evolve")
        return prove.judge(program, sides, rounds)

    def test_what_is_right_and_quick(self):
        row = self.row()
        self.assertEqual(row.wrong, [])
        self.assertEqual(row.cells(), ["it", "all", "fine", "fine", "load: 4.00 → 1.00",
                                       "load: 1000 → 1500, 1.50 times"])

    def test_what_is_wrong(self):
        for case, complaint in (
            ({"said": ("fine", world.Wrong("no answer"))}, "it on evolve: WRONG: no answer"),
            ({"calls": (4, 1.204)}, "1.204 epoll_ctl a query; 1.2 at most"),
            ({"rates": (10000, 10500)}, "1.05 times libevent's"),
            ({"calls": (4, world.Wrong("it hangs"))}, "it hangs"),
        ):
            self.assertIn(complaint, "\n".join(self.row(**case).wrong))

    def test_that_libevent_fails_is_told_but_no_fault_of_evolve(self):
        row = self.row(said=(world.Wrong("no answer"), "fine"))
        self.assertEqual(row.said, ["WRONG: no answer", "fine"])
        self.assertEqual((row.wrong, row.measured), ([], []))
        row = self.row(said=(world.Wrong("no answer"), "fine"), calls=(4, 1.3))
        self.assertEqual(row.wrong, ["it, load: 1.300 epoll_ctl a query; 1.2 at most"])
        with self.assertRaisesRegex(needs.Refused, "nothing is written, .* failed: it"):
            documents.write([row])

    def test_without_a_round_its_calls_are_judged_and_nothing_is_compared(self):
        row = self.row(rates=(1000, 900), rounds=0)
        self.assertEqual((row.wrong, row.measured), ([], []))
        self.assertEqual(self.row(calls=(4, 1.3), rounds=0).wrong,
                         ["it, load: 1.300 epoll_ctl a query; 1.2 at most"])

    def test_of_all_rounds_the_one_in_the_middle_counts(self):
        rates = [(1000, 3010), (3000, 3000), (2000, 3000)]
        for rounds, shown in ((rates, "2000 → 3000, 1.50 times"),
                              (rates[:2], "3000 → 3000, 1.00 times")):
            measured = prove.Measured("load", (4, 1), rounds)
            self.assertEqual(measured.cells()[1], shown)

    def test_a_load_may_want_more_rounds(self):
        loads = {"load": programs.Load("", 1.2, 1.1, rounds=5)}
        program = SimpleNamespace(name="it", loads=loads, epoll_ctl=lambda side, load: 1,
                                  a_cpu_second=lambda side, load: {"a": 1000, "b": 1500}[side])
        for rounds, wanted in ((3, 5), (7, 7)):
            (measured, _), = prove._measure(program, "ab", rounds)
            self.assertEqual(len(measured.rates), wanted)

    def test_what_seems_too_slow_is_measured_in_more_rounds(self):
        loads = {"load": programs.Load("", 1.2, 1.1)}
        for later, wrong in ((1500, False), (1000, True)):
            figures = iter([1000, 1050] + [1000, 1000] + [1000, later] * prove.ROUNDS_TO_DOUBT)
            program = SimpleNamespace(name="it", loads=loads, epoll_ctl=lambda side, load: 1,
                                      a_cpu_second=lambda side, load, left=figures: next(left))
            (measured, load), = prove._measure(program, "ab", 2)
            self.assertEqual(len(measured.rates), prove.ROUNDS_TO_DOUBT)
            self.assertEqual(measured.too_slow(load), wrong)

    def test_the_tables_are_written_anew(self):
        with mock.patch.object(documents, "PAGE", self.write("whole.md", "x\n")), \
                self.assertRaisesRegex(needs.Refused, "has 0 tables"):
            documents.write([])
        page = self.write("page.md", "a\n\n| measured | x |\n| old |\n\n"
                          f"{documents.MADE} on a\nday.\n\nb\n")
        documents.put_measured(page, ["measured", "x"], [["new", "1"]])
        self.assertRegex(page.read_text(), r"\Aa\n\n\| measured \| x \|\n\| -.*\n\| new \| 1 \|\n\n"
                         rf"{documents.MADE} on \d{{4}}-[^\n]*:\n[^\n]+\n\nb\n\Z")
        with self.assertRaisesRegex(needs.Refused, "has 0 tables"):
            documents.put(self.write("none.md"), "| x |\n")


class Asks(testing.InFolder):
    """How a server of names is asked in steps: one that stands in answers, or does not."""

    def ask(self, answer, outstanding):
        """What comes of it; `answer` makes one, or nothing, of a query."""
        sizes = []

        def serve(listener):
            with listener, listener.accept()[0] as sock:
                while data := sock.recv(1 << 16):
                    queries = []
                    while data:
                        size = 2 + int.from_bytes(data[:2], "big")
                        queries.append(data[:size])
                        data = data[size:]
                    sizes.append(len(queries))
                    replies = b"".join(map(answer, reversed(queries)))
                    if not replies:
                        return
                    sock.sendall(replies)
        listener = socket.create_server(("127.0.0.1", 0))
        server = threading.Thread(target=serve, args=[listener], daemon=True)
        server.start()
        asked = programs.ask_in_steps(listener.getsockname()[1], ["a.b."], outstanding)
        server.join()
        return asked, sizes

    def test_so_many_at_once(self):
        right = lambda query: query[:4] + b"\x80\0\0\1\0\1" + query[10:]
        self.assertEqual(self.ask(right, 20), (600, [20] * 30))

    def test_an_answer_that_is_none(self):
        for answer, because in ((lambda query: query, "has the flags 100, and 0 addresses"),
                                (lambda _: b"", "ends without an answer"),
                                (lambda q: q[:2] + b"xx\x80\0\0\1\0\1" + q[10:], "got answers")):
            with self.assertRaisesRegex(world.Wrong, because):
                self.ask(answer, 1)


class Compares(testing.InFolder):
    """dropin/test/compare.py, where programs of a few lines have the cases."""

    def compare(self, case, *table):
        """(status, what it says) of a program with one case, the same on both libraries."""
        program = self.write("program", f"#!/bin/sh\n[ $1 = --list ] && {{ echo it; exit; }}\n{case}\n")
        program.chmod(0o755)
        return testing.said(compare.main, [*table, "/ours", str(program)])

    def test_what_is_the_same(self):
        self.assertEqual(self.compare("echo fine; exit 3")[0], 0)

    def test_that_both_crash_or_hang_is_not_the_same(self):
        self.assertIn("it:\non both:\nexit -11\n", self.compare("kill -SEGV $$")[1])
        self.assertEqual(self.compare("kill -SEGV $$")[0], 1)
        with mock.patch.object(compare, "TIMEOUT_S", 0.2):
            status, said = self.compare("exec sleep 60")
        self.assertEqual(status, 1)
        self.assertIn("it:\non both:\nit hangs\n", said)

    def test_the_table_may_want_a_crash(self):
        table = self.write("table.md", "| case |\n|---|\n| it | x | exit -11 | exit -11 |\n")
        self.assertEqual(self.compare("kill -SEGV $$", "--table", str(table))[0], 0)

    def test_no_cases_are_no_comparison(self):
        program = self.write("none", "#!/bin/sh\n")
        program.chmod(0o755)
        with self.assertRaisesRegex(SystemExit, "has no cases"):
            compare.main(["/ours", str(program)])


class Declares(testing.InFolder):
    """dropin/test/libraries.py: a function that the headers declare has to be in a library."""

    def test_one_that_is_in_none(self):
        for header in libraries.HEADERS:
            self.write(f"event2/{header}", "EVENT2_EXPORT_SYMBOL\nint event_it(void);\n")
        for names, found in ((["event_it"], 0), ([], 1)):
            with mock.patch.object(libraries, "faults", return_value=[]), \
                    mock.patch.object(libraries, "exported_by", return_value=names):
                status, said = testing.said(libraries.main, ["libs", str(self.root)])
            self.assertEqual((status, "event_it is in none" in said), (found, bool(found)))


class Servers(testing.InFolder):
    """A process that does not what it should is Wrong, and nothing is left of it."""

    def server(self, script, **options):
        side = world.Side("libevent", self.root)
        return side.server("sh", "-c", script, **{"ready": lambda: True, "ours": False} | options)

    def test_one_that_ends_before_it_is_ready(self):
        with self.assertRaisesRegex(world.Wrong, "ready has not come about; its log: oh"):
            with self.server("echo oh", ready=lambda: False):
                pass

    def test_one_that_has_ended_is_waited_for_no_longer(self):
        with mock.patch("time.sleep", side_effect=AssertionError), \
                self.assertRaisesRegex(world.Wrong, "it has not come about"):
            world.wait_until(lambda: False, "it", alive=lambda: False)

    def test_one_that_ends_badly(self):
        ready = self.root / "ready"
        with self.assertRaisesRegex(world.Wrong, "sh ends with status 3"):
            with self.server(f"trap 'exit 3' TERM; touch {ready}; while :; do sleep 0.01; done",
                             ready=ready.exists):
                pass

    def test_one_without_the_library(self):
        with self.assertRaisesRegex(world.Wrong, "the library is not libevent's"):
            with self.server("exec sleep 60", ours=True):
                pass

    def test_the_library_of_the_other_side(self):
        ours = world.Side("evolve", self.root, Path("/ours"))
        ours.must_be("0-1 r-xp 0 0 0 /ours/libevent-2.1.so.7\n")
        for side, path in ((ours, "/usr/lib"), (world.Side("libevent", self.root), "")):
            with self.assertRaisesRegex(world.Wrong, "the library is not"):
                side.must_be(f"0-1 r-xp 0 0 0 {path}/libevent-2.1.so.7\n" if path else "")


if __name__ == "__main__":
    unittest.main()
