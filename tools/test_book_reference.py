"""The reference, the pages of sources, and what is kept between two builds."""

import re
import shutil
import textwrap
import unittest
from pathlib import Path
from unittest import mock

import stages
from book import build, diffs, inside, kept, links, page, reference, sources
from command import Failed
from testing import InFolder

_HEADER = textwrap.dedent("""\
    /// \\file
    /// The loop.

    namespace evolve {

    /// What comes of it.
    /// \\libevent{event.h,event_base_loop}
    enum class result {
      idle,  ///< nothing
      last,  ///< the end
    };

    /// A loop.
    class base {
     public:
      /// Makes one.
      base();
      /// Runs `turns` of it.
      result loop(int turns);

     private:
      int left_;  // how many are left
    };

    }  // namespace evolve
    """)
_SOURCE = textwrap.dedent("""\
    #include "evolve/base.h"

    namespace evolve {
    namespace {

    int fewer(int turns) { return turns - 1; }

    }  // namespace

    base::base() : left_(1) {}

    result base::loop(int turns) {
      base other;
      const int last = turns;
      left_ = fewer(last);
      return result::last;
    }

    }  // namespace evolve
    """)
_FACTS = {}


class Stage(InFolder):
    """A library of one header and one source."""

    def setUp(self):
        super().setUp()
        self.write("docs/book/Doxyfile", (stages.ROOT / "docs/book/Doxyfile").read_text())
        self.write("stage03_x/evolve/base.h", _HEADER)
        self.write("stage03_x/evolve/base.cpp", _SOURCE)
        self.stage = self.root / "stage03_x"

    def facts(self):
        """What is found in it, which takes Doxygen a second."""
        if not _FACTS:
            _FACTS.update(inside.facts(self.root, self.stage))
        return _FACTS

    def code(self):
        facts = self.facts()
        return sources.Code("stage03_x", facts["places"], facts["links"])


class Inside(Stage):
    """Names, and where they lead."""

    def places(self, name):
        """All places of that name."""
        return [inside.Place(*each) for each in self.facts()["places"].values() if each[0] == name]

    def links(self, file, line):
        """What is linked on a line, and to which file and line."""
        text = (self.stage / file).read_text().split("\n")[line - 1]
        return {text[start:end]: (Path(goal).name, k)
                for start, end, goal, k in self.facts()["links"][file].get(str(line), ())}

    def test_a_member_is_declared_and_defined(self):
        [loop] = self.places("base::loop")
        self.assertEqual(("evolve/base.h", 19, "evolve/base.cpp", 12, False),
                         (loop.file, loop.line, loop.body_file, loop.body_line, loop.hidden))
        self.assertEqual("Runs <code>turns</code> of it.", loop.brief)

    def test_what_is_private_is_hidden_and_so_is_what_a_file_keeps_to_itself(self):
        for name in ("base::left_", "fewer"):
            self.assertTrue(self.places(name)[0].hidden, name)

    def test_a_value_of_an_enum_stands_on_its_line(self):
        self.assertEqual([10], [each.line for each in self.places("result::last")])

    def test_names_lead_to_their_definition_and_from_there_to_their_declaration(self):
        self.assertEqual({"loop": ("base.cpp", 12), "result": ("base.h", 8)},
                         self.links("evolve/base.h", 19))
        self.assertEqual(("base.h", 19), self.links("evolve/base.cpp", 12)["base::loop"])
        self.assertEqual(("base.cpp", 6), self.links("evolve/base.cpp", 15)["fewer"])
        self.assertEqual({"result::last": ("base.h", 10)}, self.links("evolve/base.cpp", 16))

    def test_a_type_is_not_its_constructor(self):
        self.assertEqual({"base": ("base.h", 14)}, self.links("evolve/base.cpp", 13))

    def test_a_variable_is_not_a_value_of_an_enum_with_its_name(self):
        self.assertNotIn("last", self.links("evolve/base.cpp", 15))

    def test_libevents_names_are_told(self):
        [(file, theirs, ours, number)] = self.facts()["tags"]
        self.assertEqual(("event.h", "event_base_loop", "result"), (file, theirs, ours))
        self.assertEqual("result", self.facts()["places"][number][0])

    def test_what_has_no_comment_is_refused(self):
        self.write("stage03_x/evolve/base.h", _HEADER.replace("  // how many are left", ""))
        with self.assertRaisesRegex(Failed, "left_.*not documented"):
            inside.facts(self.root, self.stage)


class SourcePages(Stage):
    """The pages of a stage's library."""

    def setUp(self):
        super().setUp()
        self.sources = sources.Sources(self.root)
        self.sources.add(self.code())
        self.write("stage03_x/README.md", "# Stage 3: x\n")
        self.written = {each.file for each in self.sources.write(self.root)}

    def page(self, name):
        return (self.root / name).read_text()

    def test_every_file_has_one_and_the_stage_has_a_list(self):
        self.assertEqual({"file_stage03_x-evolve-base-h.html", page.sources_page(3),
                          "file_stage03_x-evolve-base-cpp.html"}, self.written)
        for name in sorted(self.written):
            self.assertIn('href="chapter03.html"', self.page(name))
        self.assertIn("The loop.", self.page(page.sources_page(3)))

    def test_its_names_are_links(self):
        html = self.page("file_stage03_x-evolve-base-cpp.html")
        self.assertIn('<a class="known" href="file_stage03_x-evolve-base-h.html#L19">base::loop</a>',
                      html)
        self.assertIn('href="file_stage03_x-evolve-base-h.html">evolve/base.h</a>', html)

    def test_the_text_is_that_of_the_file(self):
        html = self.page("file_stage03_x-evolve-base-cpp.html")
        lines = re.findall(r'<span class="number".*?</span> ?(.*?)</div>', html)
        plain = [re.sub("<[^>]*>", "", line).replace("&quot;", '"').rstrip() for line in lines]
        self.assertEqual(_SOURCE.rstrip().split("\n"), plain)

    def test_a_place_has_an_address(self):
        [number] = [number for number, each in self.code().places.items()
                    if each[0] == "base::left_"]
        self.assertEqual("file_stage03_x-evolve-base-h.html#L22", self.sources.place(3, number))


class Reference(Stage):
    """The reference of the last stage."""

    GUIDE = 'headers = ["evolve/base.h"]\ninside = []\n[[task]]\ntitle = "A loop"\n' \
            'says = "Runs."\nnames = ["base::loop", "result"]\n'

    def setUp(self):
        super().setUp()
        for name in ("book.css", "shell.css", "reference.css", "code.css", "narrow.css",
                     "header.html", "footer.html"):
            self.write(f"docs/book/{name}", (stages.ROOT / "docs/book" / name).read_text())

    def built(self, guide=GUIDE):
        """Its pages by name, and where they say what things are."""
        self.write("docs/book/reference.toml", guide)
        header = (self.root / "docs/book/header.html").read_text()
        out = reference.fresh(self.root / "out" / "stage03")
        pages = reference.build(self.root, self.stage, self.code(), lambda number: f"{number}.src",
                                header, out)
        return {path.name: path.read_text() for path in out.glob("*.html")}, pages

    def test_it_is_what_a_program_may_use(self):
        html, pages = self.built()
        whole = "".join(html.values())
        [loop] = [number for number, each in self.code().places.items() if each[0] == "base::loop"]
        self.assertEqual(f"stage03/classevolve_1_1base.html#{loop}", pages[loop])
        for shown in ("Where to begin", "A loop", "Runs <code>turns</code> of it.", "Makes one.",
                      f'<a href="classevolve_1_1base.html#{loop}">',
                      f'<a class="source" href="{loop}.src">'):
            self.assertTrue(shown in whole, shown)
        for hidden in ("left_", "fewer", "Private", "dir_"):
            self.assertFalse(hidden in whole, hidden)

    def test_a_task_names_what_there_is(self):
        with self.assertRaisesRegex(Failed, "base::left_ is not in the public headers"):
            self.built(self.GUIDE.replace("base::loop", "base::left_"))

    def test_what_is_inside_is_left_out(self):
        html, _ = self.built(self.GUIDE.replace("inside = []", 'inside = ["result"]')
                             .replace(', "result"', ""))
        self.assertFalse("What comes of it" in "".join(html.values()))
        with self.assertRaisesRegex(Failed, "planted is not in the headers"):
            self.built(self.GUIDE.replace("inside = []", 'inside = ["planted"]'))


class Guide(unittest.TestCase):
    """The project's own."""

    def setUp(self):
        self.guide = reference.guide(stages.ROOT)
        self.stage = stages.stages()[-1]

    def test_the_headers_are_those_that_the_page_on_using_names_and_what_comes_with_them(self):
        using = (stages.ROOT / "docs" / "using-evolve.md").read_text()
        said = using.partition("## Which headers are public?")[2].partition("##")[0]
        for header in re.findall(r"`(evolve/\w+\.h)`", said):
            self.assertIn(header, self.guide.headers)
        for header in self.guide.headers:
            self.assertTrue((self.stage / header).is_file(), header)

    def test_what_the_page_on_using_uses_is_in_them(self):
        using = (stages.ROOT / "docs" / "using-evolve.md").read_text()
        code = "\n".join(re.findall(r"```cpp\n(.*?)```", using, re.S))
        public = "\n".join((self.stage / header).read_text() for header in self.guide.headers)
        for name in sorted(set(re.findall(r"\bevolve::(\w+)", code))):
            self.assertRegex(public, rf"\b{name}\b")

    def test_there_are_the_tasks_of_a_program(self):
        words = " ".join(task["title"].lower() for task in self.guide.tasks)
        for task in ("base", "events", "timers", "signals", "threads", "errors"):
            self.assertIn(task, words)


class Kept(InFolder):
    """What is kept is never another than what would be made."""

    def setUp(self):
        super().setUp()
        self.input = self.write("in/a/b.txt", "one")
        self.calls = 0

    def made(self, *inputs, common="tools"):
        """Whether something is made anew; what it is, is the number of times that it was."""
        before = self.calls

        def make():
            self.calls += 1
            return [self.calls, "ä"]

        found = kept.Kept(self.root / "kept", common).data("thing", inputs, make)
        self.assertEqual([self.calls, "ä"], found)
        return self.calls > before

    def test_it_is_made_once(self):
        self.assertTrue(self.made(self.input.parent, "x"))
        self.assertFalse(self.made(self.input.parent, "x"))

    def test_any_change_of_what_it_is_made_of_makes_it_anew(self):
        folder = self.root / "in"
        self.made(folder, "x")
        changes = {
            "a text": lambda: self.write("in/a/b.txt", "two"),
            "a new file": lambda: self.write("in/c.txt"),
            "a file that is gone": (folder / "c.txt").unlink,
            "another name": lambda: self.input.rename(self.input.with_name("d.txt")),
        }
        for what, change in changes.items():
            change()
            self.assertTrue(self.made(folder, "x"), what)
            self.assertFalse(self.made(folder, "x"), what)
        self.assertTrue(self.made(folder, "y"))
        self.assertTrue(self.made(folder, "y", common="other tools"))

    def test_what_was_not_finished_is_made_again(self):
        holder = kept.Kept(self.root / "kept", "tools")
        for interrupted in (True, False):
            def make(folder):
                (folder / "page").write_text("x")
                if interrupted:
                    raise KeyboardInterrupt
            try:
                holder.folder("pages", ["x"], make)
            except KeyboardInterrupt:
                self.assertFalse((self.root / "kept/pages.key").exists())
        self.assertEqual(["pages", "pages"], holder.made)

    def test_what_is_not_asked_for_any_more_is_thrown_away(self):
        self.made("x")
        holder = kept.Kept(self.root / "kept", "tools")
        holder.folder("pages", ["x"], lambda folder: None)
        holder.sweep()
        self.assertEqual({"pages", "pages.key"}, {each.name for each in
                                                  (self.root / "kept").iterdir()})

    def test_everything_depends_on_tools_settings_and_programs(self):
        self.write("docs/book/Doxyfile", "A = B")
        tools = self.write("tools/book/x.py").parent.parent
        self.write("tools/test_x.py")
        with mock.patch.object(kept, "_HERE", tools), \
                mock.patch.object(kept.doxygen, "THEME", self.write("theme/a.css").parent):
            known = {kept.of_all(self.root)}
            for name in ("docs/book/Doxyfile", "tools/book/x.py", "tools/book/new.html",
                         "theme/a.css"):
                self.write(name, "changed")
                known.add(kept.of_all(self.root))
            self.assertEqual(5, len(known))
            with mock.patch.object(kept, "versions", lambda: ["doxygen 9"]):
                self.assertNotIn(kept.of_all(self.root), known)
            self.write("tools/test_x.py", "changed")
            self.assertIn(kept.of_all(self.root), known)

class Again(Stage):
    """A second build gives what a first one would give, whatever has changed."""

    def setUp(self):
        super().setUp()
        for path in (stages.ROOT / "docs" / "book").glob("*.*"):
            self.write(f"docs/book/{path.name}", path.read_text(encoding="utf-8"))
        self.write("docs/book/reference.toml", Reference.GUIDE)
        for n in (1, 2):
            folder = f"stage0{n}_x"
            self.write(f"{folder}/evolve/base.h", _HEADER)
            self.write(f"{folder}/evolve/base.cpp", _SOURCE)
            self.write(f"{folder}/README.md", f"# Stage {n}\n")
        (self.root / "stage03_x").rename(self.root / "gone")

    def built(self, folder="build"):
        """(all files of the book that are made of code, what was made for it)."""
        out = self.root / folder / "book-new"
        book = build.Book(self.root, out)
        book.code()
        diffs.write(self.root, out, page.wrap, book.known, book.kept.data)
        book.sources.write(out, book.kept.data, book.known)
        links.check(out, book.kept.data)
        book.kept.sweep()
        return {path.relative_to(out).as_posix(): path.read_bytes()
                for path in out.rglob("*") if path.is_file()}, set(book.kept.made)

    def check(self, what, made, kept_names=()):
        """After a change: nothing is stale, this was made again, and that was not."""
        again, found = self.built()
        anew, _ = self.built("other")
        shutil.rmtree(self.root / "other")
        stale = sorted(name for name in {*again, *anew} if again.get(name) != anew.get(name))
        self.assertEqual([], stale, what)
        self.assertLessEqual(set(made), found, what)
        self.assertFalse(found & set(kept_names), what)

    def change(self, name, old, new):
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new), encoding="utf-8")

    def test_a_second_build(self):
        self.built()
        self.assertEqual(set(), self.built()[1])
        one, two = "code-stage01_x", "code-stage02_x"
        self.change("stage01_x/evolve/base.cpp", "#include", "// More.\n#include")
        self.check("a source", {one, "diff_01.html", "diff_02.html"}, {two, "reference"})
        self.change("stage02_x/evolve/base.h", "/// A loop.", "/// Another loop.")
        self.check("a header of the last stage", {two, "diff_02.html", "reference"},
                   {one, "diff_01.html"})
        self.change("stage02_x/README.md", "# Stage 2", "# Stage two")
        self.check("a chapter", {"diff_02.html"}, {one, two, "reference", "diff_01.html"})
        self.change("docs/book/reference.toml", "Runs.", "Goes round.")
        self.check("the guide", {"reference"}, {one, two, "diff_01.html", "diff_02.html"})
        self.change("docs/book/header.html", "</head>", "<!-- planted --></head>")
        self.check("the header of pages", {"reference"}, {one, two})
        self.change("docs/book/Doxyfile", "REPEAT_BRIEF           = YES",
                    "REPEAT_BRIEF           = NO")
        self.check("Doxygen's settings", {one, two, "reference", "diff_01.html"})

    def test_what_is_stale_would_be_seen(self):
        with mock.patch.object(kept, "key", lambda *parts: "always the same"):
            self.built()
            self.change("stage01_x/evolve/base.cpp", "#include", "// More.\n#include")
            with self.assertRaisesRegex(AssertionError, "file_stage01_x-evolve-base-cpp.html"):
                self.check("a source", ())


if __name__ == "__main__":
    unittest.main()
