"""carry: a change planted in the first stage has to be in all, a conflict has to be clean."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import chapter
from testing import InFolder

TOOLS = Path(__file__).resolve().parent
REAL = TOOLS.parent
STAGES = ("stage01_one", "stage02_two", "stage03_three")
LINES = [f"line {i}\n" for i in range(20)]


def git(root, *arguments):
    """Runs git in the tree, as somebody, whoever runs the tests."""
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root):
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "all")


class Repository(InFolder):
    """A tree of its own for every test."""

    def carry(self, *arguments):
        """Runs carry on the tree without building it; returns (status, what it said)."""
        done = subprocess.run(
            [sys.executable, TOOLS / "carry.py", "--no-test", *arguments],
            env={**os.environ, "EVOLVE_ROOT": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.returncode, done.stdout

    def read(self, stage, name="evolve/a.cpp"):
        return (self.root / stage / name).read_text()

    def edit(self, stage, old, new, name="evolve/a.cpp"):
        """Replaces a text that is there exactly once."""
        text = self.read(stage, name)
        self.assertEqual(text.count(old), 1)
        self.write(f"{stage}/{name}", text.replace(old, new))

    def snapshot(self):
        return {p: p.read_bytes() for p in self.root.glob("stage*/**/*") if p.is_file()}


class Synthetic(Repository):
    """Three stages with one file each, and every stage adds a line to it."""

    def setUp(self):
        super().setUp()
        text = list(LINES)
        for n, stage in enumerate(STAGES):
            self.write(f"{stage}/evolve/a.cpp", "".join(text))
            self.write(f"{stage}/evolve/same.h", "same\n")
            text.insert(5 * n + 5, f"new after {stage}\n")
        commit(self.root)

    def test_a_change_arrives_in_every_stage_and_what_they_added_stays(self):
        self.edit(STAGES[0], "line 1\n", "line one\n")
        self.assertEqual(self.carry("1")[0], 0)
        for stage in STAGES:
            self.assertIn("line one\n", self.read(stage))
        self.assertIn("new after stage01_one\n", self.read(STAGES[2]))
        self.assertIn("new after stage02_two\n", self.read(STAGES[2]))

    def test_a_change_of_a_later_stage_leaves_the_earlier_ones_alone(self):
        self.edit(STAGES[1], "line 18\n", "line eighteen\n")
        self.assertEqual(self.carry("2")[0], 0)
        self.assertNotIn("eighteen", self.read(STAGES[0]))
        self.assertIn("eighteen", self.read(STAGES[2]))

    def test_a_file_that_is_equal_in_all_stages_stays_equal(self):
        self.write(f"{STAGES[0]}/evolve/same.h", "other\n")
        self.assertEqual(self.carry("1")[0], 0)
        self.assertEqual([self.read(s, "evolve/same.h") for s in STAGES], ["other\n"] * 3)

    def test_new_files_are_copied_and_deleted_ones_deleted(self):
        self.write(f"{STAGES[0]}/test/new_test.cpp", "new\n")
        (self.root / STAGES[0] / "evolve/same.h").unlink()
        self.assertEqual(self.carry("1")[0], 0)
        for stage in STAGES:
            self.assertEqual(self.read(stage, "test/new_test.cpp"), "new\n")
            self.assertFalse((self.root / stage / "evolve/same.h").exists())

    def test_a_change_arrives_in_every_step_of_a_later_chapter(self):
        steps = ("# Three\n\n## 3.1 One\n\n`evolve/a.cpp`, x:\n\n```diff\n"
                 "@@ -10,2 +10,3 @@\n line 8\n+naive\n line 9\n```\n\n## 3.2 Two\n\n"
                 "`evolve/a.cpp`, y:\n\n```diff\n@@ -10,3 +10,3 @@\n line 8\n-naive\n"
                 "+new after stage02_two\n line 9\n```\n")
        self.write(f"{STAGES[2]}/README.md", steps)
        self.edit(STAGES[0], "line 1\n", "line one\nand a half\n")
        status, said = self.carry("1")
        self.assertEqual(status, 0, said)
        self.assertEqual(self.read(STAGES[2], "README.md"),
                         steps.replace("-10", "-11").replace("+10", "+11"))
        replayed = chapter.replay(self.root / STAGES[2], self.root / STAGES[1])
        self.assertEqual(replayed, [])

    def test_chapters_are_not_carried(self):
        self.write(f"{STAGES[0]}/README.md", "a chapter\n")
        self.assertEqual(self.carry("1")[0], 0)
        self.assertFalse((self.root / STAGES[1] / "README.md").exists())

    def test_a_second_run_changes_nothing(self):
        self.edit(STAGES[0], "line 1\n", "line one\n")
        self.carry("1")
        once = self.snapshot()
        self.assertEqual(self.carry("1")[0], 0)
        self.assertEqual(self.snapshot(), once)

    def test_what_has_not_changed_is_not_carried(self):
        before = self.snapshot()
        status, said = self.carry("1")
        self.assertEqual((status, self.snapshot()), (0, before))
        self.assertIn("nothing to carry", said)

    def test_a_committed_change_is_carried_from_an_older_revision(self):
        self.edit(STAGES[0], "line 1\n", "line one\n")
        commit(self.root)
        self.assertEqual(self.carry("1", "--base", "HEAD~1")[0], 0)
        self.assertIn("line one\n", self.read(STAGES[2]))

    def test_without_a_commit_it_says_so_in_one_line(self):
        for words in (["1", "--base", "nowhere"], ["1"]):
            status, said = self.carry(*words)
            self.assertEqual((status, said.count("\n")), (1, 1))
            self.assertIn(f"has no commit {words[-1] if len(words) > 1 else 'HEAD'}\n", said)
            shutil.rmtree(self.root / ".git", ignore_errors=True)

    def conflict(self):
        """A change that stage 3 contradicts, beside one that nobody does."""
        self.edit(STAGES[2], "line 1\n", "line uno\n")
        commit(self.root)
        self.edit(STAGES[0], "line 1\n", "line one\n")
        self.write(f"{STAGES[0]}/evolve/same.h", "other\n")

    def test_a_conflict_is_named_and_nothing_but_its_file_is_written(self):
        self.conflict()
        before = self.snapshot()
        status, said = self.carry("1")
        self.assertEqual(status, 1)
        self.assertIn("stage03_three/evolve/a.cpp: conflict", said)
        differs = {p for p, text in self.snapshot().items() if text != before[p]}
        self.assertEqual(differs, {self.root / STAGES[2] / "evolve/a.cpp"})
        self.assertIn("<<<<<<< stage03_three\nline uno\n", self.read(STAGES[2]))

    def test_a_settled_conflict_is_taken_as_it_stands(self):
        self.conflict()
        self.carry("1")
        path = f"{STAGES[2]}/evolve/a.cpp"
        self.assertIn("settle the conflict", self.carry("1", "--take", path)[1])
        self.write(f"{STAGES[2]}/evolve/a.cpp", "settled\n")
        self.assertEqual(self.carry("1", "--take", path)[0], 0)
        self.assertEqual(self.read(STAGES[2]), "settled\n")
        self.assertIn("line one\n", self.read(STAGES[1]))
        self.assertEqual(self.read(STAGES[2], "evolve/same.h"), "other\n")

    def test_deleting_what_a_later_stage_changed_is_a_conflict(self):
        self.write(f"{STAGES[1]}/evolve/same.h", "changed\n")
        commit(self.root)
        (self.root / STAGES[0] / "evolve/same.h").unlink()
        before = self.snapshot()
        status, said = self.carry("1")
        self.assertEqual((status, self.snapshot()), (1, before))
        self.assertIn("stage02_two/evolve/same.h: conflict", said)

    def test_a_stage_or_a_revision_that_is_not_there_is_named(self):
        self.assertIn("no stage 7", self.carry("7")[1])
        status, said = self.carry("1", "--base", "nowhere")
        self.assertEqual(status, 1)
        self.assertIn("nowhere", said)


class Real(Repository):
    """A copy of the stages that there are."""

    def setUp(self):
        super().setUp()
        self.stages = sorted(p.name for p in REAL.glob("stage[0-9][0-9]_*") if p.is_dir())
        for stage in self.stages:
            without = shutil.ignore_patterns("build", "README.md")
            shutil.copytree(REAL / stage, self.root / stage, ignore=without)
        commit(self.root)

    def test_a_change_of_each_file_of_the_first_stage_arrives_in_all(self):
        planted = "// Planted, to be found in every stage.\n"
        first = self.root / self.stages[0]
        names = sorted(str(p.relative_to(first)) for p in first.glob("evolve/*"))
        for name in names:
            self.write(f"{self.stages[0]}/{name}", planted + self.read(self.stages[0], name))
        status, said = self.carry("1")
        self.assertEqual(status, 0, said)
        for stage in self.stages:
            for name in names:
                self.assertTrue(self.read(stage, name).startswith(planted), f"{stage}/{name}")
