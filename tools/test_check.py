"""Tests of what the rules of check count with: each is tried where it could easily be wrong.

That every rule can fail on the real tree is the business of `./evolve check --self-test`; here is
what that cannot show: that a rule is silent where it has to be.
"""

import shutil
import unittest

import chapter
import check
import checks.step_plants  # enters its plants
import cpp
import stepbuild
from checks import chapters, diffs, exercises, files, layers, plants, steps, transcripts, words
from checks.core import RULES, Note, Problem, Tree
from testing import InFolder, said


class Trees(InFolder):
    """Judges small trees, written for each test."""

    def tree(self, files_of_it):
        shutil.rmtree(self.root)
        for name, text in files_of_it.items():
            self.write(name, text)
        return Tree(self.root.resolve())

    def problems(self, rule, files_of_it):
        """What a rule finds, as check prints it."""
        said = RULES[rule].judge(self.tree(files_of_it))
        return [str(one) for one in said if isinstance(one, Problem)]

    def notes(self, rule, files_of_it):
        said = RULES[rule].judge(self.tree(files_of_it))
        return [one.text for one in said if isinstance(one, Note)]


CODE = r'''/// \file
#include <map>
#define SOME(x) { \
  x
namespace evolve {
namespace {
constexpr int big = 1'000'000;  // a quote in a number
const char* text = R"x( { ) )x";
constexpr method table[] = {{"poll", [](int) { return 1; }}, {"select", nullptr}};
}  // namespace
class event_base;
enum class mode : int { a, b };
template <class F, class = std::enable_if_t<(sizeof(F) > 3)>>
class callback final : public base<int, 3> {
 public:
  callback(const callback&) = delete;
  template <class F>
    requires(sizeof(F) <= 24 && std::is_trivially_copyable_v<F>)
  callback(F f) : a_{1}, b_(2), c_{f} {
    if (f) { g(); }
  }
  explicit operator bool() const noexcept { return true; }
  virtual std::span<const ready> collect() = 0;
  [[nodiscard]] auto now() const -> std::optional<int> {
    return '{';
  }

 private:
  int a_{0}, b_ = 3;
  std::function<void(int)> cb_{};
  struct inner { void f() {} };
  int hidden() const;
};
extern "C" void handler(int) {
}
event_base::event_base(int x) noexcept(false)
    : a_(x),
      b_{x} {
  auto l = [this] {
    return 1;
  };
}
TEST_P(suite, name) { EXPECT_EQ(1, 2); }
}  // namespace evolve
'''


class Cpp(unittest.TestCase):
    """The scanner."""

    def test_functions_have_their_names_and_lengths(self):
        found = [(f.name, f.length) for f in cpp.functions(CODE)]
        self.assertEqual(found, [("callback", 5), ("operator bool", 1), ("now", 3), ("f", 1),
                                 ("handler", 2), ("event_base::event_base", 7), ("suite.name", 1)])

    def test_what_users_see_is_public(self):
        found = {item.name for item in cpp.items(CODE) if item.public}
        self.assertLessEqual({"callback", "collect", "now", "handler", "mode"}, found)
        self.assertFalse(found & {"hidden", "f", "inner", "big", "a_"})

    def test_lines_are_code_or_comment(self):
        text = 'int a;  // b\n\n/* c\n   d */\nauto e = "// f";\n// g\n'
        self.assertEqual(cpp.code_lines(text), {1, 5})
        self.assertEqual(cpp.comment_lines(text), {3, 4, 6})
        self.assertEqual([k for k, _ in cpp.comments(text)], [1, 3, 4, 6])

    def test_what_is_included(self):
        text = '#include <vector>\n\n// #include "no.h"\n # include  "evolve/x.h"  // y\n'
        self.assertEqual(cpp.includes(text), [(1, "vector"), (4, "evolve/x.h")])

    def test_tests_and_only_they_are_tests(self):
        text = ("TEST(A, One) {\nTEST_F(B,\n       Two) {\nTYPED_TEST(C, Three) {\n"
                "TEST_P(D, Four) {\nMY_TEST(E, Five) {\n  TEST(F, Six);\nTEST_X(G, Seven) {\n")
        self.assertEqual([found.groups() for found in cpp.TEST.finditer(text)],
                         [("A", "One"), ("B", "Two"), ("C", "Three"), ("D", "Four")])

    def test_masking_keeps_the_length(self):
        self.assertEqual(len(cpp.masked(CODE)), len(CODE))


class Noise(Trees):
    """What makes a diff longer without saying more."""

    OLD = "void one() {\n  first_call(a, b);\n  second_call(c);\n  third_call(d);\n}\n"

    def found(self, new, old=OLD):
        return self.problems("noise", {"stage01_a/evolve/x.cpp": old,
                                       "stage02_b/evolve/x.cpp": new})

    def test_growth_is_no_noise(self):
        new = self.OLD.replace("  second", "  new_call(x);\n  second") + "\nvoid two() {\n}\n"
        self.assertEqual(self.found(new), [])

    def test_a_changed_line_is_no_noise(self):
        self.assertEqual(self.found(self.OLD.replace("(a, b)", "(a, b, c)")), [])

    def test_indentation(self):
        found = self.found(self.OLD.replace("  second", "    second"))
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith("stage02_b/evolve/x.cpp:3:"), found)

    def test_a_block_around_old_lines_is_no_noise(self):
        plain = "  second_call(c);\n  third_call(d);\n"
        wrapped = "  if (x) {\n    second_call(c);\n    third_call(d);\n  }\n"
        self.assertEqual(self.found(self.OLD.replace(plain, wrapped)), [])

    def test_broken_and_joined_lines(self):
        broken = self.OLD.replace("(a, b)", "(a,\n             b)")
        self.assertEqual(len(self.found(broken)), 1)
        self.assertEqual(len(self.found(self.OLD, broken)), 1)

    def test_blank_lines(self):
        more = self.OLD.replace("  third", "\n  third")
        self.assertEqual(len(self.found(more)), 1)
        self.assertEqual(len(self.found(self.OLD, more)), 1)

    def test_moved_lines(self):
        moved = "void two() {\n  first_call(a, b);\n  second_call(c);\n  third_call(d);\n}\n"
        found = self.problems("noise", {
            "stage01_a/evolve/x.cpp": self.OLD, "stage02_b/evolve/x.cpp": "void one() {\n}\n",
            "stage02_b/evolve/y.cpp": moved})
        self.assertEqual(len(found), 1)
        self.assertIn("stage02_b/evolve/y.cpp:1: moved", found[0])
        self.assertIn("stage01_a/evolve/x.cpp:2", found[0])


class TestsGrow(Trees):
    """Test files of neighbouring stages."""

    ONE = "#include <a>\n\nTEST(s, one) {\n  a();\n}\n\n/// Why.\nTEST(s, two) {\n  b();\n}\n"

    def found(self, new, lifted=""):
        return self.problems("tests_grow", {
            "stage01_a/test/x_test.cpp": self.ONE, "stage02_b/test/x_test.cpp": new,
            "docs/lifted.txt": lifted})

    def test_growth(self):
        new = self.ONE.replace("TEST(s, two)", "TEST(s, new) {\n}\n\nTEST(s, two)") + "\n// more\n"
        self.assertEqual(self.found(new), [])

    def test_a_lifted_test_leaves_with_its_comment(self):
        new = "#include <a>\n\n/// Why.\nTEST(s, two) {\n  b();\n}\n"
        self.assertEqual(len(self.found(new)), 1)
        self.assertEqual(self.found(new, "stage02_b test/x_test.cpp s.one: now it can\n"), [])

    def test_a_lifted_test_leaves_whole(self):
        new = self.ONE.replace("TEST(s, one) {\n  a();\n}\n", "  a();\n")
        self.assertTrue(self.found(new.replace("/// Why.\n", ""),
                                   "stage02_b test/x_test.cpp s.one: now it can\n"))


class Layers(Trees):
    """Includes."""

    def found(self, **includes):
        return self.problems("layers", {
            f"stage01_a/evolve/{name.replace('__', '.')}":
                "".join(f'#include "evolve/{one}.h"\n' for one in others)
            for name, others in includes.items()})

    def test_downward(self):
        self.assertEqual(self.found(what__h=[], callback__h=["what"], event__h=["callback", "what"],
                                    event_base__h=["event"], event_base__cpp=["event_base"]), [])

    def test_upward(self):
        found = self.found(what__h=["event"], event__h=[])
        self.assertEqual(len(found), 1)
        self.assertIn("stage01_a/evolve/what.h:1", found[0])

    def test_a_circle_is_told_once(self):
        found = self.found(what__h=["tailq"], tailq__h=["callback"], callback__h=["what"])
        self.assertEqual(len(found), 1)
        self.assertIn("circle", found[0])

    def test_backends_see_no_event_through_others(self):
        found = self.found(poll__cpp=["eventop"], eventop__h=["event"], event__h=[])
        self.assertIn("poll.cpp -> evolve/eventop.h -> evolve/event.h", found[-1])


class SingleFiles(Trees):
    """What a rule must not take for a defect."""

    def found(self, rule, text, name="evolve/x.cpp"):
        return self.problems(rule, {f"stage01_a/{name}": text})

    def test_prose_that_ends_in_a_semicolon(self):
        text = ("// It returns the number of events that wait;\n// see del();\nint a;\n"
                "/// \\code\n/// loop.run();\n/// \\endcode\nint b;\n")
        self.assertEqual([p.split(":")[1] for p in self.found("no_boilerplate", text)], ["2"])

    def test_numbers_that_are_no_years_or_versions(self):
        text = "// 2000 events, 2048 bytes, 2000 ms; 127.0.0.1 and 2.1 are none\nint a;\n"
        self.assertEqual(self.found("no_boilerplate", text), [])

    def test_where_an_if_may_stand(self):
        whole = "#if __has_include(<sys/epoll.h>)\n#include <sys/epoll.h>\nint f() {\n}\n#endif\n"
        head = "#ifdef POLLRDHUP\nconstexpr int a = POLLRDHUP;\n#endif\nint f() {\n}\n"
        self.assertEqual(self.found("no_boilerplate", whole), [])
        self.assertEqual(self.found("no_boilerplate", head, "evolve/poll.cpp"), [])
        self.assertEqual(len(self.found("no_boilerplate", head)), 1)

    def test_words_that_only_look_like_sleep_or_a_port(self):
        text = "void f() {\n  bool asleep(htons(0));\n  // sleep(1)\n  x.sleeps();\n}\n"
        self.assertEqual(self.found("sleeping", text, "test/x_test.cpp"), [])

    def test_what_needs_no_comment(self):
        text = ("/// \\file\n/// A.\n/// B.\nclass c;\n/// C.\nclass d {\n public:\n"
                "  d() = default;\n"
                "  bool empty() const;\n  void f() override;\n  /// G.\n  void g(int);\n"
                "  void g();\n  int bad();\n\n private:\n  int h();\n};\n")
        found = [p for p in self.found("docs_comments", text, "evolve/x.h") if "has no" in p]
        self.assertEqual(found, ["stage01_a/evolve/x.h:14: bad has no /// comment"])


class Chapters(Trees):
    """Chapters as texts, and their links."""

    def test_anchors(self):
        text = ["# Where we differ, and why", "## `event::add`", "## Try it", "## Try it",
                "```", "# no heading", "```"]
        self.assertEqual(chapters.slugs(text),
                         {"where-we-differ-and-why", "eventadd", "try-it", "try-it-1"})

    def test_links_in_code_are_no_links(self):
        text = "`[this](int fd)` and\n```cpp\n[this](int fd) {}\n```\n[x](https://a.b/c) [y](#z)\n"
        found = self.problems("links", {"README.md": text})
        self.assertEqual(found, ["README.md:5: dead link: README.md has no heading #z"])


class Transcripts(unittest.TestCase):
    """Transcripts, run by a real shell."""

    def found(self, text):
        steps, problem = transcripts.steps(text.split("\n"), 1)
        self.assertIsNone(problem)
        return list(transcripts._judge(steps, transcripts.perform(steps, "/")))

    def test_what_differs_from_run_to_run(self):
        for one, two in [("on 127.0.0.1:40123", "on 127.0.0.1:5"), ("pid 12", "pid 345"),
                         ("took 12.3 ms", "took 9 ms"), ("at 0.52s", "at 1.00s"),
                         ("/home/a/evolve/x.fifo", "/root/x.fifo"), ("at 0x7ffd12", "at 0x12")]:
            self.assertEqual(transcripts.normal(one), transcripts.normal(two))

    def test_what_does_not_differ(self):
        for one, two in [("3 clients", "4 clients"), ("12 ms", "12 s"), ("tick 1", "tick 2"),
                         ("/a/b/x", "/a/b/y"), ("1/2", "1/3")]:
            self.assertNotEqual(transcripts.normal(one), transcripts.normal(two))

    def test_output_errors_and_continued_commands(self):
        self.assertEqual(self.found("$ echo a \\\n> b\na b\n$ echo c >&2\nc\n"
                                    "$ printf d\nd\n$ [ -t 1 ] && echo e\ne"), [])

    def test_jobs(self):
        self.assertEqual(self.found("$ sleep 9 &\n[1] 77\n$ kill -INT %1\n"
                                    "$ wait %1; echo $?\n130"), [])

    def test_a_port_is_learnt(self):
        self.assertEqual(self.found("$ echo 127.0.0.1:$((50000 + 1))\n127.0.0.1:40123\n"
                                    "$ echo port 40123\nport 40123\n"
                                    "$ [ 40123 = 50001 ] && echo yes\nyes"), [])

    def test_differences(self):
        found = self.found("$ echo a\nb\n$ echo c\n$ true\nd")
        self.assertEqual([line for line, _ in found], [2, 3, 5])

    def test_builds_say_nothing(self):
        self.assertEqual(self.found("$ echo '[1/2] Building CXX object a.o'; echo x\nx"), [])


class Words(Trees):
    """Where words for persons, comments without a noun and filler are found, and where not."""

    def test_words_for_persons_that_stand_for_things(self):
        text = "An event\nwho waits. Whoever calls; it is nobody's.\nNo one sees somebody."
        self.assertEqual(list(words.persons(text)),
                         [(1, "who"), (1, "Whoever"), (1, "nobody's"), (2, "No one"),
                          (2, "somebody")])

    def test_persons_are_persons(self):
        for text in ("A reader who types it. People, and authors, who know it.",
                     "Users to\nwhom it is new", "someone\nelse's program", "whose", "`nobody` is",
                     "[this](docs/someone-elses-program.md)",
                     "the body of some one-shot event", "\\libevent{event.c,who}"):
            self.assertEqual(list(words.persons(text)), [], text)

    def test_a_person_in_another_sentence_is_not_meant(self):
        for text in ("A reader. It is the event who waits.", f"A user {'x ' * 40} who waits"):
            self.assertEqual([word for _, word in words.persons(text)], ["who"], text)

    def test_comments_without_a_noun(self):
        for text in (" how much of that is left", " the same", " what it was called for",
                     " there, or above", " one less", " so is this", " it is tried again"):
            self.assertFalse(words.has_noun(text), text)

    def test_comments_with_a_noun(self):
        for text in (" callbacks this turn may still make", " for now()", " in `ready`", " the set",
                     " both ends", " for event::add()", "", " -1: none of fds_", " NOLINT(x-y)",
                     " to the last call"):
            self.assertTrue(words.has_noun(text), text)

    def test_a_comment_of_several_lines_is_one(self):
        text = ("int a;  // is this\n        // one\n// b\n// c\nint d;  // e\n// f\n"
                "int g;  ///< h\n  ///< i\n/* j\n * k */\n")
        self.assertEqual([(found.line, found.text.replace("\n", "|")) for found in
                          words.remarks(text)],
                         [(1, " is this| one"), (3, " b| c"), (5, " e"), (6, " f"), (7, " h| i"),
                          (9, " j| k ")])

    def test_what_prose_has_and_the_caption_has_not(self):
        caption = "evolve/event_base.h `event_base::add`, its header"
        self.assertEqual(words.new_words("And the base adds the event in its header:", caption), [])
        self.assertEqual(words.new_words("Adding checks the descriptor first.", caption),
                         ["checks", "descriptor"])

    def test_a_term_may_look_ahead(self):
        row = "| knote | 节点 | it | [2](../../stage02_b/README.md) |\n"
        for count, found in ((words.MOST_EARLY, 0), (words.MOST_EARLY + 1, 1)):
            tree = {"docs/book/glossary.md": row, "stage01_a/README.md": "Knotes.\n" * count,
                    "stage02_b/README.md": "knote\n" * 9}
            self.assertEqual(len(self.problems("words", tree)), found)


class Exercises(Trees):
    """What is judged of an exercise before anything is built."""

    def test_a_verdict_is_of_all_that_went_in(self):
        pairs = [({"a": b"1"}, {"b": b"2"}), ({"a": b"1"}, {"b": b"3"}),
                 ({"a": b"1", "b": b"2"}, {}), ({"a1": b""}, {"b": b"2"})]
        self.assertEqual(len({exercises._digest(red, green) for red, green in pairs}), len(pairs))

    def test_a_copy_holds_what_it_should_and_no_more(self):
        tree = self.tree({"copy/a": "1", "copy/b": "2"})
        before = (tree.root / "copy/a").stat().st_mtime_ns
        exercises._write(tree.root / "copy", {"a": b"1", "c/d": b"3"})
        self.assertEqual(exercises._content(tree.root / "copy"), {"a": b"1", "c/d": b"3"})
        self.assertEqual((tree.root / "copy/a").stat().st_mtime_ns, before)


class Check(unittest.TestCase):
    """The command."""

    def test_every_rule_has_a_plant(self):
        self.assertEqual({plant.rule for plant in plants.PLANTS}, set(RULES))

    def test_a_copied_defect_is_told_where_it_was_made(self):
        found = list(check._first_of_copies([
            Problem("stage01_a/evolve/x.h", 3, "bad"), Problem("stage02_b/evolve/x.h", 4, "bad"),
            Problem("stage02_b/evolve/y.h", 1, "bad")]))
        self.assertEqual([(p.path, n) for p, n in found],
                         [("stage01_a/evolve/x.h", 1), ("stage02_b/evolve/y.h", 0)])

    def test_options_that_would_be_swallowed_are_refused(self):
        for words, answer in ((["--cross", "--full"], "--cross goes with no other option"),
                              (["--cross", "--fast"], "--cross goes with no other option"),
                              (["--fast", "--full"], "--full adds to what --fast leaves out")):
            self.assertEqual(said(check.main, words), (2, f"./evolve check: {answer}\n"))

    def test_the_measures_are_those_of_the_design(self):
        self.assertEqual((diffs.FIRST_STAGE_LINES, diffs.STEP_LINES), (800, 600))
        self.assertEqual((diffs.BIG_STEPS, diffs.BIG_STEP_LINES), ({5, 8}, 700))
        self.assertEqual(diffs.NEWEST_LINES, 4000)
        self.assertEqual(diffs.REMOVED_LINES, 150)
        self.assertEqual((files.LONGEST, files.MEDIAN, chapters.MOST_WORDS), (40, 12, 5600))
        self.assertEqual((steps.MOST_CHANGED, steps.MOST_NEW), (120, 250))
        self.assertEqual((steps.MOST_PROVISIONAL, steps.PROVISIONAL_PART), (40, 6))
        self.assertEqual((steps.LEAST_PROGRAM, steps.MOST_PROGRAM), (15, 40))
        self.assertEqual((steps.NOT_COMPILING_PART, steps.MOST_LAST, stepbuild.LONGEST), (3, 3, 5))
        self.assertEqual((steps.MOST_WORDS, steps.MOST_BESIDE), (730, 1400))
        self.assertEqual((words.LEAST_NEW, words.MOST_EARLY), (2, 3))
        self.assertEqual((chapter.MOST_CHANGED, chapter.MEDIAN_CODE), (40, 12))
        self.assertEqual(layers.BACKENDS,
                         {"poll", "select", "epoll", "epoll_changelist", "kqueue"})
