"""Tests of what the browser is told to look for; that it finds faults, `--self-test` shows."""

import re
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import stages
from book import page, pictures, prove, site

_SCRIPTS = [path.read_text()
            for path in (Path(prove.__file__).parent / "browser").glob("*.mjs")]


def _checks():
    """The names of the scripts' checks, as often as they are there."""
    inside = re.findall(r"^export default \{(.*?)^\};", "\n".join(_SCRIPTS), re.M | re.S)
    return re.findall(r"^  (\w+)", "".join(inside), re.M)


class Plan(unittest.TestCase):
    """What a page must show comes from the chapters."""

    def plan(self, *files):
        """The plan for a book that has these files."""
        with tempfile.TemporaryDirectory() as site, \
                mock.patch.object(prove, "_browser", return_value="browser"):
            for name in files:
                (Path(site) / name).touch()
            return prove.plan(stages.ROOT, Path(site), Path(site) / "shots")

    def chapter(self, text):
        """What is demanded of the pages of this chapter, which is stage 3's."""
        with tempfile.TemporaryDirectory() as holder:
            stage = Path(holder) / "stage03_x"
            stage.mkdir()
            (stage / "README.md").write_text(text)
            return [prove._chapter(stages.ROOT, part) for part in site.parts(stage)]

    def test_a_chapter(self):
        [found] = self.chapter("# Stage 3: `x`\n\n```text\na\n```\n\n```sh\nb\n```\n")
        self.assertEqual(("Stage 3: x", 2, 1),
                         (found["title"], found["blocks"], found["pictures"]))

    def test_a_chapter_in_steps(self):
        with mock.patch.object(pictures, "heading", lambda each: "## 3.2 B" if each.name == "heap"
                               else None):
            found = self.chapter("# Stage 3\n\n## 3.1 A\n\n```sh\na\n```\n\n## 3.2 B\n\n## End\n")
        self.assertEqual([("Stage 3", 0), ("3.1 A", 1), ("3.2 B", 0), ("End", 0)],
                         [(each["title"], each["blocks"]) for each in found])
        self.assertEqual([1, 0, 0], [each["pictures"] for each in found[1:]])

    def test_every_stage_has_all_its_pages(self):
        plan = self.plan()
        count = len(stages.stages())
        self.assertEqual([count] * 2, [len(plan[k]) for k in ("diffs", "replays")])
        self.assertGreaterEqual(len(plan["chapters"]), count)
        self.assertIn(page.reference_page(count), plan["pages"])

    def test_no_page_is_left_out(self):
        self.assertIn("planted.html", self.plan("planted.html")["pages"])


class Faults(unittest.TestCase):
    """Nothing is promised that nobody has seen fail."""

    def test_no_check_takes_anothers_place(self):
        self.assertEqual(sorted(set(_checks())), sorted(_checks()))

    def test_every_check_has_a_fault(self):
        self.assertEqual(set(_checks()), {check for _, check, *_ in prove.FAULTS})

    def test_what_a_fault_is_told_by(self):
        for what, _, word, _, _ in prove.FAULTS:
            own = ("planted", "ERR_FILE_NOT_FOUND", "ArrowLeft")
            self.assertTrue(any(word in script for script in _SCRIPTS) or any(o in word for o in own), what)

    def test_the_command_is_content_with_each_browser_that_will_do(self):
        script = (Path(prove.__file__).parents[1] / "packages.sh").read_text()
        looked_for, = re.findall(r"for browser in (.*); do", script)
        self.assertEqual(tuple(looked_for.split()), prove._NAMES)

    def test_a_missing_browser_is_named(self):
        with mock.patch("shutil.which", return_value=None), \
                self.assertRaisesRegex(prove.Missing, "chromium"):
            prove._browser()


class Script(unittest.TestCase):
    """The driver is one and the same everywhere."""

    def test_it_is_pinned(self):
        package = (Path(prove.__file__).parent / "browser" / "package.json").read_text()
        self.assertRegex(package, r'"playwright-core": "\d+\.\d+\.\d+"')
