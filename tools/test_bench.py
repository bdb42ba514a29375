"""The benchmark's own sums: what it makes of results, and what it refuses. Nothing is measured."""

import contextlib
import io
import re
import unittest
import xml.etree.ElementTree as xml
from unittest import mock

import bench
from measure import charts, counts, documents, gate, programs, suite, svg, tables, timing
from testing import said


def result(samples, metric="event_ns", **more):
    return timing.Result(more.pop("row", "W1 plain"), metric, more.pop("family", "peers"), samples,
                         **more)


class Words(unittest.TestCase):
    """What is typed."""

    def refusal(self, *words):
        """What is said of wrong words, in one line; the status has to be 2."""
        status, output = said(bench.main, words)
        self.assertEqual(status, 2)
        self.assertRegex(output, r"\A\./evolve bench: .*\n\Z")
        return output

    def test_wrong_words_get_a_clear_answer(self):
        for words, answer in (
            (["--fast"], "--fast"),
            (["--only", "("], "'(' is no regular expression"),
            (["--only", "W9"], "no row has 'W9' in its label; there are: W1 plain"),
            (["--rounds", "0"], "'0' is no number of rounds"),
            (["--who", "libfoo"], "there is no implementation libfoo: floor"),
            (["--record"], "--record goes with --gate"),
            (["--gate", "--full"], "--gate goes with --record and --only"),
            (["--gate", "--record", "--only", "W1"], "without --only"),
            (["--write-docs"], "--write-docs goes with --full or --from"),
            (["--full", "--write-docs", "--only", "W1"], "without --only"),
        ):
            with self.subTest(words=words):
                self.assertIn(answer, self.refusal(*words))

    def test_results_that_are_not_there_are_an_error(self):
        status, output = said(bench.main, ["--from", "/nowhere.json"])
        self.assertEqual(status, 1)
        self.assertIn("/nowhere.json", output)


class Suite(unittest.TestCase):
    """What is going to be measured."""

    def test_a_label_is_used_once_in_a_family(self):
        for full in (False, True):
            rows = [(row.family, row.label) for row in (*suite.rows(full), *suite.scales())]
            self.assertEqual(len(rows), len(set(rows)))

    def test_every_metric_has_a_name(self):
        for row in (*suite.rows(True), *suite.scales()):
            self.assertLessEqual(set(row.metrics), set(suite.RESULTS))

    def test_every_family_begins_with_the_floor(self):
        for row in (*suite.rows(True), *suite.scales()):
            self.assertEqual(suite.implementations(row.family)[0].name, "floor")

    def test_the_rows_of_the_stages_charts_are_measured(self):
        names = {who.name for who in suite.implementations("stages")}
        measured = {(row.label, metric) for row in suite.rows(False) if row.family == "stages"
                    for metric in row.metrics}
        for chart in charts.STAGES.values():
            self.assertLessEqual({(row, metric) for _, row, metric in chart.bars}, measured)
            self.assertLessEqual(set(chart.names), names)

    def test_only_who_may_be_used_by_threads_is_woken_by_them(self):
        row = next(row for row in suite.rows(False) if row.workload == "w4")
        there = [who.name for who in suite.implementations("peers") if row.takes(who)]
        self.assertEqual(there, ["floor", "evolve +lock", "libevent +lock", "libev", "libuv",
                                 "asio"])


class Sums(unittest.TestCase):
    """Medians and ratios."""

    def test_a_ratio_is_taken_within_a_round(self):
        slowed = result({"floor": [10, 100, 10], "evolve": [11, 110, 11]})
        self.assertAlmostEqual(slowed.ratio("evolve", "floor"), 1.1)
        self.assertEqual(slowed.median("evolve"), 11)

    def test_what_is_missing_is_left_out(self):
        partly = result({"floor": [10, None, 10], "evolve": [None, 20, 30]})
        self.assertEqual(partly.ratio("evolve", "floor"), 3)
        self.assertEqual(partly.median("evolve"), 25)
        self.assertIsNone(partly.ratio("evolve", "libev"))
        self.assertIsNone(partly.median("libev"))

    def test_the_best_peer_is_no_floor_not_evolve_and_did_it_right(self):
        samples = {"floor": [1], "evolve": [2], "libev": [3], "libuv": [4]}
        self.assertEqual(result(samples).best_peer(), "libev")
        self.assertEqual(result(samples, failed=["libev"]).best_peer(), "libuv")
        self.assertEqual(result(samples, "msg_per_s").best_peer(), "libuv")
        self.assertIsNone(result({"floor": [1]}).best_peer())

    def test_nobody_always_has_the_same_neighbour(self):
        orders = [timing.rotated(["a", "b", "c"], i) for i in range(3)]
        self.assertEqual(orders, [["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]])

    def test_output_is_read(self):
        self.assertEqual(programs.parse("event_ns=12.5\nfailed=1\nnoise\n"),
                         {"event_ns": 12.5, "failed": 1})


class Rounds(unittest.TestCase):
    """How rows are run."""

    row = suite.Row("W3 self", "w3", "", ("pair_ns",))
    who = suite.FLOORS[:2]

    def measured(self, run):
        """The Result, with another way to run programs."""
        with mock.patch.object(timing, "run", run):
            with contextlib.redirect_stderr(io.StringIO()):
                return timing.measure(self.row, list(self.who), 3)[0]

    def test_each_round_runs_everybody(self):
        ran = []

        def run(who, *_):
            ran.append(who.name)
            return {"pair_ns": len(ran)}

        got = self.measured(run)
        self.assertEqual(ran, ["floor", "floor eager", "floor eager", "floor", "floor",
                               "floor eager"])
        self.assertEqual(got.samples, {"floor": [1, 4, 5], "floor eager": [2, 3, 6]})

    def test_who_cannot_do_it_is_left_out(self):
        got = self.measured(lambda who, *_: {"pair_ns": 1} if who.name == "floor"
                            else {"unsupported": 1})
        self.assertEqual(list(got.samples), ["floor"])
        self.assertEqual(got.failed, [])

    def test_a_wrong_result_is_not_forgotten(self):
        rounds = iter([{"pair_ns": 1}] * 3 + [{"pair_ns": 1, "failed": 1}] + [{"pair_ns": 1}] * 2)
        self.assertEqual(len(self.measured(lambda *_: next(rounds)).failed), 1)

    def test_a_crash_is_a_wrong_result(self):
        def run(who, *_):
            if who.name == "floor eager":
                raise programs.Failed("status -11")
            return {"pair_ns": 1}

        self.assertEqual(self.measured(run).failed, ["floor eager"])


class Counts(unittest.TestCase):
    """Differences of two runs."""

    row = suite.Count("a row", "w1", "", (), ("w", 100, 300, 2))

    def test_what_starting_costs_is_not_in_it(self):
        summaries = iter([{"read": 250, "mmap": 30}, {"read": 650, "mmap": 30, "brk": 0}])
        with mock.patch.object(counts, "_summary", lambda *_: next(summaries)):
            self.assertEqual(counts.system_calls(self.row, None), {"read": 1.0})

    def test_nothing_counted_is_an_error(self):
        row = suite.Count("a row", "w1", "", ("--w 10", 10))
        with mock.patch.object(counts, "run", lambda *_, **__: {"stderr": "Collected : 0"}):
            with self.assertRaisesRegex(programs.Failed, "counted nothing in a row"):
                counts.instructions(row, None)

    def test_instructions_are_for_each_unit(self):
        row = suite.Count("a row", "w1", "", ("--w 10", 10))
        said = {"stderr": "==1== Collected : 1234\n"}
        with mock.patch.object(counts, "run", lambda *_, **__: said):
            self.assertEqual(counts.instructions(row, None), 123.4)


class Gate(unittest.TestCase):
    """What shuts it."""

    tools = {"compiler": "g++ 12", "libc": "glibc 2.36"}
    table = {"tools": tools, "rows": {"W1": {"instructions": 100.0, "calls": 2.0}}}

    def complaints(self, instructions, calls=2.0, tools=None, row="W1"):
        now = {row: {"instructions": instructions, "calls": calls}}
        return list(gate.complaints(now, self.table, tools or self.tools))

    def test_the_same_and_less_pass(self):
        self.assertEqual(self.complaints(100), [])
        self.assertEqual(self.complaints(102.9), [])
        self.assertEqual(self.complaints(50, 1.0), [])

    def test_the_row_that_has_grown_is_named(self):
        self.assertEqual(self.complaints(104),
                         ["W1: 104 instructions for each, +4.0%; the table has 100"])

    def test_one_more_system_call_is_seen(self):
        self.assertEqual(self.complaints(100, 3.0),
                         ["W1: 3 calls for each, +50.0%; the table has 2"])

    def test_another_compiler_is_not_well(self):
        said = self.complaints(100, tools=self.tools | {"compiler": "g++ 13"})
        self.assertRegex(said[0], "made with the compiler g[+][+] 12; this is g[+][+] 13")

    def test_rows_have_to_be_the_same(self):
        self.assertRegex(self.complaints(100, row="W8")[0], "W8 is not in the table")
        self.assertRegex(gate.missing({"rows": {"W8": {}}})[0], "W8 is in the table, but")

    def test_it_watches_what_it_should(self):
        self.assertEqual(
            [row.label for row in gate.rows()],
            ["W1 plain A=100", "W1 level A=100", "W1 readd A=100", "W1 idle turn", "W2 insert",
             "W2 cancel", "W2 re-arm", "W2 fire", "W3 same", "W3 self", "W4 send", "W4 post",
             "W6 signal"])

    def test_other_threads_are_counted_with_the_lock_and_all_else_without(self):
        def count_all(rows, who):
            return [{"row": row.label, "counts": {who[0].name: {
                "instructions": float(who[0].threads), "calls": None}}} for row in rows]

        with mock.patch.object(gate, "programs"), mock.patch.object(counts, "count_all", count_all):
            counted = gate.measure()
        self.assertEqual({row for row, got in counted.items() if got["instructions"]},
                         {"W4 send", "W4 post"})
        self.assertEqual(set(counted), {row.label for row in gate.rows()})


class Tables(unittest.TestCase):
    """How results look."""

    results = [result({"floor": [10.0], "evolve": [15.0], "libev": [20.0], "libevent": [30.0]})]

    def test_numbers_have_the_digits_that_mean_something(self):
        self.assertEqual([tables.number(x) for x in (None, 1234.4, 99.94, 0.1234)],
                         ["-", "1234", "99.9", "0.123"])

    def test_the_three_tables(self):
        self.assertEqual(tables.medians(self.results),
                         (["", "floor", "evolve", "libevent", "libev"],
                          [["W1 plain: event", "10", "15", "30", "20"]]))
        self.assertEqual(tables.to_floor(self.results)[1],
                         [["W1 plain: event", "1.50", "3.00", "2.00"]])
        self.assertEqual(tables.to_best(self.results)[1],
                         [["W1 plain: event", "libev", "0.75 / 0.50"]])

    def test_what_went_wrong_says_so(self):
        wrong = [result({"floor": [10.0], "evolve": [15.0]}, failed=["evolve"])]
        self.assertEqual(tables.medians(wrong)[1], [["W1 plain: event", "10", "15 FAIL"]])

    def test_both_ways_to_print(self):
        header, lines = ["", "evolve +lock"], [["a", "1"]]
        self.assertEqual(tables.markdown(header, lines),
                         "|  | evolve +lock |\n| --- | ---: |\n| a | 1 |")
        self.assertEqual(tables.plain(header, lines), "   evolve\n    +lock\na       1")


def everything():
    """Results of every row, out of thin air."""
    made = []
    for row in (*suite.rows(True), *suite.scales()):
        who = [each.name for each in suite.implementations(row.family) if row.takes(each)]
        samples = {name: [10.0 + place] for place, name in enumerate(who)}
        made += [timing.Result(row.label, metric, row.family, samples) for metric in row.metrics]
    return made


class Pictures(unittest.TestCase):
    """Charts and the document."""

    def test_all_are_drawn_and_well_formed(self):
        drawn, captions = charts.all_charts(everything(), range(1, 9))
        wanted = {f"w{n}.svg" for n in (*range(1, 8), "1_setup")}
        wanted |= {f"stage{n:02}.svg" for n in range(1, 9)}
        wanted |= {f"scale_{name}.svg" for name in suite.SCALES}
        self.assertEqual(set(drawn), wanted)
        self.assertEqual(set(captions), set(range(1, 9)))
        for chart in drawn.values():
            xml.fromstring(chart)
            self.assertIn("prefers-color-scheme: dark", chart)
            self.assertNotIn("nan", chart)

    def test_nothing_measured_is_nothing_drawn(self):
        self.assertEqual(charts.all_charts([], range(1, 9)), ({}, {}))

    def test_a_longer_bar_is_more(self):
        chart = svg.bars("t", "ns", [("g", {"floor": 10.0, "evolve": 20.0})])
        widths = [float(w) for w in re.findall(r'<rect[^>]* width="([\d.]+)"', chart)]
        self.assertAlmostEqual(widths[1], 2 * widths[0])

    def test_equal_ratios_are_equal_lengths(self):
        scale = svg.LogScale([1, 100], 0, 100)
        self.assertAlmostEqual(scale.at(10) - scale.at(1), scale.at(100) - scale.at(10))

    def test_words_cannot_break_a_chart(self):
        xml.fromstring(svg.bars("a < b & c", "ns", [("<g>", {"x & y": 1.0})]))

    def test_the_document_shows_every_chart_and_table(self):
        data = {"machine": {"date": "d", "processor": "p", "system": "s", "compiler": "c",
                            "libraries": {}},
                "rounds": 5, "times": [r.as_json() for r in everything()],
                "counts": [{"row": "W1", "counts": {"evolve": {"instructions": 5,
                                                               "calls": {"read": 1.0}}}}]}
        drawn, captions = charts.all_charts(everything(), range(1, 9))
        page = documents.page(data, drawn, captions)
        for name in drawn:
            self.assertIn(f"(bench/{name})", page)
        for title, _, _ in documents.all_tables(data):
            self.assertIn(f"### {title}\n", page)
