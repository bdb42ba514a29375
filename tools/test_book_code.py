"""Tests of what code in the book is shown with: marks, links, bars, and words for its markup."""

import unittest

from book import bars, changed, highlight, markdown, tables
from book.codenames import Names
from book.reference import Symbol
from book.sources import Sources
from testing import InFolder


def _marked(lines, spans):
    """Lines with their marked words in brackets."""
    out = []
    for line, found in zip(lines, spans):
        for start, end in reversed(found):
            line = f"{line[:start]}[{line[start:end]}]{line[end:]}"
        out.append(line)
    return out


class Changed(unittest.TestCase):
    """The words that differ."""

    def marked(self, old, new):
        old, new = old.split("\n"), new.split("\n")
        return [_marked(*each) for each in zip((old, new), changed.spans(old, new))]

    def test_words_inside_a_line(self):
        self.assertEqual([["  wait([old], length);"], ["  wait([now], length);"]],
                         self.marked("  wait(old, length);", "  wait(now, length);"))

    def test_a_line_that_is_wholly_new_has_none(self):
        self.assertEqual([["  int a = 1;"], ["return heap.top();"]],
                         self.marked("  int a = 1;", "return heap.top();"))

    def test_a_comment_that_is_wrapped_anew_has_only_its_new_words(self):
        old = "// the first and second words\n// of a comment"
        new = "// the very first and second\n// words of a comment"
        self.assertEqual(["// the [very] first and second", "// [words] of a comment"],
                         self.marked(old, new)[1])

    def test_what_is_put_into_a_short_line_is_marked_there(self):
        self.assertEqual([["void add();"], ["void add([std::optional<duration> timeout]);"]],
                         self.marked("void add();", "void add(std::optional<duration> timeout);"))

    def test_lines_of_a_diff(self):
        lines = ["@@ -1 +1 @@", " same", "-wait(old, a);", "+wait(now, a);", "+", " same"]
        self.assertEqual([(), (), ((6, 9),), ((6, 9),), (), ()], changed.of_diff(lines))

    def test_one_side_alone_has_none(self):
        self.assertEqual(([], [()]), tuple(map(list, changed.spans([], ["new"]))))


_SYMBOLS = [Symbol("event", "class", "event"), Symbol("event::timer", "function", "timer"),
            Symbol("event_base", "class", "base"), Symbol("event_base::flags_", "variable", "bf"),
            Symbol("event::flags_", "variable", "ef"), Symbol("event::pri_", "variable", "pri"),
            Symbol("event_base::start_timer", "function", "start"),
            Symbol("ready", "struct", "ready")]


class Links(unittest.TestCase):
    """Names that can be nothing else."""

    def links(self, line, file=""):
        return [(line[start:end], href)
                for start, end, href in Names(_SYMBOLS, {"evtimer_new"}).links(line, file)]

    def test_behind_its_class(self):
        self.assertEqual([("event", "event"), ("timer", "timer")],
                         self.links("auto t = event::timer(base);"))
        self.assertEqual([("event", "event")], self.links("evolve::event::other(base)"))

    def test_a_class_where_a_type_stands(self):
        self.assertEqual([("event", "event")], self.links("void add(event& ev);"))
        self.assertEqual([("ready", "ready")], self.links("std::vector<ready> found;"))
        self.assertEqual([], self.links("if (ready && event == 1) ready(ready);"))

    def test_a_name_of_its_own(self):
        self.assertEqual([("start_timer", "start"), ("pri_", "pri")],
                         self.links("start_timer(ev.pri_);"))
        self.assertEqual([], self.links("int start_timer = 1;"))

    def test_a_member_of_the_class_of_the_file(self):
        self.assertEqual([("flags_", "bf")], self.links("flags_ = 0;", "evolve/event_base.cpp"))
        self.assertEqual([("flags_", "ef")], self.links("flags_ = 0;", "evolve/event.h"))
        self.assertEqual([], self.links("ev.flags_ = 0;", "evolve/event_base.cpp"))
        self.assertEqual([], self.links("flags_ = 0;", "evolve/evmap.h"))

    def test_others_names_and_texts_lead_nowhere(self):
        for line in ("std::event_base x;", "// event_base", '"event_base"',
                     '#include "evolve/event_base.h"', "::event_base y;"):
            self.assertEqual([], self.links(line), line)

    def test_libevents_name_leads_to_the_map_if_that_has_it(self):
        self.assertEqual([(r"\libevent{event.h,evtimer_new}", "libevent-map.html#evtimer_new")],
                         self.links(r"/// \libevent{event.h,evtimer_new}"))
        self.assertEqual([], self.links(r"/// \libevent{event.h,event_new}"))


class Shown(unittest.TestCase):
    """Lines as HTML."""

    def test_a_link_and_a_mark(self):
        self.assertEqual('a <b class="changed"><a class="known" href="x">b_c</a> +</b> d',
                         highlight.cpp("a b_c + d", ((2, 5, "x"),), ((2, 7),)))

    def test_markup_becomes_words_and_is_still_there_to_be_copied(self):
        html = highlight.cpp(r"/// \libevent{event.c,event_add}")
        self.assertIn('class="ttc tie">libevent: event.c, event_add</span>', html)
        self.assertIn(r"<span hidden>\libevent{event.c,event_add}</span>", html)

    def test_empty_lines_at_the_end_are_hidden(self):
        html = highlight.fragment(["a", "", "b", ""], "cpp").split("\n")
        self.assertEqual([False, False, False, True], [" hidden" in line for line in html[1:-1]])


_CHAPTER = """# Stage 1: one

## Told

`evolve/one.h`, the whole, line 1:

```cpp
int one();

```
"""


class Bars(InFolder):
    """What stands above a told block."""

    def setUp(self):
        super().setUp()
        self.write("stage01_a/evolve/one.h", "int one();\n\n")
        self.write("stage01_a/README.md", _CHAPTER)
        self.bar = bars.Bars(self.root, self.root / "stage01_a", Sources(self.root).address).bar

    def test_file_part_line_and_ways(self):
        html = self.bar(0)
        self.assertIn("<code>evolve/one.h</code> the whole", html)
        self.assertIn("line 1<", html)
        self.assertIn('href="file_stage01_a-evolve-one-h.html#L1"', html)
        self.assertIn('href="diff_01.html#told1"', html)

    def test_it_stands_in_place_of_the_caption(self):
        source = markdown.Source(_CHAPTER, "chapter01", str, lambda name: None, bar=self.bar)
        self.assertEqual(1, markdown.to_doxygen(source).count("the whole"))


class Tables(unittest.TestCase):
    """Cards on a phone."""

    def test_cells_have_the_heads_of_their_columns(self):
        html = ('<table class="markdownTable"><tr><th>a</th><th><code>b</code></th></tr>'
                '<tr><td>1</td><td>2</td></tr></table>')
        shown = tables.labelled(html)
        self.assertIn('<td role="cell" data-label="a">1', shown)
        self.assertIn('<td role="cell" data-label="b">2', shown)
        self.assertTrue(shown.startswith('<div class="table"><table role="table"'))
        self.assertEqual(1, tables.labelled(f'<div class="table">{html}</div>').count("<div"))


if __name__ == "__main__":
    unittest.main()
