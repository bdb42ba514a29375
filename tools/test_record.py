"""Tests of recordings: how notes become steps, how those are told, written and found stale."""

import tempfile
import unittest
from pathlib import Path
from unittest import mock

import sample
from record import driver, names, recording, sentences, words
from record.scenarios import SCENARIOS
from testing import InFolder, said

_CODE = """#include "evolve/event_base.h"

loop_result event_base::loop() {
  while (event_count_ > 0) {
    evsel_->prepare();
    process_active();
  }
}
"""
_BEFORE = {"map": {}, "queues": [[]], "kernel": {}}
_ADDED = {"map": {"3": ["e1"]}, "queues": [[]], "kernel": {"3": "IN"}}
_DUE = {**_ADDED, "queues": [["e1"]]}
_EVENT = {"calls": "server::accept", "waits": "read|persist", "fd": 3}
_AT = [["evolve/event_base.cpp:3", 5]]


def step(kind, state, **more):
    """A note of a step in the only thread, about the only base."""
    return {"kind": kind, "us": 7, "thread": 1, "at": _AT, "base": 1, "state": state, **more}


def notes(*steps):
    """What gdb writes down around some steps."""
    return [{"function": "evolve/event_base.cpp:3", "name": "event_base::loop",
             "file": "evolve/event_base.cpp", "first": 3, "last": 8},
            {"base": 1, "backend": "epoll"}, {"event": "e1", **_EVENT}, *steps, {"end": True}]


class InAStage(InFolder):
    """Tests with a stage that has one file."""

    def setUp(self):
        super().setUp()
        self.stage = self.root
        self.source = self.write("evolve/event_base.cpp", _CODE)

    def made(self, *steps):
        return recording.make(self.stage, notes(*steps), {"stage": 1})


class Words(unittest.TestCase):
    """Numbers by name."""

    def test_bits_without_a_name_stay_numbers(self):
        self.assertEqual(words.bits(0x12, words.WHAT), "read|persist")
        self.assertEqual(words.bits(0x1002, words.WHAT), "read|0x1000")
        self.assertEqual(words.bits(0, words.WHAT), "nothing")

    def test_a_call_that_a_signal_ended_says_so(self):
        self.assertEqual(words.result(-516), "EINTR")
        self.assertEqual(words.result(-9), "EBADF")
        self.assertEqual(words.result(5), "5")

    def test_bytes_are_quoted_and_cut(self):
        self.assertEqual(words.quoted(b'a"b\n\0\x01'), '"a\\"b\\n\\0\\x01"')
        self.assertEqual(words.quoted(b"x" * 50), '"' + "x" * 40 + '…"')

    def test_the_kernels_table_is_read_in_order_without_what_is_always_told(self):
        fdinfo = ("pos:\t0\nflags:\t02000002\n"
                  "tfd:       11 events:     2019 data: 1  pos:0 ino:1 sdev:2\n"
                  "tfd:        4 events: 80000005 data: 1  pos:0 ino:1 sdev:2\n")
        self.assertEqual(list(words.epoll_table(fdinfo).items()),
                         [("4", "IN|OUT|ET"), ("11", "IN|RDHUP")])


class Names(unittest.TestCase):
    """Functions, lambdas and events by name."""

    def test_functions_lose_parameters_and_templates(self):
        for name, wanted in (
                ("evolve::event_base::loop(evolve::loop_flags)", "event_base::loop"),
                ("(anonymous namespace)::server::accept()", "server::accept"),
                ("(anonymous namespace)::run(unsigned short)::<lambda()>::operator()() const",
                 "a lambda in run"),
                ("evolve::mailbox::mailbox(int)::{lambda()#1}::operator()() const",
                 "a lambda in mailbox::mailbox"),
                ("evolve::event_base::post<(anonymous namespace)::worker::stop()::<lambda()> >"
                 "(struct {...} &&)", "event_base::post")):
            with self.subTest(name):
                self.assertEqual(names.of_function(name), wanted)

    def test_callbacks_are_called_by_what_they_do(self):
        for source, maker, wanted in (
                ("[this] { accept(); }", "server::server", "server::accept"),
                ("[this] { done_ = true; }", "event_base::event_base",
                 "event_base: done_ = true"),
                ("[&owner](int fd, what fired) { owner.serve(fd, fired); }", "client::client",
                 "client: owner.serve()"),
                ("const auto stop = [&base] { base.loopexit(); };", "run", "run: stop"),
                ("[] {}", "connection::connection", "connection: {}"),
                ("[this, edges] {\n  if (!edges) drain();\n}", "notifier::notifier",
                 "notifier: if (!edges) drain()")):
            with self.subTest(source):
                self.assertEqual(names.callback_name(source, 1, maker), wanted)

    def test_events_that_are_alike_are_told_apart(self):
        other = {**_EVENT, "waits": "write|persist"}
        speak = sentences.Names({"e1": _EVENT, "e2": other, "e3": {**_EVENT, "fd": 4}})
        self.assertEqual(speak("e1"), "`server::accept` (fd 3, read)")
        self.assertEqual(speak("e3"), "`server::accept` (fd 4)")
        self.assertEqual(speak.short("e3"), "server::accept")


class Steps(InAStage):
    """Notes made into steps."""

    def test_a_step_has_the_state_after_it(self):
        made = self.made(step("point", _BEFORE, did="add", event="e1", after=None),
                         step("point", _ADDED, did="activate", event="e1", res="read",
                              internal=False),
                         step("wait", _DUE, call="epoll_wait", **{"with": "5, for ever"}))
        first, second, third = made["steps"]
        self.assertEqual(first["state"], _ADDED)
        self.assertEqual(first["then"], ["`server::accept` (fd 3) is on the map at fd 3",
                                         "the kernel watches: fd 3: IN"])
        self.assertEqual(second["state"], {"queues": [["e1"]]})
        self.assertEqual(second["says"], "`server::accept` (fd 3) becomes due, for read.")
        self.assertNotIn("state", third)
        self.assertTrue(third["sleeps"])

    def test_lines_are_found_in_their_function(self):
        made = self.made(step("line", _ADDED))
        self.assertEqual(made["steps"][0]["at"], [["event_base::loop", 2]])
        self.assertEqual(made["steps"][0]["says"], "The backend gets ready for the wait.")
        self.assertEqual(made["functions"]["event_base::loop"]["text"],
                         _CODE.split("\n")[2:8])

    def test_a_line_that_does_nothing_new_is_left_out(self):
        made = self.made(step("line", _ADDED), step("line", _ADDED), step("line", _ADDED),
                         step("line", _DUE))
        self.assertEqual(len(made["steps"]), 2)

    def test_what_a_call_came_to_joins_its_step(self):
        call = step("call", _ADDED, call="epoll_ctl", id=1, **{"with": "4, DEL, 3"})
        made = self.made(call, {"returned": 1, "result": -9, "found": ""})
        self.assertEqual(made["steps"][0]["call"], "epoll_ctl(4, DEL, 3) = EBADF")
        self.assertEqual(made["steps"][0]["says"],
                         "The kernel is told not to watch fd 3 any more; it says EBADF.")

    def test_a_call_that_never_returned_is_left_out(self):
        call = step("call", _ADDED, call="close", id=1, **{"with": "3"})
        self.assertEqual(len(self.made(call, step("line", _ADDED))["steps"]), 1)

    def test_what_the_c_library_reads_for_itself_is_left_out(self):
        given = (("openat", '"/sys/devices/online"', 3), ("read", "3", 4), ("close", "3", 0),
                 ("read", "3", 4))
        steps = [part for k, (call, with_, result) in enumerate(given) for part in (
            step("call", _ADDED, call=call, id=k, **{"with": with_}),
            {"returned": k, "result": result, "found": ""})]
        self.assertEqual([s["call"] for s in self.made(*steps)["steps"]], ["read(3) = 4"])

    def test_ports_and_pids_are_the_same_in_each_run(self):
        call = step("call", _ADDED, call="write", id=1,
                    **{"with": '1, "pid 71: listening on 127.0.0.1:4711"'})
        made = self.made(call, {"returned": 1, "result": 9, "found": ""})
        self.assertIn("pid PID: listening on 127.0.0.1:PORT", made["steps"][0]["call"])

    def test_an_error_inside_is_one_here(self):
        with self.assertRaisesRegex(recording.Failed, "no member"):
            self.made({"error": "Unreadable: no member\n"})

    def test_a_run_without_a_loop_is_refused(self):
        with self.assertRaisesRegex(recording.Failed, "never entered its loop"):
            recording.make(self.stage, [{"end": True}], {})

    def test_notes_that_were_cut_off_are_refused(self):
        with self.assertRaisesRegex(recording.Failed, "gdb says so"):
            recording.noted('{"event": "e1"}\n', ["gdb says so"])


class Changes(unittest.TestCase):
    """What is different between two states."""

    def changes(self, old, new, backend="epoll"):
        return sentences.changes({**_BEFORE, **old}, {**_BEFORE, **new}, {"e1": _EVENT}, backend)

    def test_the_heap(self):
        self.assertEqual(self.changes({}, {"heap": [["e1", 1500]]}),
                         ["`server::accept` (fd 3) is in the heap by 1.5 ms"])
        self.assertEqual(self.changes({"heap": [["e1", 1500]]}, {"heap": []}),
                         ["`server::accept` (fd 3) has left the heap"])

    def test_the_list_of_poll_is_not_the_kernels(self):
        self.assertEqual(self.changes({}, {"wanted": {"3": "IN"}}, "poll"),
                         ["the backend's list: fd 3: IN"])
        self.assertEqual(self.changes({"wanted": {"3": "IN"}}, {"kernel": {"3": "IN"}}, "poll"),
                         ["the list for `poll()`: fd 3: IN"])

    def test_signals_flags_changes_and_tasks(self):
        self.assertEqual(
            self.changes({"asleep_": True, "changes": ["fd 3: none → read"]},
                         {"asleep_": False, "changes": [], "caught": {"SIGINT": 2},
                          "tasks": {"posted": 1, "taken": 0}}),
            ["no change is left", "SIGINT is counted: 2", "`asleep_` is reset",
             "posted and not yet taken: 1"])


class Files(InAStage):
    """The file of a recording."""

    def setUp(self):
        super().setUp()
        self.recorded = self.made(
            step("point", _BEFORE, did="add", event="e1", after=None), step("line", _ADDED))

    def test_what_is_written_is_read_again(self):
        file = self.stage / "r.json"
        file.write_text(recording.dumps(self.recorded), encoding="utf-8")
        self.assertEqual(recording.load(file), self.recorded)

    def test_times_change_one_line(self):
        later = {**self.recorded, "steps": [{**s, "us": 99} for s in self.recorded["steps"]]}
        one, two = (recording.dumps(each).split("\n") for each in (self.recorded, later))
        self.assertEqual(sum(a != b for a, b in zip(one, two, strict=True)), 1)

    def test_a_function_that_is_another_now_is_found(self):
        self.assertEqual(list(recording.stale(self.recorded, self.stage)), [])
        source = self.source
        source.write_text("// moved down\n" + _CODE)
        self.assertEqual(list(recording.stale(self.recorded, self.stage)), [])
        source.write_text(_CODE.replace("prepare", "planted"))
        self.assertEqual([name for name, _ in recording.stale(self.recorded, self.stage)],
                         ["event_base::loop"])
        source.unlink()
        self.assertIn("there is no", next(recording.stale(self.recorded, self.stage))[1])


class Driver(unittest.TestCase):
    """What can be said of the driver without a debugger."""

    def test_every_stage_has_a_scenario(self):
        known = {driver.stages.number(stage) for stage in driver.stages.stages()}
        self.assertEqual(known, set(SCENARIOS))
        for number, scenario in SCENARIOS.items():
            stage = driver.stages.by_number(number)
            self.assertTrue((stage / "sample" / f"{scenario.sample}.cpp").is_file())

    def test_bad_usage_ends_with_status_2(self):
        for words_ in (["99"], ["x"], ["1", "2"]):
            with self.subTest(words_):
                status, output = said(driver.main, words_)
                self.assertEqual(status, 2)
                self.assertRegex(output, r"\A\./evolve record: .*\n\Z")

    def test_rest_is_when_nothing_is_written(self):
        with tempfile.NamedTemporaryFile("w") as steps, mock.patch.object(driver, "_QUIET", 0.01):
            driver.Run(None, None, Path(steps.name)).rest()

    def test_a_sample_that_ends_too_early_is_an_error_that_shows_the_notes(self):
        with tempfile.NamedTemporaryFile("w") as steps, sample.Sample("echo", "bye") as running:
            steps.write("the notes")
            steps.flush()
            with self.assertRaisesRegex(recording.Failed, "'listening.*the notes"):
                driver.Run(running, None, Path(steps.name)).port()
