"""Tests of the moments of a recording that one can go to, and of two runs side by side."""

import json

import stages
from book import moments, page, pairs, replay, site
from record import recording
from steps import steps_in
from testing import InFolder

_LOOP = "event_base::loop"
_FUNCTIONS = {
    _LOOP: {"file": "evolve/event_base.cpp", "text": [
        "void loop() {", "  const run guard(*this);", "  while (haveevents()) {",
        "    evsel_->wait();", "    process_active();", "  }", "}"]},
    "event_base::call": {"file": "evolve/event_base.cpp", "text": [
        "void event_base::call(event& ev) {", "  ev.callback_();", "}"]}}


def step(line=None, says="It runs.", *, thread=1, **more):
    """A step at a line of the loop, or outside of it."""
    at = [] if line is None else [[_LOOP, line], *more.pop("inside", [])]
    return {"us": 0, "thread": thread, "at": at, "base": thread, "says": says, **more}


def run(*steps, **more):
    """A recording of these steps."""
    return {"stage": 1, "sample": "echo", "loop": _LOOP, "bases": {"1": "poll"}, "events": {},
            "functions": _FUNCTIONS, "steps": list(steps), **more}


def calls(what):
    """A step at which a callback is called."""
    return step(4, f"`{what}` is called.", inside=[["event_base::call", 1]])


class Marks(InFolder):
    """Turns, callbacks and sleeps."""

    def test_a_turn_begins_with_the_loop_and_where_it_goes_upwards(self):
        recorded = run(step(), step(1), step(2), step(3), step(4), step(4), step(3), step(6),
                       step(), step(3))
        self.assertEqual(moments.turns(recorded), [0, 0, 1, 1, 1, 1, 2, 2, 0, 3])
        self.assertEqual(moments.marks(recorded)["turn"], [2, 6, 9])

    def test_each_thread_and_each_base_has_turns_of_its_own(self):
        recorded = run(step(2), step(4, thread=2), step(4), step(3, thread=2), step(3))
        self.assertEqual(moments.turns(recorded), [1, 1, 1, 2, 2])
        self.assertEqual(moments.marks(recorded)["turn"], [0, 1, 3, 4])

    def test_callbacks_and_sleeps(self):
        recorded = run(step(3, sleeps=True), calls("a"), step(4), calls("b"))
        found = moments.marks(recorded)
        self.assertEqual((found["callback"], found["sleep"]), ([1, 3], [0]))

    def test_every_recording_has_turns(self):
        for stage in stages.stages():
            recorded = recording.load(recording.path(stages.ROOT, stages.number(stage)))
            self.assertGreater(len(moments.marks(recorded)["turn"]), 2, stage.name)


class Moments(InFolder):
    """Where the code of a step runs."""

    def setUp(self):
        super().setUp()
        recorded = run(step(), step(3), calls("a"), stage=2)
        recorded["us"] = [each.pop("us") for each in recorded["steps"]]
        self.write("docs/recordings/stage02.json", json.dumps(recorded))

    def steps(self, *lines, fence="cpp", caption="`evolve/event_base.cpp`, `event_base`, line 1:"):
        text = "\n".join(["## 2.1 A", "", caption, "", f"```{fence}", *lines, "```", ""])
        return steps_in(text, 2)[0]

    def test_a_step_leads_to_where_a_function_runs_that_it_brings(self):
        brings = self.steps("void event_base::call(event& ev) {", "}")
        self.assertEqual(moments.of_step(self.root, 2, brings, {}), 3)
        old = {"a": "void event_base::call(int x) {"}
        self.assertIsNone(moments.of_step(self.root, 2, brings, old))
        self.assertIsNone(moments.of_step(self.root, 3, brings, {}))

    def test_or_to_where_a_line_runs_that_it_adds(self):
        adds = self.steps("@@ -1,1 +1,2 @@ void loop() {", "     x();", "+    evsel_->wait();",
                          fence="diff", caption="`evolve/event_base.cpp`, `loop`:")
        self.assertEqual(moments.of_step(self.root, 2, adds, {}), 2)
        self.assertEqual(moments.of_lines(self.root, 2, adds.blocks[0]), (2, _LOOP))

    def test_the_line_of_another_function_or_file_is_none(self):
        for caption in ("`evolve/event_base.cpp`, `other`:", "`evolve/other.cpp`, `loop`:"):
            adds = self.steps("@@ -1,1 +1,2 @@", "     x();", "+    evsel_->wait();", fence="diff",
                              caption=caption)
            self.assertIsNone(moments.of_lines(self.root, 2, adds.blocks[0]), caption)

    def test_a_block_is_followed_by_the_way_to_where_it_runs(self):
        found = [replay.watched(stages.ROOT, text) for text in site.chapters(stages.ROOT)]
        links = [html for each in found for html in each.values()]
        self.assertGreater(len(links), 50)
        for html in links:
            self.assertRegex(html, r'<a href="replay_0\d.html#\d+">Watch <code>')


class Pairs(InFolder):
    """Two runs of the same scenario."""

    def test_what_is_the_same_is_shown_together_and_else_one_waits(self):
        one = run(step(), step(3, "`poll()` returns: 1 ready, [3: IN]."), calls("a"))
        other = run(step(), step(3, "`epoll_wait()` returns: 1 ready, [7: IN]."),
                    step(3, "It is told."), calls("a"))
        self.assertEqual(list(pairs.rows(one, other)), [(0, 0), (1, 1), (None, 2), (2, 3)])

    def test_turns_belong_together_by_what_they_call(self):
        one = run(step(3), calls("a"), step(3), calls("b"))
        other = run(step(3), calls("a"), step(3), calls("more"), step(3), calls("b"))
        self.assertEqual(list(pairs.rows(one, other)),
                         [(0, 0), (1, 1), (None, 2), (None, 3), (2, 4), (3, 5)])

    def test_no_step_is_lost_and_none_comes_twice(self):
        found = pairs.of(stages.ROOT)
        self.assertEqual([(a["stage"], b["stage"]) for a, b in found], [(1, 5), (1, 6), (5, 6)])
        for pair in found:
            rows = list(pairs.rows(*pair))
            for side, recorded in enumerate(pair):
                self.assertEqual([row[side] for row in rows if row[side] is not None],
                                 list(range(len(recorded["steps"]))))

    def test_the_pages(self):
        [first, *_] = found = pairs.of(stages.ROOT)
        written = pairs.write(found, self.root, page.wrap)
        self.assertEqual(written[0].file, "replay_01_05.html")
        text = (self.root / written[0].file).read_text(encoding="utf-8")
        for name in ("replay_01.html#beside", "replay_05.html#beside", "replay_pair.js"):
            self.assertIn(f'="{name}"', text)
        rows = list(pairs.rows(*first))
        self.assertEqual(text.count("<tr>"), len(rows) + 1)
        self.assertEqual(pairs.ways(found, 1), [("replay_01_05.html", "beside stage 5"),
                                                ("replay_01_06.html", "beside stage 6")])
