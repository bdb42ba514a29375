"""Tests of the pages that show two stages side by side."""

import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

import stages
import told
from book import diffs, page
from testing import InFolder

_OLD = "int one() {\n  return 1;\n}\n"
_NEW = "int one() {\n  return 2;\n}\n"
_CHAPTER = """# Stage 2: two

## How `one` grows

`evolve/one.cpp`, `one`:

```diff
@@ -1,2 +1,2 @@ one
 int one() {
-  return 1;
+  return 2;
```

## Another file

`evolve/two.h`, `two`, line 1:

```cpp
bool two = 1 < 2;
```
"""


class Shown(HTMLParser):
    """What a page shows: its lines by column, its ids, its links."""

    def __init__(self, html):
        super().__init__()
        self.ids, self.links, self.columns, self.open = [], [], {"old": [], "new": []}, []
        self.new_of = {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Counts, and remembers in which column it is."""
        attrs = dict(attrs)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs["href"]] if "href" in attrs else []
        if tag not in ("link", "meta"):
            self.open.append(attrs)
        if "data-n" in attrs:
            self.columns[self._side()].append([int(attrs["data-n"]), ""])

    def handle_endtag(self, tag):
        """Leaves an element; the end of a line on the right belongs to a file."""
        if "data-n" in self.open.pop() and self._side() == "new":
            name = next(a["id"] for a in self.open if a.get("class") == "file")
            self.new_of.setdefault(name, []).append(self.columns["new"][-1][1])

    def handle_data(self, data):
        """The text of a line."""
        in_words = any("tie" in attrs.get("class", "") for attrs in self.open)  # not as in the code
        if any("data-n" in attrs for attrs in self.open) and not in_words:
            self.columns[self._side()][-1][1] += data

    def _side(self):
        """The column around this place."""
        return next(a["class"] for a in reversed(self.open) if a.get("class") in ("old", "new"))


class Small(InFolder):
    """Two stages of a few lines."""

    def setUp(self):
        super().setUp()
        self.write("stage01_a/evolve/one.cpp", _OLD)
        self.write("stage01_a/test/one_test.cpp", "// as it was\n")
        self.write("stage02_b/evolve/one.cpp", _NEW)
        self.write("stage02_b/evolve/two.h", "bool two = 1 < 2;\n")
        self.write("stage02_b/test/one_test.cpp", "// as it was\n")
        self.write("stage02_b/README.md", _CHAPTER)

    def shown(self):
        first, second = stages.stages(self.root)
        return diffs.body(diffs.pairs(second, first)[0], 2)

    def test_both_columns_hold_both_files(self):
        columns = Shown(self.shown()).columns
        self.assertEqual(["int one() {", "  return 1;", "}"], [text for _, text in columns["old"]])
        self.assertEqual(["int one() {", "  return 2;", "}", "bool two = 1 < 2;"],
                         [text for _, text in columns["new"]])

    def test_a_change_leads_to_its_block(self):
        html = self.shown()
        self.assertIn('href="chapter02.html#told1">How <code>one</code> grows<', html)
        self.assertIn('href="chapter02.html#told2">Another file<', html)
        self.assertIn("told1", Shown(html).ids)

    def test_what_stays_is_named_only(self):
        html = self.shown()
        self.assertIn("Unchanged: <code>test/one_test.cpp</code>.", html)
        self.assertNotIn("as it was", html)

    def test_code_is_no_markup(self):
        self.assertIn("1 &lt; 2", self.shown())

    def test_a_long_stretch_is_folded(self):
        lines = [f"int v{k};\n" for k in range(20)]
        self.write("stage01_a/test/one_test.cpp", "".join(lines) + "int a;\n")
        self.write("stage02_b/test/one_test.cpp", "".join(lines) + "int b;\n")
        self.assertIn("<summary>17 lines stay", self.shown())

    def test_a_short_stretch_is_not(self):
        lines = [f"int v{k};\n" for k in range(5)]
        self.write("stage01_a/test/one_test.cpp", "".join(lines) + "int a;\n")
        self.write("stage02_b/test/one_test.cpp", "".join(lines) + "int b;\n")
        self.assertNotIn("lines stay", self.shown())

    def test_headers_first_and_tests_last(self):
        self.write("stage02_b/evolve/one.h", "")
        self.write("stage02_b/CMakeLists.txt", "")
        self.write("stage02_b/sample/use.cpp", "")
        self.assertEqual(["evolve/one.h", "evolve/one.cpp", "evolve/two.h", "sample/use.cpp",
                          "CMakeLists.txt", "test/one_test.cpp"],
                         diffs.names(*map(diffs.files_of, stages.stages(self.root))))

    def test_a_heading_in_code_is_no_section(self):
        text = _CHAPTER.replace("bool two", "# no heading\nbool two")
        block = told.parse(text)[1]
        self.assertEqual("Another file", diffs.sections(text)[block.caption_line])


class Steps(InFolder):
    """A chapter whose second step replaces what its first has brought."""

    def setUp(self):
        super().setUp()
        self.write("stage01_a/evolve/one.cpp", "a\nb\n")
        self.write("stage02_b/evolve/one.cpp", "a\nC\nd\n")
        block = "`evolve/one.cpp`, `x`:\n\n```diff\n{}```\n\n"
        self.write("stage02_b/README.md", "# Two\n\n## 2.1 First\n\n"
                   + block.format("@@ -2,1 +2,2 @@\n-b\n+c\n+d\n") + "## 2.2 Then\n\n"
                   + block.format("@@ -2,1 +2,1 @@\n-c\n+C\n"))
        first, second = stages.stages(self.root)
        self.pairs = diffs.pairs(second, first)

    def told(self, k):
        """(sign, text, section) of the changed lines of a page."""
        [file] = [diffs.compared(self.pairs[k], "evolve/one.cpp")]
        sections = self.pairs[k].chapter.sections
        return [(line.sign, line.text, sections[run.block.caption_line])
                for run in file.runs if not run.stays for line in run.lines]

    def test_a_stage_leads_to_the_step_that_brought_or_took_a_line(self):
        self.assertEqual(self.told(0), [("-", "b", "2.1 First"), ("+", "C", "2.2 Then"),
                                        ("+", "d", "2.1 First")])

    def test_a_step_is_shown_alone(self):
        self.assertEqual(self.told(1), [("-", "b", "2.1 First"), ("+", "c", "2.1 First"),
                                        ("+", "d", "2.1 First")])
        self.assertEqual(self.told(2), [("-", "c", "2.2 Then"), ("+", "C", "2.2 Then")])

    def test_all_lead_to_the_page_of_their_step(self):
        self.assertIn('href="step02_02.html#told2"', diffs.body(self.pairs[0], 2))
        html = diffs.body(self.pairs[2], 2)
        self.assertIn('id="told2" href="step02_02.html#told2"', html)
        self.assertIn('href="diff_02_01.html">← Step 2.1</a>', html)


class AllStages(unittest.TestCase):
    """The real pages."""

    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as out:
            pages = diffs.write(stages.ROOT, Path(out), page.wrap)
            cls.html = {(each.stage, each.step): (Path(out) / each.file).read_text()
                        for each in pages}

    def test_there_is_one_for_each(self):
        self.assertEqual([stages.number(s) for s in stages.stages()],
                         [n for n, step in self.html if step is None])

    def test_every_block_can_be_reached(self):
        for stage in stages.stages():
            shown = [Shown(html) for (n, _), html in self.html.items() if n == stages.number(stage)]
            links = {link for one in shown for link in one.links}
            chapter = diffs.chapter_of(stage)
            wanted = [page.told_anchor(k) for k, _ in enumerate(chapter.blocks)]
            self.assertEqual({*wanted},
                             {i for one in shown for i in one.ids if i.startswith("told")})
            for anchor, block in zip(wanted, chapter.blocks):
                self.assertIn(f"{chapter.page_of(block)}#{anchor}", links)

    def test_every_line_of_the_library_is_there(self):
        last = stages.stages()[-1]
        right = Shown(self.html[stages.number(last), None]).new_of
        for name in diffs.files_of(last):
            if text := right.get(diffs.anchor_of(name)):
                self.assertEqual(told.lines_of((last / name).read_text()), text, name)
        self.assertGreater(len(right), 20)

    def test_ids_are_unique(self):
        for html in self.html.values():
            ids = Shown(html).ids
            self.assertEqual(len(ids), len(set(ids)))
