"""Tests of the pages that replay recordings: what is in them, and that nothing breaks out."""

import json
import re
import shutil

import stages
from book import page, replay
from record import recording
from testing import InFolder


def small(**more):
    """A recording of two steps in two threads."""
    return {
        "stage": 1, "story": "It runs.", "stand_in": False, "sample": "echo 0",
        "loop": "event_base::loop", "bases": {"1": "poll"},
        "events": {"e1": {"calls": "server::accept", "waits": "read|persist", "fd": 3}},
        "functions": {"event_base::loop": {"file": "evolve/event_base.cpp",
                                           "text": ["void loop() {", "  while (more()) {",
                                                    "    turn_about();", "    return;", "  }",
                                                    "}"]}},
        "steps": [
            {"us": 1500, "thread": 1, "at": [["event_base::loop", 1]], "base": 1,
             "says": "`poll()` returns <1>.", "call": 'write(1, "</script>")',
             "then": ["`e1` is due"], "state": {"queues": [["e1"]], "map": {}, "kernel": {}}},
            {"us": 2500, "thread": 2, "at": [], "says": "It ends."}],
        **more}


class Body(InFolder):
    """The page of a small recording."""

    def setUp(self):
        super().setUp()
        self.stage = self.root / "stage02_small"

    def body(self, **more):
        return replay.body(small(**more), self.stage, 3)

    def data(self):
        """What the script of the page reads."""
        found = re.search(r'id="recording">(.*?)</script>', self.body(), re.S)
        return json.loads(found[1])

    def test_nothing_gets_out_of_the_data(self):
        self.assertEqual(self.body().count("</script>"), 1)
        self.assertEqual(self.data()["steps"][0]["call"], 'write(1, "</script>")')

    def test_texts_are_made_ready_to_be_shown(self):
        data = self.data()
        self.assertEqual(data["steps"][0]["says"], "<code>poll()</code> returns &lt;1&gt;.")
        self.assertEqual(data["steps"][1]["then"], [])
        self.assertEqual(data["events"]["e1"]["label"], "server::accept (fd 3)")
        self.assertIn("keyword", data["functions"]["event_base::loop"]["html"][3])
        self.assertEqual(data["marks"], {"turn": [0], "callback": [], "sleep": []})

    def test_all_steps_are_there_as_text(self):
        text = re.search(r'<details class="text".*?</details>', self.body(), re.S)[0]
        self.assertEqual(text.count("<li>"), 2)
        self.assertIn("thread 1, 1.5 ms", text)
        self.assertIn("<code>e1</code> is due", text)
        self.assertIn("&lt;/script&gt;", text)

    def test_each_step_can_be_linked_to(self):
        body = self.body()
        self.assertEqual(re.findall(r'<span class="goal" id="(\d+)">', body), ["1", "2"])
        self.assertEqual(re.findall(r'class="when" href="#(\d+)"', body), ["1", "2"])

    def test_every_control_has_a_label_and_a_key(self):
        buttons = re.findall(r'<button type="button" id="(\w+)" aria-keyshortcuts="(\w+)">(\w+)<',
                             self.body())
        self.assertEqual([key for _, key, _ in buttons],
                         ["Home", "ArrowLeft", "Space", "ArrowRight", "End"])
        jumps = re.findall(r'id="\w+-(?:back|next)" aria-keyshortcuts="([\w+]+)" title="([^"]+)"',
                           self.body())
        self.assertEqual(jumps[:2], [("Shift+T", "previous turn"), ("T", "next turn")])
        self.assertEqual([key for key, _ in jumps[2:]], ["Shift+C", "C", "Shift+S", "S"])
        self.assertIn(">1 of 2</output>", self.body())

    def test_a_stand_in_is_said_to_be_one(self):
        self.assertNotIn("stand-in that", self.body())
        self.assertIn("stand-in that", self.body(stand_in=True))

    def test_what_shows_it_beside_another_is_linked(self):
        body = replay.body(small(), self.stage, 3, [("replay_01_02.html", "beside stage 2")])
        self.assertIn('<a href="replay_01_02.html">beside stage 2</a>', body)

    def test_the_neighbours_are_linked(self):
        self.assertEqual(re.findall(r'href="(replay_\d+.html)"', self.body()),
                         ["replay_01.html", "replay_03.html"])

    def test_the_heap_is_drawn_as_wide_as_it_is(self):
        self.assertEqual(self.data()["arity"], 0)
        source = self.write("stage02_small/evolve/min_heap.cpp",
                            "constexpr std::size_t arity = 4;\n")
        self.assertEqual(self.data()["arity"], 4)
        source.write_text("constexpr std::size_t width = 4;\n")
        with self.assertRaisesRegex(recording.Failed, "arity"):
            self.body()


class Pages(InFolder):
    """The pages of this project."""

    def test_every_stage_is_replayed(self):
        written = replay.write(stages.ROOT, self.root, page.wrap)
        self.assertEqual([each.stage for each in written],
                         [stages.number(stage) for stage in stages.stages()])
        for each in written:
            text = (self.root / each.file).read_text(encoding="utf-8")
            for name in ("replay_player.js", "replay.js", "replay.css",
                         page.chapter_page(each.stage)):
                self.assertIn(f'="{name}"', text)
        self.assertTrue((self.root / "replay.js").is_file())

    def test_a_stage_without_a_recording_has_no_page(self):
        root = self.root / "root"
        shutil.copytree(stages.ROOT / "docs" / "book", root / "docs" / "book")
        (root / "stage01_small").mkdir()
        self.assertEqual(replay.write(root, self.root, page.wrap), [])

    def test_the_script_asks_for_nothing_that_the_page_does_not_have(self):
        script = "".join((stages.ROOT / "docs" / "book" / name).read_text()
                         for name in ("replay.js", "replay_player.js"))
        recorded = small()
        body = replay.body(recorded, stages.ROOT / "stage01_reactor", 1)
        ids = set(re.findall(r"\bat\('([\w-]+)'\)", script))
        self.assertGreater(len(ids), 10)
        self.assertEqual({name for name in ids if f'id="{name}"' not in body}, set())
