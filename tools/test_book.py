"""The book's parts: what becomes of a text, which links are dead, which names and tests exist."""

import json
import os
import re
import textwrap
import unittest
from pathlib import Path
from unittest import mock

from book import (comments, defects, doxygen, highlight, links, lunr_index, markdown, names, page,
                  search, sections, site, sources)
from command import Failed
from testing import InFolder


def converted(text, **more):
    """A text with the label "here", as Doxygen gets it."""
    source = markdown.Source(text, "here", lambda target: f"to:{target}",
                             {"evmap": "stage02/classevmap.html"}.get, **more)
    return markdown.to_doxygen(source)


class Texts(unittest.TestCase):
    """From GitHub's Markdown to Doxygen's."""

    def test_headings_get_the_names_that_github_gives_them_below_the_pages_own(self):
        text = converted("# The title\n\n## How it's done: `evmap`\n")
        self.assertIn("# The title {#here}", text)
        self.assertIn("## How it's done: `evmap` {#here-how-its-done-evmap}", text)

    def test_a_table_has_what_stands_for_itself_in_it(self):
        text = converted("| a |\n|---|\n| `x\\|y` |\n| \\*\\*\\* no \\*\\*\\* emphasis |\n")
        self.assertIn("x&#124;y", text)
        self.assertNotIn("em>", text)

    def test_diff_fences_are_coloured_by_line(self):
        text = converted("`evolve/a.h`, all of it:\n\n"
                         "```diff\n@@ -1 +1 @@\n-int a;\n+long a;\n```\n")
        self.assertIn(f'<div class="fragment diff" id="{page.told_anchor(0)}">', text)
        self.assertRegex(text, r'"line removed">-<span class="keywordtype">int</span> a;')
        self.assertRegex(text, r'"line added">\+<span class="keywordtype">long</span> a;')

    def test_nothing_in_a_fence_is_taken_for_markdown_or_for_html(self):
        text = converted("```text\n# no heading <b> [x](y)\n```\n")
        self.assertIn("# no heading &lt;b&gt; [x](y)</div>", text)

    def test_the_end_of_a_comment_in_a_fence_does_not_end_doxygens(self):
        self.assertNotIn("*/", converted("```cpp\nint a; /* b */\n```\n"))

    def test_answers_are_folded(self):
        text = converted("<details>\n<summary>Answer</summary>\n\nYes.\n\n</details>\n")
        self.assertIn("\\htmlonly[block]\n<details>\n\\endhtmlonly", text)
        self.assertIn("\nYes.\n", text)

    def test_links_go_where_the_book_has_what_they_lead_to(self):
        text = converted("See [its `own` chapter](../x/README.md#y).\n")
        self.assertIn("<a href='to:../x/README.md#y'>its <code>own</code> chapter</a>", text)

    def test_code_that_names_a_symbol_leads_to_it(self):
        text = converted("The `evmap` and **an `a|b`**.\n")
        self.assertIn("<a class='symbol' href='stage02/classevmap.html'><code>evmap</code></a>",
                      text)
        self.assertIn("<strong>an \\htmlonly <code>a&#124;b</code>\\endhtmlonly</strong>", text)

    def test_a_star_in_code_is_no_emphasis(self):
        text = converted("`T*` is *not* `int*`.\n")
        self.assertIn("<code>T*</code>\\endhtmlonly is <em>not</em> \\htmlonly <code>int*</code>",
                      text)

    def test_a_chart_is_shown_from_the_folder_of_the_page(self):
        text = converted("Above.\n\n![What it <costs>](../docs/bench/stage03.svg)\n\nBelow.\n")
        self.assertIn('<img src="stage03.svg" alt="What it &lt;costs&gt;">', text)
        self.assertNotIn("docs/bench", text)

    def test_figures_stand_before_their_heading_or_before_the_first_drawing(self):
        text = converted("# T\n\n```text\ndrawing\n```\n\n## Later\n",
                         figures=((None, "<svg>one</svg>"), ("## Later", "<svg>two</svg>")))
        self.assertLess(text.index("<svg>one"), text.index("<details class=\"drawing\">"))
        self.assertLess(text.index("<svg>one"), text.index("<svg>two"))
        self.assertLess(text.index("<svg>two"), text.index("## Later"))


class Doxygen(InFolder):
    """What Doxygen is told."""

    def test_paths_may_have_blanks(self):
        program = self.write("bin/doxygen", f"#!/bin/sh\ncat >'{self.root}/told'\n")
        program.chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}"):
            doxygen.finish(doxygen.start(Path("/a b"), {"INPUT": Path("/c d")}), "it", self.root)
        self.assertEqual((self.root / "told").read_text(),
                         '@INCLUDE = "/a b/docs/book/Doxyfile"\nINPUT = "/c d"\n')


class Comments(unittest.TestCase):
    """What Doxygen reads of private things."""

    def promoted(self, text, header=True):
        """The text after it, and a check that no line has been added or lost."""
        lines = text.split("\n")
        out = comments.promoted(lines, header)
        self.assertEqual(len(out), len(lines))
        return "\n".join(out)

    def test_what_stands_behind_a_member_documents_it(self):
        self.assertEqual(self.promoted("  int fd_;     // negative: none"),
                         "  int fd_;  ///< negative: none")

    def test_what_stands_above_a_declaration_documents_it(self):
        self.assertEqual(self.promoted("  // One,\n  // or two.\n  struct view {"),
                         "  /// \\brief One,\n  /// or two.\n  struct view {")

    def test_what_stands_above_an_include_or_nothing_does_not(self):
        for text in ("// Some systems want it.\n#include <a.h>", "// In order.\n\nint a;"):
            self.assertEqual(self.promoted(text), text)

    def test_the_inside_of_functions_is_left_alone(self):
        text = "int f() {\n  // a reason\n  return 1;  // one\n}"
        self.assertEqual(self.promoted(text, header=False), text)

    def test_ends_of_namespaces_and_words_to_other_tools_are_left_alone(self):
        for text in ("}  // namespace evolve", "  int a;  // NOLINT(x)", "#endif  // A"):
            self.assertEqual(self.promoted(text), text)


class Dead(InFolder):
    """The checker of links, on a book of two pages."""

    def setUp(self):
        super().setUp()
        self.write("index.html", '<a href="sub/a.html#here">a</a> <a href="https://x.org/">x</a>')
        self.write("sub/a.html", '<p id="here"></p><a href="../index.html">back</a>')

    def test_a_whole_book_has_none(self):
        self.write("index.html", '<a href="index.html">me</a> <a href="sub/a.html#here">a</a>')
        self.assertEqual(links.check(self.root), [])

    def test_a_missing_page_is_found(self):
        self.write("sub/a.html", '<p id="here"></p><a href="../index.html">b</a>'
                                 '<a href="b.html">c</a>')
        self.assertIn("sub/a.html: b.html: there is no such file", links.check(self.root))

    def test_a_missing_anchor_is_found(self):
        self.write("index.html", '<a href="sub/a.html#there">a</a>')
        self.assertIn("index.html: sub/a.html#there: there is no such anchor",
                      links.check(self.root))

    def test_a_missing_picture_is_found(self):
        self.write("sub/a.html", '<p id="here"></p><a href="../index.html"><img src="x.svg"></a>')
        self.assertIn("sub/a.html: x.svg: there is no such file", links.check(self.root))

    def test_a_way_out_of_the_book_is_found(self):
        self.write("sub/a.html", '<p id="here"></p><a href="../index.html">b</a>'
                                 f'<a href="{Path(__file__)}">c</a>')
        self.assertIn("outside", "\n".join(links.check(self.root)))

    def test_a_page_without_a_way_back_is_found(self):
        self.write("sub/a.html", '<p id="here"></p>')
        self.assertIn("sub/a.html: no link leads to the front page", links.check(self.root))

    def test_the_menu_and_the_search_are_looked_at_too(self):
        page.write_menu(self.root / "book-menu.js", [["A", "gone.html"], ["B", "sub/a.html"]])
        (self.root / "stage01").mkdir()
        page.write_menu(self.root / "stage01/reference-menu.js", [["C", "stage01/lost.html"]])
        self.write("search-index.js", 'JSON.parse(\'[["evmap",[["away.html#x","12"]]]]\')')
        found = "\n".join(links.check(self.root))
        for name in ("gone.html", "lost.html", "away.html#x"):
            self.assertIn(name, found)


class Map(InFolder):
    """The libevent map, from what Doxygen says of a class."""

    XML = """<doxygen><compounddef id="classevolve_1_1evmap" kind="class">
      <compoundname>evolve::evmap</compoundname>
      <detaileddescription><para><htmlonly>{0}</htmlonly></para></detaileddescription>
      <sectiondef><memberdef kind="function" id="classevolve_1_1evmap_1ab12">
        <name>add</name><qualifiedname>evolve::evmap::add</qualifiedname>
        <detaileddescription><para><htmlonly>{1}</htmlonly></para></detaileddescription>
      </memberdef></sectiondef></compounddef></doxygen>"""

    def tag(self, file, name):
        """What the alias of \\libevent leaves."""
        return (f'&lt;a href="../libevent-map.html#{name}"&gt;&lt;code&gt;{name}&lt;/code&gt;'
                f'&lt;/a&gt; in &lt;code&gt;{file}&lt;/code&gt;')

    def setUp(self):
        super().setUp()
        one = self.tag("evmap.c", "event_io_map"), self.tag("evmap.c", "evmap_io_add_")
        self.write("evmap.xml", self.XML.format(*one))
        tags = names.tagged(self.root)
        self.pairs = names.pairs({1: [], 2: tags, 3: tags}, lambda n, number: f"{n}.html#{number}")

    def test_it_knows_what_each_is_called_since_when_and_where_it_is_now(self):
        self.assertEqual(self.pairs, [
            ("evmap.c", "event_io_map", "evmap", 2, "3.html#classevolve_1_1evmap"),
            ("evmap.c", "evmap_io_add_", "evmap::add", 2, "3.html#ab12")])

    def test_it_reads_in_both_directions(self):
        there, back = names.theirs_first(self.pairs), names.ours_first(self.pairs)
        self.assertIn('id="evmap_io_add_"', there)
        for table in (there, back):
            self.assertIn('href="3.html#ab12"', table)
            self.assertIn('<a href="chapter02.html">2</a>', table)


class Index(InFolder):
    """The index of defects, which must not promise more than there is."""

    def complaints(self, entry, tests=("A.B",)):
        """What is wrong with an index of this entry, in a project whose stage 1 has these tests."""
        path = self.write("defects.toml", f"[[defect]]\n{textwrap.dedent(entry)}")
        try:
            defects.load(path, {1: {test: (path, 1) for test in tests}})
        except defects.Wrong as wrong:
            return str(wrong)
        return ""

    def test_a_test_that_exists_is_a_proof(self):
        self.assertEqual(self.complaints('id="D1"\nlibevent="x"\nstage=1\ntests=["A.B"]'), "")

    def test_a_test_that_does_not_is_none(self):
        said = self.complaints('id="D1"\nlibevent="x"\nstage=1\ntests=["A.C"]')
        self.assertIn("D1: stage 1 has no test A.C", said)

    def test_without_a_test_there_must_be_a_reason(self):
        self.assertIn("needs tests", self.complaints('id="D1"\nlibevent="x"\nstage=1'))
        self.assertEqual(self.complaints('id="D1"\nlibevent="x"\nreason="y"'), "")

    def test_with_one_there_must_be_none(self):
        entry = 'id="D1"\nlibevent="x"\nstage=1\ntests=["A.B"]\nreason="y"'
        self.assertIn("needs tests, or else", self.complaints(entry))

    def test_no_number_is_left_out(self):
        self.assertIn("in order", self.complaints('id="D2"\nlibevent="x"\nreason="y"'))

    def test_the_books_own_index_is_true(self):
        root = Path(__file__).resolve().parent.parent
        entries = defects.load(root / "docs/book/defects.toml", defects.all_tests(root))
        self.assertGreater(len(entries), 30)


class Sources(InFolder):
    """Pages of files, and where tests stand."""

    def test_tests_are_found_by_name_with_their_line(self):
        self.write("test/a_test.cpp", "x\nTEST(One, IsFound) {\nTEST_P(Two,\n       IsToo) {\n")
        found = sources.tests(self.root)
        self.assertEqual({name: line for name, (_, line) in found.items()},
                         {"One.IsFound": 2, "Two.IsToo": 3})

    def test_a_file_that_is_linked_to_gets_a_page_with_that_line(self):
        path = self.write("stage01_one/test/a_test.cpp", "one\ntwo <3>\n")
        self.write("stage01_one/README.md", "# Stage 1: one\n")
        pages = sources.Sources(self.root)
        address = pages.address(path, 2)
        [written] = pages.write(self.root)
        self.assertEqual(address, f"{written.file}#L2")
        html = (self.root / written.file).read_text()
        self.assertIn('id="L2"', html)
        self.assertIn("two &lt;3&gt;", html)
        self.assertIn('href="chapter01.html">Stage 1: one<', html)


class Sections(unittest.TestCase):
    """What a page says, by section."""

    PAGE = ('<body><nav>bar</nav><main><h1>T</h1><p>One <b>two</b>.</p><div class="fragment">'
            '<div class="line">a_b();</div></div><h2><a id="x-1"></a>Part</h2><nav>ways</nav>'
            '<p>( <code>c</code>)</p><svg><text>drawn</text></svg><table><tr><th>h</th></tr>'
            '<tr><td><a id="term-q"></a>q<wbr>u</td><td>队列</td></tr></table></main>')

    def test_each_has_its_heading_anchor_prose_and_code(self):
        first, row, second = sections.sections(self.PAGE)
        self.assertEqual(("T", "", "One two.", "a_b();"), first)
        self.assertEqual(("", "term-q", "qu 队列", ""), row)
        self.assertEqual(("Part", "x-1", "(c) h", ""), second)

    def test_what_is_before_the_content_is_none(self):
        self.assertEqual([], sections.sections("<h1>no</h1><p>no</p>"))

    def test_an_element_that_is_not_closed_does_no_harm(self):
        [found] = sections.sections('<div class="contents"><ul><li>a<li>b</ul>c')
        self.assertEqual("a b c", found.prose)


class Search(InFolder):
    """The index of the search."""

    def test_sections_know_their_page(self):
        index = search.Index()
        index.add_page("One", "1.html", "<main><h1>T</h1>a</main>")
        index.add_page("Two", "2.html", "<main><h2 id='x'>U</h2>b</main>")
        self.assertEqual([["One", "1.html"], ["Two", "2.html"]], index.pages)
        self.assertEqual([[0, "T", "", "a", ""], [1, "U", "x", "b", ""]], index.sections)

    def test_of_a_page_that_shows_more_than_it_says_only_the_first_paragraph_counts(self):
        index = search.Index()
        index.add_lead("D", "d.html", "<main><h1>D</h1>\n<p>Says <b>it</b>.</p><p>x</p></main>")
        index.add_lead("E", "e.html", "<p>x</p>")
        self.assertEqual(["Says it.", "E"], [prose for *_, prose, _ in index.sections])

    def test_a_name_leads_to_each_stage_that_has_it(self):
        index = search.Index()
        for stage in (2, 3):
            index.add_symbol("evmap", f"file_stage{stage:02}.html#L1", stage)
        self.assertEqual({"file_stage02.html#L1": "2", "file_stage03.html#L1": "3"},
                         index.names["evmap"])

    def test_a_name_of_libevent_says_what_it_is_here(self):
        index = search.Index()
        for ours in ("event::add", "event::add"), ("event::add", "x"):
            index.names.clear()
            for each in ours:
                index.add_theirs("event_add", "map.html#event_add", each)
        self.assertEqual({"map.html#event_add": "in libevent; here event::add, x"},
                         index.names["event_add"])

    def test_names_are_found_by_their_parts_too(self):
        self.assertEqual(["event_base", "event", "base", "_x", "队列"],
                         lunr_index.words("event_base _x, 队列"))

    def test_words_are_found_by_their_stems_but_names_stay(self):
        found = search._indexed([["Closed", "", "reused 活动队列", "event_add"]])
        terms = {entry[0] for entry in found["invertedIndex"]}
        self.assertLessEqual({"close", "reus", "活动队列", "event_add", "event", "add"}, terms)

    def test_the_script_keeps_every_sign(self):
        data = ["it's \\n \"so\""]
        script = search._script(data)
        quoted = script[script.index("'") + 1:script.rindex("'")]
        self.assertEqual(data, json.loads(re.sub(r"\\([\\'])", r"\1", quoted)))

    def test_a_failure_is_told(self):
        with mock.patch.object(search, "_PYTHONS", ("false",)), self.assertRaises(Failed):
            search._indexed([])


class Frame(unittest.TestCase):
    """Pages that Doxygen does not write."""

    def test_a_page_says_what_it_is_and_leads_back(self):
        html = page.wrap("a < b", "<p>body</p>", back=[("chapter01.html", "Chapter 1")])
        for part in ("<title>evolve: a &lt; b</title>", "<p>body</p>", 'href="index.html"',
                     'href="chapter01.html"'):
            self.assertIn(part, html)

    def test_code_is_escaped_and_coloured(self):
        self.assertEqual(highlight.cpp('if (a < "b")  // c'),
                         '<span class="keywordflow">if</span> (a &lt; '
                         '<span class="stringliteral">&quot;b&quot;</span>)  '
                         '<span class="comment">// c</span>')


class Parts(InFolder):
    """A chapter in steps is a page for each of them."""

    TEXT = textwrap.dedent("""\
        # Stage 3: x

        See [it](#34-no), [this](#31-the-a), [that](#more) and [all](../stage03_x/README.md#end).

        ## 3.1 The `a`

        `evolve/a.h`, line 1:

        ```cpp
        ## no heading
        ```

        ### More

        ## 3.2 B

        `evolve/b.h`, line 1:

        ```cpp
        int b;
        ```

        ## End

        ## Last

        ### Of all
        """)

    def setUp(self):
        super().setUp()
        self.write("stage03_x/README.md", self.TEXT)
        self.texts = site.chapters(self.root)

    def test_files_and_titles(self):
        self.assertEqual([("chapter03.html", "Stage 3: x"), ("step03_01.html", "3.1 The a"),
                          ("step03_02.html", "3.2 B"), ("chapter03_end.html", "End")],
                         [(text.file, text.title) for text in self.texts])

    def test_headings_go_up_as_the_title_does(self):
        self.assertEqual(["# 3.1 The `a`", "## no heading", "## More"],
                         [line for line in self.texts[1].text.split("\n") if line[:1] == "#"])
        self.assertEqual(["# End", "## Last", "### Of all"],
                         [line for line in self.texts[3].text.split("\n") if line[:1] == "#"])

    def test_nothing_is_lost(self):
        self.assertEqual(sum(text.text.count("\n") for text in self.texts),
                         self.TEXT.count("\n"))

    def test_told_blocks_are_counted_on(self):
        self.assertEqual([0, 0, 1, 2], [text.told_before for text in self.texts])
        self.assertIn('id="told2"', converted(self.texts[2].text, told=1))

    def test_links_lead_to_the_page_of_their_heading(self):
        resolve = site.Links(self.root, self.texts, sources.Sources(self.root)).resolve
        for target, address in {
                "#31-the-a": "step03_01.html", "#more": "step03_01.html#step03_01-more",
                "#34-no": "#chapter03-34-no",
                "../stage03_x/README.md#end": "chapter03_end.html",
                "../stage03_x/README.md#last": "chapter03_end.html#chapter03_end-last",
                "../stage03_x": "chapter03.html"}.items():
            self.assertEqual(resolve(self.texts[0], target), address)

    def test_the_menu_has_them_below_their_chapter(self):
        self.write("stage04_y/README.md", "# Stage 4: y\n")
        for name in (*site.BEFORE, *site.BEHIND, *site.LOOK_UP):
            self.write(f"docs/book/{name}.md", "# It\n")
        for name in ("using-evolve", "someone-elses-program", "benchmarks"):
            self.write(f"docs/{name}.md", "# It\n")
        menu = site.menu(self.root, [page.Page("Both", "diff_03.html", 3),
                                     page.Page("One", "diff_03_01.html", 3, 1)])
        [chapters] = [below for title, _, *below in menu if title == "Chapters"]
        self.assertEqual(["Stage 3: x", "chapter03.html"], chapters[0][0][:2])
        self.assertIn(["3.1 The a", "step03_01.html"], chapters[0][0][2])
        self.assertEqual(["Stage 4: y", "chapter04.html"], chapters[0][1])
        self.assertIn(["Both", "diff_03.html", [["One", "diff_03_01.html"]]], menu)

    def test_the_ways_from_step_to_step(self):
        for part in ('<a rel="prev"', 'href="step03_01.html">← 3.1 The a</a>', '<a rel="next"',
                     'href="chapter03_end.html">End →</a>'):
            self.assertIn(part, site.neighbours(self.texts, 2))
        html = site.beside(self.texts[2], [page.Page("One", "1.html", 3, 1),
                                           page.Page("Two", "2.html", 3, 2)], 17)
        self.assertIn('Step 2 of 2 of <a href="chapter03.html">Stage 3: x</a>', html)
        self.assertIn('<a href="2.html">Two</a> <a href="replay_03.html#17">', html)
        self.assertNotIn("1.html", html)
        self.assertIn("step03_02.html", site.contents(self.texts[0]))
        self.assertEqual("", site.contents(self.texts[1]))


class Links(InFolder):
    """What a link that is true on GitHub becomes in the book."""

    def setUp(self):
        super().setUp()
        chapter = self.write("stage01_one/README.md", "# One\n")
        self.write("docs/exercises/stage01/exercise_test.cpp", "")
        self.here = site.Text(chapter, "chapter01", 1)
        self.links = site.Links(self.root, [self.here], sources.Sources(self.root))

    def test_a_test_that_is_named_must_exist_here_or_before(self):
        self.here.path.write_text("# One\n\n`An.Here`, `An.Gone` and `a.file`, `An.Left`.\n")
        tests = {0: {"An.Left": 1}, 1: {"An.Here": 1}}
        self.assertEqual(site.lost_tests(self.here, tests, 1),
                         ["stage01_one/README.md: there is no test An.Gone"])

    def test_each_kind_leads_somewhere(self):
        for target, address in {
                "#a-b": "#chapter01-a-b",
                "../stage01_one": "chapter01.html",
                "../stage01_one/README.md#a": "chapter01.html#chapter01-a",
                "../README.md": "index.html",
                "https://example.org/": "https://example.org/",
                "../docs/exercises/stage01/exercise_test.cpp":
                    "file_docs-exercises-stage01-exercise_test-cpp.html"}.items():
            self.assertEqual(self.links.resolve(self.here, target), address)
