"""Tests of the chapter tools: every kind of defect is planted, and random edits are woven.

The random part makes two small stages and a chapter whose blocks stand in any order, edits the
code, and demands of the woven chapter what an author relies on: it is the diff again, weaving
twice changes nothing, no line is lost or told twice, and no word of prose is touched.
"""

import contextlib
import io
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import chapter
import linediff
import stages
import told
import weave as weaving

TOOL = Path(__file__).resolve().parent / "chapter.py"
SCENARIOS = 300


class Tree:
    """A repository of two stages in a temporary directory."""

    def __init__(self, test):
        self.root = Path(test.enterContext(tempfile.TemporaryDirectory()))
        self.previous, self.stage = self.root / "stage01_one", self.root / "stage02_two"
        for stage in (self.previous, self.stage):
            (stage / "evolve").mkdir(parents=True)

    def write(self, stage, files):
        """Replaces the sources of a stage."""
        for path in (stage / "evolve").iterdir():
            path.unlink()
        for name, text in files.items():
            (stage / name).write_text(text)

    def tell(self, text):
        """Writes the second stage's chapter."""
        (self.stage / "README.md").write_text(text)

    def told(self):
        """Reads the second stage's chapter."""
        return (self.stage / "README.md").read_text()

    def replay(self):
        """The problems of the second stage's chapter."""
        return chapter.replay(self.stage, self.previous)


OLD = """#include <a>

int one() {
  return 1;
}

int two() {
  int x = 2;
  return x;
}
"""

NEW = """#include <a>
#include <b>

int one() {
  return 1;
}

int half() {
  return 0;
}

int two() {
  int y = 2;
  return y;
}
"""

FRESH = """#pragma once

int fresh();

int stale();
"""

CHAPTER = """# A chapter

First `two` gets a better name.

`evolve/a.cpp`, `two`:

```diff
@@ -7,4 +12,4 @@ two
 int two() {
-  int x = 2;
-  return x;
+  int y = 2;
+  return y;
 }
```

The second declaration, told first.

`evolve/b.h`, `stale`, line 4:

```cpp

int stale();
```

An illustration, which tells nothing:

```cpp
int illustration();
```

The head of it.

`evolve/b.h`, `fresh`, line 1:

```cpp
#pragma once

int fresh();
```

And all the rest.

`evolve/a.cpp`, includes and `half`:

```diff
@@ -1,3 +1,4 @@
 #include <a>
+#include <b>

 int one() {
@@ -5,3 +6,7 @@
 }

+int half() {
+  return 0;
+}
+
 int two() {
```

The end.
"""


# What is wrong in a chapter: the text that is replaced, by what, and the problem that is told.
DEFECTS = {
    "a missing change": (
        "@@ -1,3 +1,4 @@\n #include <a>\n+#include <b>\n\n int one() {\n", "",
        "evolve/a.cpp:2: changed, but not told: +#include <b>"),
    "a missing removal": (
        "@@ -7,4 +12,4 @@ two\n int two() {\n-  int x = 2;\n", "@@ -9,2 +13,3 @@\n",
        "evolve/a.cpp:8: changed, but not told: -  int x = 2;"),
    "a change told twice": (
        "\nThe end.\n", "\n`evolve/a.cpp`, includes:\n\n```diff\n@@ -1,1 +1,2 @@\n #include <a>\n"
        "+#include <b>\n```\n", "new line 2 of evolve/a.cpp is told twice"),
    "a removal told twice": (
        "\nThe end.\n",
        "\n`evolve/a.cpp`, `two`:\n\n```diff\n@@ -8,1 +13,0 @@\n-  int x = 2;\n```\n",
        "old line 8 of evolve/a.cpp is told twice"),
    "wrong old text": ("-  int x = 2;", "-  int z = 2;",
                       "README.md:10: told as old line 8 of evolve/a.cpp: '  int z = 2;'"),
    "wrong context": ("+#include <b>\n\n", "+#include <b>\n x\n", "told as old line 2"),
    "wrong new text": ("+  return y;", "+  return  y;", "told as new line 14"),
    "a wrong old number": ("-7,4", "-6,4", "README.md:9: told as old line 6"),
    "a wrong old number where the text agrees": (
        "@@ -1,3 +1,4 @@\n #include <a>\n+#include <b>\n\n int one() {\n",
        "@@ -3,0 +2,1 @@\n+#include <b>\n", "told as new line 2 of evolve/a.cpp: '#include <b>'; the diff does not have it"),
    "a wrong new number": (
        "+12,4", "+11,4", "README.md:10: told as old line 8 of evolve/a.cpp: '  int x = 2;'; the "
        "diff does not have it at that place"),
    "wrong counts": ("+1,4 @@", "+1,5 @@", "the hunk's lines are -3 +4, not -3 +5"),
    "added lines in the wrong order": (
        "+int half() {\n+  return 0;\n", "+  return 0;\n+int half() {\n", "told as new line 8"),
    "removed lines in the wrong order": (
        "-  int x = 2;\n-  return x;\n", "-  return x;\n-  int x = 2;\n", "told as old line 8"),
    "a hunk that changes nothing": (
        "@@ -5,3 +6,7 @@", "@@ -1,1 +1,1 @@\n #include <a>\n@@ -5,3 +6,7 @@",
        "this hunk changes nothing"),
    "a line that stays told as changed": (
        "@@ -7,4 +12,4 @@ two\n int two() {\n",
        "@@ -7,4 +12,4 @@ two\n-int two() {\n+int two() {\n",
        "told as old line 7 of evolve/a.cpp: 'int two() {'; the diff does not have it"),
    "a gap between pieces": ("line 4:\n\n```cpp\n\n", "line 5:\n\n```cpp\n",
                             "evolve/b.h:4: changed, but not told: +"),
    "a missing last piece": ("`evolve/b.h`, `stale`, line 4:", "No caption.",
                             "evolve/b.h:4: changed, but not told: + and 1 lines more"),
    "overlapping pieces": ("line 4:\n\n```cpp\n", "line 3:\n\n```cpp\nint fresh();\n",
                           "new line 3 of evolve/b.h is told twice"),
    "a piece inside of another": ("\nThe end.\n", "\n`evolve/b.h`, x, line 2:\n\n```cpp\n\n```\n",
                                  "new line 2 of evolve/b.h is told twice"),
    "pieces in the wrong order": (
        "#pragma once\n\nint fresh();", "#pragma once\n\nint stale();",
        "README.md:39: told as new line 3 of evolve/b.h: 'int stale();'"),
    "a piece beyond the end": ("int stale();\n", "int stale();\nint more();\n",
                               "the file ends before"),
    "a diff of a new file": (
        "\nThe end.\n", "\n`evolve/b.h`, x:\n\n```diff\n@@ -0,0 +1,1 @@\n+#pragma\n```\n",
        "evolve/b.h is new and must be told in cpp blocks"),
    "a piece of an old file": (
        "\nThe end.\n", "\n`evolve/a.cpp`, x, line 1:\n\n```cpp\nint x;\n```\n",
        "evolve/a.cpp was there before and must be told in diff blocks"),
    "a block of no file": ("\nThe end.\n",
                           "\n`evolve/c.h`, x, line 1:\n\n```cpp\nint x;\n```\n",
                           "there is no file evolve/c.h"),
    "an empty block": ("\nThe end.\n", "\n`evolve/a.cpp`, x:\n\n```diff\n```\n",
                       "this block tells nothing"),
}


class TwoStages(unittest.TestCase):
    """Tests on a tree with a right chapter."""

    def setUp(self):
        self.tree = Tree(self)
        self.tree.write(self.tree.previous, {"evolve/a.cpp": OLD})
        self.tree.write(self.tree.stage, {"evolve/a.cpp": NEW, "evolve/b.h": FRESH})
        self.tree.tell(CHAPTER)


class ReplayTest(TwoStages):
    """A right chapter passes, and each kind of wrong one is told by its line."""

    def test_a_right_chapter_has_no_problems(self):
        self.assertEqual(self.tree.replay(), [])

    def test_blank_context_may_keep_its_space(self):
        self.tree.tell(CHAPTER.replace("+#include <b>\n\n", "+#include <b>\n \n"))
        self.assertEqual(self.tree.replay(), [])

    def test_each_defect_is_told(self):
        for what, (old, new, problem) in DEFECTS.items():
            with self.subTest(what):
                self.assertEqual(CHAPTER.count(old), 1, old)
                self.tree.tell(CHAPTER.replace(old, new))
                self.assertIn(problem, "\n".join(self.tree.replay()))

    def test_a_final_newline(self):
        for files in ({"evolve/a.cpp": NEW[:-1], "evolve/b.h": FRESH},
                      {"evolve/a.cpp": NEW, "evolve/b.h": FRESH[:-1]},
                      {"evolve/a.cpp": NEW + "\n", "evolve/b.h": FRESH},
                      {"evolve/a.cpp": NEW, "evolve/b.h": FRESH + "\n"},
                      {"evolve/a.cpp": NEW, "evolve/b.h": ""}):
            self.tree.write(self.tree.stage, files)
            self.assertEqual(len(self.tree.replay()), 1)

    def test_other_line_ends_are_text(self):
        self.tree.write(self.tree.stage, {"evolve/a.cpp": NEW, "evolve/b.h": FRESH})
        (self.tree.stage / "evolve/a.cpp").write_bytes(NEW.replace("}\n", "}\r\n").encode())
        self.assertTrue(self.tree.replay())

    def test_a_file_that_is_not_told(self):
        (self.tree.stage / "evolve/c.h").write_text("int c;\n")
        self.assertIn("evolve/c.h:1: changed, but not told: +int c;", self.tree.replay()[0])

    def test_a_deleted_file(self):
        (self.tree.previous / "evolve/c.h").write_text("int c;\n")
        self.assertIn("never deleted", self.tree.replay()[0])

    def test_no_chapter(self):
        (self.tree.stage / "README.md").unlink()
        self.assertIn("there is no chapter", self.tree.replay()[0])

    def test_the_first_stage_starts_from_nothing(self):
        self.tree.write(self.tree.stage, {"evolve/b.h": FRESH})
        self.tree.tell(CHAPTER[CHAPTER.index("The second"):CHAPTER.index("And all")])
        self.assertEqual(chapter.replay(self.tree.stage, None), [])


class ParseTest(unittest.TestCase):
    """Malformed told blocks are refused by line; what is no told block is left alone."""

    def refuse(self, line, text):
        with self.assertRaises(told.ChapterError) as caught:
            told.parse(text)
        self.assertEqual(caught.exception.line, line)

    def test_malformed_blocks(self):
        self.refuse(1, "`evolve/a.h`, x, line 1:\n```cpp\n```\n")
        self.refuse(1, "`evolve/a.h`, x, line 1:\n\n\n```cpp\n```\n")
        self.refuse(2, "Wrapped prose on\n`evolve/a.h`, x, line 1:\n\n```cpp\n```\n")
        self.refuse(1, "`evolve/a.h`, x:\n\n```cpp\nint x;\n```\n")
        self.refuse(1, "`evolve/a.h`, x, line 0:\n\n```cpp\nint x;\n```\n")
        self.refuse(3, "`evolve/a.h`, x:\n\n```console\n$ ls\n```\n")
        self.refuse(4, "`evolve/a.h`, x:\n\n```diff\n+no header\n```\n")
        self.refuse(5, "`evolve/a.h`, x:\n\n```diff\n@@ -1,1 +1,1 @@\nno sign\n```\n")
        self.refuse(4, "`evolve/a.h`, x:\n\n```diff\n@@ -1 1 @@\n```\n")
        self.refuse(3, "`evolve/a.h`, x:\n\n```diff\n@@ -1,1 +1,1 @@\n")

    def test_illustrations_are_ignored(self):
        inner = "````text\n`evolve/a.h`, x, line 1:\n\n```cpp\nint x;\n```\n````\n"
        self.assertEqual(told.parse(inner + "\nThus:\n\n```diff\nanything\n```\n"), [])

    def test_what_a_block_holds(self):
        first, second = told.parse("`evolve/a.h`, `x`, line 7:\n\n```cpp\nint x;\n\n```\n\n"
                                   "`evolve/b.h`, `y`:\n\n```diff\n@@ -3 +4,2 @@ f\n y\n+z\n```\n")
        self.assertEqual((first.file, first.kind, first.first, first.body, first.part()),
                         ("evolve/a.h", "cpp", 7, ["int x;", ""], "`x`"))
        self.assertEqual((second.caption_line, second.open_line, second.close_line), (8, 10, 14))
        self.assertEqual([c[:4] for c in second.changes()], [("+", "z", 3, 4)])
        self.assertEqual(second.hunks[0].name, "f")


class StatsTest(unittest.TestCase):
    """What makes a block hard to read is counted."""

    def problems(self, text):
        tree = Tree(self)
        tree.tell(text)
        return chapter.stats(tree.stage)[1]

    def block(self, size, first=1, name=", `x`", text="int x;\n"):
        return f"`evolve/a.h`{name}, line {first}:\n\n```cpp\n{text * size}```\n\n"

    def test_a_good_chapter(self):
        tree = Tree(self)
        tree.tell(CHAPTER)
        rows, problems = chapter.stats(tree.stage)
        self.assertEqual(problems, [])
        self.assertEqual([row[1:] for row in rows], [(4, 4), (2, 1), (3, 2), (5, 4)])

    def test_a_block_too_long(self):
        self.assertEqual(self.problems(self.block(40, text="// x\n")), [])
        self.assertIn("41 changed lines", self.problems(self.block(41, text="// x\n"))[0])

    def test_a_median_too_long(self):
        self.assertEqual(self.problems(self.block(12)), [])
        self.assertIn("median block has 13", self.problems(self.block(13))[0])

    def test_no_prose_between(self):
        for between in ("", "## Heading\n\n", "```cpp\nint y;\n```\n\n", "![picture](x.svg)\n\n"):
            found = self.problems(self.block(1) + between + self.block(1, 2))
            self.assertIn("no prose between", found[0])
        self.assertEqual(self.problems(self.block(1) + "Why.\n\n" + self.block(1, 2)), [])

    def test_blocks_of_a_step_that_share_their_prose(self):
        """Of several files, and not too many of them."""
        number = chapter.stages.number(Tree(self).stage)
        step = f"## {number}.1 A step\n\nWhy.\n\n"
        blocks = [self.block(1).replace("a.h", f"{name}.h") for name in "abcdefgh"]
        most = chapter.MOST_TOGETHER
        self.assertEqual(self.problems(step + "".join(blocks[:most])), [])
        self.assertIn("no prose", self.problems(step + "".join(blocks[:most + 1]))[0])
        self.assertIn("no prose", self.problems("Why.\n\n" + "".join(blocks[:2]))[0])
        self.assertIn("no prose", self.problems(step + self.block(1) + self.block(1, 2))[0])
        outside = self.problems(step + blocks[0] + "## More\n\nWhy.\n\n" + self.block(41, 2))
        self.assertIn("41 changed lines", outside[0])

    def test_a_caption_without_a_part(self):
        self.assertIn("does not name", self.problems(self.block(1, name=""))[0])


class DiffTest(unittest.TestCase):
    """The diff is complete, minimal at its edges, and reads well."""

    def test_random_texts(self):
        rand = random.Random(1)
        for _ in range(300):
            old = [rand.choice("aabbcdefgh") for _ in range(rand.randrange(25))]
            new = edited(rand, old, lambda: rand.choice("aabbcxyz"))
            whole = linediff.script(old, new)
            self.assertEqual([x.text for x in whole if x.sign != "+"], old)
            self.assertEqual([x.text for x in whole if x.sign != "-"], new)
            for a, b, c, d in linediff.regions(old, new):
                if a < b and c < d:
                    self.assertNotEqual(old[a], new[c])
                    self.assertNotEqual(old[b - 1], new[d - 1])

    def test_whole_functions_are_inserted(self):
        f, g = "int f() {\n  return 1;\n}\n\n", "int g() {\n  return 1;\n}\n\n"
        whole = linediff.script((f + "int h;").split("\n"), (f + g + "int h;").split("\n"))
        self.assertEqual("".join(x.text + "\n" for x in whole if x.sign == "+"), g)

    def test_whole_ifs_are_inserted(self):
        one, two = "  if (x) {\n    f();\n  }\n", "  if (y) {\n    f();\n  }\n"
        whole = linediff.script(f"{{\n{one}}}".split("\n"), f"{{\n{one}{two}}}".split("\n"))
        self.assertEqual("".join(x.text + "\n" for x in whole if x.sign == "+"), two)


def some_line(rand):
    """A line of a function body; some of them are alike on purpose."""
    call = f"  call({rand.randrange(1000)});"
    return rand.choice(["  ++count;", "", "  }", "  if (ready) {", call, call, "  // why"])


def some_function(rand):
    body = [some_line(rand) for _ in range(rand.randrange(1, 8))]
    return [f"int f{rand.randrange(1000)}(int x) {{", *body, "  return x;", "}", ""]


def some_file(rand):
    functions = [some_function(rand) for _ in range(rand.randrange(1, 7))]
    return ["#include <a>", "", *(text for one in functions for text in one), "int last;"]


def edited(rand, lines, fresh):
    """The lines after some random edits."""
    lines = list(lines)
    for _ in range(rand.randrange(1, 5)):
        at, size = rand.randrange(len(lines) + 1), rand.randrange(1, 5)
        kind = rand.randrange(5)
        if kind == 0:
            del lines[at:at + size]
        elif kind == 1:
            lines[at:at] = [fresh() for _ in range(size)]
        elif kind == 2:
            lines[at:at + size] = [fresh() for _ in range(size)]
        elif kind == 3:
            lines[at:at] = lines[at - size:at]
        else:
            moved = lines[at:at + size]
            del lines[at:at + size]
            to = rand.randrange(len(lines) + 1)
            lines[to:to] = moved
    return lines


def edit_file(rand, text):
    """A source file after an edit: of lines, or by a whole function."""
    lines = edited(rand, text.split("\n")[:-1], lambda: some_line(rand))
    if rand.random() < 0.3:
        at = rand.randrange(len(lines) + 1)
        lines[at:at] = some_function(rand)
    return "\n".join(lines or ["int none;"]) + "\n"


def random_blocks(rand, name, old, new):
    """A file told in blocks cut at random; those of a changed file may hold any hunks of it."""
    telling = weaving.Telling(name, old, new, [])
    todo, parts = telling.changed, []
    while todo:
        size = rand.randrange(1, 9)
        parts.append(todo[:size])
        todo = todo[size:]
    if old is None:
        return [f"`{name}`, part, line {part[0] + 1}:\n\n```cpp\n"
                + "\n".join(telling.new[k] for k in part) + "\n```\n" for part in parts]
    while len(parts) > 2 and rand.random() < 0.5:
        one = parts.pop(rand.randrange(len(parts)))
        k = rand.randrange(len(parts))
        parts[k] = sorted(parts[k] + one)
    return [f"`{name}`, part:\n\n```diff\n" + "\n".join(telling.diff_body(part)) + "\n```\n"
            for part in parts]


def random_chapter(rand, old, new, keep=1.0):
    """A chapter in random order with prose between its blocks; a part of them may be left out."""
    blocks = [block for name in new
              for block in random_blocks(rand, name, old.get(name), new[name])]
    rand.shuffle(blocks)
    blocks = [block for block in blocks if rand.random() < keep]
    return "# Title\n\n" + "\n".join(f"Prose {k}: `evolve/x` and line {k}:\n\n{block}"
                                     for k, block in enumerate(blocks)) + "\nThe end.\n"


def random_stages(rand):
    """The files of two neighbouring stages."""
    old = {f"evolve/{c}.cpp": "\n".join(some_file(rand)) + "\n" for c in "ab"}
    new = {name: edit_file(rand, text) for name, text in old.items()}
    new["evolve/c.h"] = "\n".join(some_file(rand)) + "\n"
    return old, new


def prose_of(text):
    """A chapter without what weaving may write."""
    lines = told.lines_of(text)
    for block in reversed(told.parse(text)):
        lines[block.open_line:block.close_line - 1] = []
        lines[block.caption_line - 1] = told.renumbered(block.caption, 0)
    return lines


def applied(text, old):
    """The files that the blocks make of the old ones, by the old lines' numbers alone."""
    removed, added = {}, {}
    for block in told.parse(text):
        for change in block.changes():
            side = removed if change.sign == "-" else added
            side.setdefault(block.file, []).append((change.old, change.new, change.text))
    files = {}
    for name in {*old, *added}:
        lines = [(k, 1, 0, text) for k, text in enumerate(told.lines_of(old.get(name, "")))
                 if k not in {change[0] for change in removed.get(name, [])}]
        lines += [(k, 0, at, text) for k, at, text in added.get(name, [])]
        files[name] = "".join(line[3] + "\n" for line in sorted(lines))
    return files


def changed_lines(old, new):
    """Every changed line as (file, sign, number, text)."""
    return sorted((name, *weaving._place_of(line)) for name in new for line in linediff.script(
        told.lines_of(old.get(name, "")), told.lines_of(new[name])) if line.sign != " ")


def accounted(text, left):
    """Every line that is told or left over, in the same form."""
    lines = [(block.file, *weaving._place_of(c)) for block in told.parse(text)
             for c in block.changes()]
    for entry in left:
        if not entry.startswith("README.md:"):
            name, number, line = entry.split(":", 2)
            lines.append((name, line[1], int(number) - 1, line[2:]))
    return sorted(lines)


class WeaveTest(unittest.TestCase):
    """What holds after every weave, on random stages, chapters and edits."""

    def setUp(self):
        self.tree = Tree(self)

    def scene(self, rand, keep=1.0):
        """Two stages and a chapter that tells the step between them."""
        old, new = random_stages(rand)
        self.tree.write(self.tree.previous, old)
        self.tree.write(self.tree.stage, new)
        self.tree.tell(random_chapter(rand, old, new, keep))
        return old, new

    def edit(self, rand, old, new):
        """Edits one stage, or carries one edit through both."""
        name = rand.choice(sorted(new))
        where = rand.randrange(3)
        if where == 0 and name in old:
            old[name] = edit_file(rand, old[name])
        elif where == 1 and name in old:
            fix = f"  carried({rand.randrange(1000)});"
            old[name] = old[name].replace("  return x;\n", fix + "\n  return x;\n", 1)
            new[name] = new[name].replace("  return x;\n", fix + "\n  return x;\n", 1)
        else:
            new[name] = edit_file(rand, new[name])
        self.tree.write(self.tree.previous, old)
        self.tree.write(self.tree.stage, new)

    def weave(self):
        """Weaves and writes the chapter; what is left, and what was touched."""
        text, left, touched = chapter.weave(self.tree.stage, self.tree.previous)
        self.tree.tell(text)
        return left, touched

    def check(self, old, new, before, left):
        """All that must hold of a woven chapter."""
        text = self.tree.told()
        self.assertEqual(accounted(text, left), changed_lines(old, new))
        self.assertEqual(prose_of(text), prose_of(before))
        if not left:
            self.assertEqual(self.tree.replay(), [])
            self.assertEqual(applied(text, old), new)
        self.assertEqual(self.weave(), (left, []))
        self.assertEqual(self.tree.told(), text)

    def check_draft(self, old, new, text):
        """A chapter with a draft of what it lacks is the diff, up to blocks that lost all lines."""
        self.tree.tell(text + "\n" + chapter.draft(self.tree.stage, self.tree.previous))
        self.assertEqual([p for p in self.tree.replay() if "tells nothing" not in p], [])
        self.assertEqual(applied(self.tree.told(), old), new)
        self.assertEqual(chapter.draft(self.tree.stage, self.tree.previous), "")

    def test_random_chapters_are_the_diff(self):
        for seed in range(30):
            with self.subTest(seed=seed):
                old, new = self.scene(random.Random(seed))
                self.assertEqual(self.tree.replay(), [])
                self.check(old, new, self.tree.told(), [])

    def test_random_edits(self):
        whole = 0
        for seed in range(SCENARIOS):
            with self.subTest(seed=seed):
                rand = random.Random(1000 + seed)
                old, new = self.scene(rand)
                for _ in range(rand.randrange(1, 3)):
                    self.edit(rand, old, new)
                before = self.tree.told()
                left, _ = self.weave()
                self.check(old, new, before, left)
                whole += not left
                self.check_draft(old, new, self.tree.told())
        self.assertGreater(whole, SCENARIOS // 4)

    def test_draft_completes_a_part_of_a_chapter(self):
        for seed in range(40):
            with self.subTest(seed=seed):
                rand = random.Random(5000 + seed)
                old, new = self.scene(rand, keep=rand.choice([0, 0.3, 0.6, 0.9]))
                self.check_draft(old, new, self.tree.told())

    def test_draft_without_a_chapter(self):
        for seed in range(20):
            with self.subTest(seed=seed):
                old, new = self.scene(random.Random(6000 + seed))
                (self.tree.stage / "README.md").unlink()
                self.check_draft(old, new, "# Title\n")
                blocks = told.parse(self.tree.told())
                self.assertLessEqual(max(len(block.changes()) for block in blocks), 40)


class PlacingTest(TwoStages):
    """Which block a new line goes to."""

    def setUp(self):
        super().setUp()
        self.files = {"evolve/a.cpp": NEW, "evolve/b.h": FRESH}

    def weave(self, *edits):
        """The blocks of the chapter, what is left and what is touched, after edits of the stage."""
        for name, old, new in edits:
            self.assertEqual(self.files[name].count(old), 1)
            self.files[name] = self.files[name].replace(old, new)
        self.tree.write(self.tree.stage, self.files)
        text, left, touched = chapter.weave(self.tree.stage, self.tree.previous)
        return told.parse(text), left, touched

    def test_nothing_changed(self):
        _, left, touched = self.weave()
        self.assertEqual((left, touched), ([], []))
        self.assertEqual(chapter.weave(self.tree.stage, self.tree.previous)[0], CHAPTER)

    def test_a_line_between_two_of_one_block(self):
        edit = ("evolve/a.cpp", "  return 0;\n", "  f();\n  return 0;\n")
        blocks, left, touched = self.weave(edit)
        self.assertEqual(left, [])
        self.assertEqual(touched, ["README.md:44: `evolve/a.cpp`, includes and `half`:"])
        self.assertEqual(blocks[0].hunks[0].c, 13)

    def test_a_line_that_replaces_a_block_s(self):
        blocks, left, _ = self.weave(("evolve/a.cpp", "  int y = 2;\n", "  int y = 3;\n  f();\n"))
        self.assertEqual(left, [])
        self.assertIn("+  f();", blocks[0].body)

    def test_a_line_at_the_edge_of_one_block(self):
        blocks, left, _ = self.weave(("evolve/a.cpp", "  return y;\n", "  return y;\n  f();\n"))
        self.assertEqual(left, [])
        self.assertIn("+  f();", blocks[0].body)

    def test_a_line_between_two_blocks_has_no_place(self):
        _, left, _ = self.weave(("evolve/b.h", "int fresh();\n", "int fresh();\nint extra();\n"))
        self.assertEqual(left, ["evolve/b.h:4: +int extra();"])

    def test_a_line_in_place_of_two_blocks_has_no_place(self):
        _, left, _ = self.weave(("evolve/b.h", "int fresh();\n\nint stale();\n", "int a();\n"))
        self.assertEqual(left, ["evolve/b.h:3: +int a();", "README.md:19: `evolve/b.h`, `stale`, "
                                "line 4: nothing is left to tell, take this block out"])

    def test_a_line_in_the_midst_of_two_blocks_has_no_place(self):
        old, new = "f {\n  x;\n}\n", "f {\n  x;\n  y;\n  z;\n}\n"
        telling = weaving.Telling("evolve/a", old, new, [])
        text = "\n\n".join("`evolve/a`, `f`:\n\n```diff\n" + "\n".join(telling.diff_body([k]))
                           + "\n```" for k in telling.changed)
        told_so_far = told.parse(text)
        again = weaving.Telling("evolve/a", old, new.replace("  z", "  w;\n  z"), told_so_far)
        self.assertEqual([again.script[k].text for k in again.homeless()], ["  w;"])

    def test_a_new_function_has_no_place(self):
        _, left, _ = self.weave(("evolve/a.cpp", "  return y;\n}\n",
                                 "  return y;\n}\n\nint three() {\n  return 3;\n}\n"))
        self.assertEqual(len(left), 4)

    def test_a_block_that_lost_its_lines_is_named(self):
        blocks, left, _ = self.weave(("evolve/a.cpp", NEW[NEW.index("  int y"):],
                                      OLD[OLD.index("  int x"):]))
        self.assertEqual(blocks[0].body, [])
        self.assertEqual(left, ["README.md:5: `evolve/a.cpp`, `two`: nothing is left to tell, "
                                "take this block out"])

    def test_hunks_name_what_they_are_in(self):
        self.weave()
        self.tree.tell("# Title\n")
        body = chapter.draft(self.tree.stage, self.tree.previous)
        self.assertIn("@@ -7,4 +12,4 @@ two\n", body)
        self.assertIn("`evolve/a.cpp`, `two`:\n", body)
        self.assertLess(body.index("evolve/b.h"), body.index("evolve/a.cpp"))

    def test_context_across_another_block_s_lines(self):
        new = ["int a;", "", "int one() {", "  f();", "}", "", "int two() {", "  f();", "}", "",
               "int z;"]
        old = ["int a;", "", "int one() {", "  f();", "}", "", "int z;"]
        telling = weaving.Telling("a", "\n".join(old) + "\n", "\n".join(new) + "\n", [])
        first, second = telling.changed[:2], telling.changed[2:]
        self.assertEqual(telling.diff_body(first),
                         ["@@ -5,3 +5,5 @@", " }", "", "+int two() {", "+  f();", " int z;"])
        self.assertEqual(telling.diff_body(second),
                         ["@@ -5,3 +7,5 @@ two", " }", "", "+}", "+", " int z;"])
        old, new = "f() {\n  x;\n}\n", "f() {\n  x;\n  y;\n  z;\n}\n"
        telling = weaving.Telling("a", old, new, [])
        self.assertEqual(telling.diff_body(telling.changed[1:]),
                         ["@@ -3,1 +4,2 @@ f", "+  z;", " }"])

    def test_the_wrong_kind_is_refused(self):
        self.tree.write(self.tree.previous, {"evolve/a.cpp": OLD, "evolve/b.h": FRESH})
        with self.assertRaisesRegex(told.ChapterError, "README.md:21: evolve/b.h was there"):
            self.weave()


class CommandTest(TwoStages):
    """The command line and the stage folders."""

    def run_tool(self, *words):
        """Exit status and output of chapter.py on this tree."""
        done = subprocess.run([sys.executable, TOOL, *words], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT,
                              env={**os.environ, "EVOLVE_ROOT": str(self.tree.root)})
        return done.returncode, done.stdout

    def test_weave(self):
        self.tree.write(self.tree.stage, {"evolve/a.cpp": NEW.replace("0;", "5;"),
                                          "evolve/b.h": FRESH})
        status, output = self.run_tool("weave", "2")
        self.assertEqual(status, 0)
        self.assertIn("read again: stage02_two/README.md:44", output)
        self.assertEqual(self.tree.replay(), [])

    def test_weave_leaves_what_it_cannot_place(self):
        self.tree.write(self.tree.stage, {"evolve/a.cpp": NEW, "evolve/b.h": FRESH,
                                          "evolve/c.h": "int c;\n"})
        status, output = self.run_tool("weave", "2")
        self.assertEqual(status, 1)
        self.assertIn("left to you: stage02_two/evolve/c.h:1: +int c;", output)

    def test_draft(self):
        status, output = self.run_tool("draft", "1")
        self.assertEqual(status, 0)
        (self.tree.previous / "README.md").write_text(output)
        self.assertEqual(chapter.replay(self.tree.previous, None), [])

    def test_bad_usage(self):
        for words in ([], ["weave"], ["weave", "x"], ["weave", "all"], ["draft", "0"],
                      ["knit", "1"]):
            self.assertEqual(self.run_tool(*words)[0], 2, words)

    def test_a_stage_that_is_not_there(self):
        status, output = self.run_tool("weave", "7")
        self.assertEqual(status, 2)
        self.assertIn("there is no stage 7", output)

    def test_stage_folders(self):
        self.assertEqual(stages.stages(self.tree.root), [self.tree.previous, self.tree.stage])
        self.assertIsNone(stages.predecessor(self.tree.previous, self.tree.root))
        self.assertEqual(stages.predecessor(self.tree.stage, self.tree.root), self.tree.previous)
        (self.tree.root / "stage02_twin").mkdir()
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
            stages.by_number(2, self.tree.root)
