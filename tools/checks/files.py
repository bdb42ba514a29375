"""The rules on single files of a stage: what a reader of the code should never stumble on."""

import re
from statistics import median

import cpp
from checks.core import Note, Problem, below, lines, read, rule, sources
from checks.layers import BACKENDS

LONGEST = 40
MEDIAN = 12
DENSITY = 0.5, 1.6

_STAGE = re.compile(r"\bstage[ _-]?0?[0-9]|\bchapter[ _-]?[0-9]", re.IGNORECASE)


@rule("no file of a stage but its README names a stage or the number of one")
def no_stage_named(tree):
    """A name or number in the code would change from stage to stage, or be wrong in all but one."""
    for stage in tree.stages:
        for path in below(stage, "."):
            if path.name == "README.md" or "build" in path.relative_to(stage).parts:
                continue
            if found := _STAGE.search(path.name):
                yield tree.problem(path, 0, f"the file's name names a stage: {found.group()!r}")
            for k, text in enumerate(lines(path), 1):
                if found := _STAGE.search(text):
                    yield tree.problem(path, k, f"names a stage or its number: {found.group()!r}")


_BOILERPLATE = [
    (re.compile(r"\bcopyright\b|\bSPDX-|\ball rights reserved\b|\(c\) ?\d{4}|\blicen[sc]e", re.I),
     "a licence belongs in LICENSE, once"),
    (re.compile(r"[@\\](?:author|date|version|since|copyright)\b"),
     "git knows who, when and which"),
    (re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b"), "do it or leave it out"),
    (re.compile(r"(?<![\d.])v?\d+\.\d+\.\d+(?![\d.]|\.\d)"), "a version string grows old"),
    (re.compile(r"\b(?:199\d|20[0-3]\d)\b(?! [a-z]+s\b)(?![\d.,-]*\s?(?:[num]?s|B|bytes)\b)"),
     "a year grows old"),
]


def _boilerplate(tree, path):
    """Problems of what a file's comments carry beside their meaning."""
    for k, text in cpp.comments(read(path)):
        for pattern, why in _BOILERPLATE:
            if found := pattern.search(text):
                yield tree.problem(path, k, f"boilerplate in a comment, {found.group()!r}: {why}")


_PLAIN_WORDS = re.compile(r"(?:\b[A-Za-z][a-z]*,? ){4}")
_CODE_WORDS = re.compile(r"\b(?:const|static|return|auto|int|void|if|for|while|bool|char)\b")


def _reads_as_code(text):
    """Whether a comment line ends as code does and is not a sentence that happens to."""
    text = text.strip()
    if re.fullmatch(r"[{}]+;?", text):
        return True
    if not re.search(r"[;{]$", text):
        return False
    return not _PLAIN_WORDS.search(_CODE_WORDS.sub("=", text))


def _sample_lines(text):
    """The comment lines that show code on purpose: within \\code or a fence, or set in by four."""
    shown = False
    for k, line in cpp.comments(text):
        mark = re.match(r"\s*(?:[@\\](?:end)?code\b|```)", line)
        if mark or shown or line.startswith("     "):
            yield k
        shown = shown != bool(mark)


def _commented_out(tree, path):
    """Problems of code that a comment disables."""
    text = read(path)
    meant = set(_sample_lines(text))
    for k, line in cpp.comments(text):
        if k not in meant and _reads_as_code(line):
            yield tree.problem(path, k, f"commented-out code: {line.strip()}")


def _conditionals(text):
    """(first line, last line, condition) of every outermost #if to its #endif."""
    depth, start, condition = 0, 0, ""
    for k, line in enumerate(cpp.masked(text).split("\n"), 1):
        if found := re.match(r"\s*#\s*(if|ifdef|ifndef)\b(.*)", line):
            if depth == 0:
                start, condition = k, f"{found.group(1)}{found.group(2)}".strip()
            depth += 1
        elif re.match(r"\s*#\s*endif\b", line):
            depth -= 1
            if depth == 0:
                yield start, k, condition


# Where a line or two depend on the system: the table of its methods, what a descriptor may be, and
# what wakes a loop.
_OF_THE_SYSTEM = ("evolve/eventop.cpp", "evolve/fd.cpp", "evolve/notifier.cpp",
                  "evolve/self_pipe.cpp")
# What they, and tests, may ask of it: is it Linux, or macOS, has it kqueue, or this flag or call?
# And are there assertions?
_OF_SYSTEMS = {"ifndef NDEBUG", "ifdef __linux__", "ifdef __APPLE__", "ifdef POLLRDHUP", 
               "ifdef O_PATH", "ifdef SYS_epoll_pwait2",
               "if __has_include(<sys/event.h>) && !defined(EVOLVE_NO_KQUEUE)"}
# The interface of kqueue as the BSDs have it, which is made of macros.
_STAND_IN = "test/kqueue_on_epoll/sys/event.h"


def _may_branch(path, text, start, end, condition):
    """Whether an #if is around a whole file, names a kernel's constant for a backend, or asks for
    the system in a test or in one of a few files of the library."""
    if path.parent.name == "test" or path.as_posix().endswith(_OF_THE_SYSTEM):
        if condition in _OF_SYSTEMS:
            return True
    code = cpp.code_lines(text)
    includes = {k for k, line in enumerate(text.split("\n"), 1) if re.match(r"\s*#", line)}
    whole_file = not {k for k in code - includes if k < start or k > end}
    first_function = min((f.first for f in cpp.functions(text)), default=end + 1)
    of_kernel = re.fullmatch(r"ifn?def [A-Z][A-Z0-9_]+", condition)
    at_head = bool(of_kernel) and path.stem in BACKENDS and end < first_function
    return whole_file or at_head


def _macros(tree, path):
    """Problems of the preprocessor."""
    if path.as_posix().endswith(_STAND_IN):
        return
    text = read(path)
    allowed = r"include|pragma\s+once|if|ifdef|ifndef|elif|else|endif"
    for k, line in enumerate(cpp.masked(text).split("\n"), 1):
        found = re.match(r"\s*#\s*(\w+)", line)
        if found and not re.match(rf"\s*#\s*(?:{allowed})\b", line):
            yield tree.problem(path, k, f"a macro, #{found.group(1)}: use the language")
    for start, end, condition in _conditionals(text):
        if not _may_branch(path, text, start, end, condition):
            yield tree.problem(path, start, f"#{condition}: only a whole file, or one "
                               "constant at the head of a backend, may depend on the system")


@rule("no licence headers, years, versions, authors or TODOs, no code in comments, no macros")
def no_boilerplate(tree):
    """What is in every file says nothing, and what is switched off is not there."""
    for stage in tree.stages:
        for path in sources(stage, "evolve", "sample", "test"):
            yield from _boilerplate(tree, path)
            yield from _commented_out(tree, path)
            yield from _macros(tree, path)
        for path in below(stage, ".", suffixes=(".txt", ".cmake")):
            for k, line in enumerate(lines(path), 1):
                if re.search(r"^\s*project\(.*\bVERSION\b", line):
                    yield tree.problem(path, k, "a stage has no version")


def _lengths(tree, stage, folder):
    """(length, path, function) of every function in a folder of a stage."""
    return [(f.length, path, f) for path in sources(stage, folder)
            for f in cpp.functions(read(path))]


@rule(f"no function of evolve/ or sample/ is over {LONGEST} lines; "
      f"those of evolve/ have a median of at most {MEDIAN}")
def function_length(tree):
    """A function that fits the eye can be judged; the note gives each stage's median."""
    for stage in tree.stages:
        library, samples = _lengths(tree, stage, "evolve"), _lengths(tree, stage, "sample")
        for length, path, function in library + samples:
            if length > LONGEST:
                yield tree.problem(path, function.first, f"{function.name} has {length} lines; "
                                   f"cut it where its parts have names (at most {LONGEST})")
        if not library:
            continue
        sizes = [length for length, _, _ in library]
        longest = max([length for length, _, _ in samples], default=0)
        yield Note(f"{stage.name:28}{len(sizes):4} functions, median {median(sizes):g}, "
                   f"longest {max(sizes)}; samples' longest {longest}")
        if median(sizes) > MEDIAN:
            yield Problem(f"{tree.name(stage)}/evolve", 0, f"the median function has "
                          f"{median(sizes):g} lines (at most {MEDIAN})")


_SLEEP = re.compile(r"\b(?:sleep|usleep|nanosleep|clock_nanosleep|sleep_for|sleep_until)\s*\(")
_PORT = re.compile(r"\bhtons\s*\(\s*[1-9]|\bsin6?_port\s*=\s*[1-9]")
_ADDRESS = re.compile(r'"[^"]*(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):[1-9]\d*')


def _test_files(tree):
    """The C++ files of all tests, those of the exercises too."""
    for stage in tree.stages:
        yield from sources(stage, "test")
    yield from sorted((tree.root / "docs").rglob("*_test.cpp"))


@rule("no test sleeps or takes a fixed port")
def sleeping(tree):
    """A test that waits for time or shares a port fails on the machine that is busy."""
    for path in _test_files(tree):
        text = read(path)
        for k, line in enumerate(cpp.masked(text).split("\n"), 1):
            if found := _SLEEP.search(line):
                yield tree.problem(path, k, f"{found.group()}): wait for what must happen, "
                                   "or use a manual clock")
            if found := _PORT.search(line):
                yield tree.problem(path, k, f"a fixed port, {found.group()}: bind to 0 and ask")
        for k, line in enumerate(lines(path), 1):
            if found := _ADDRESS.search(line):
                yield tree.problem(path, k, f"a fixed port, {found.group()[1:]}: bind to 0 and ask")


_KNOWN = re.compile(r"operator\b.*|.*~\w+|begin|end|empty|size")


def _needs_comment(item):
    """Whether a declaration is one that users of the header see and do not know already."""
    if not item.public or item.kind not in ("function", "type", "enum"):
        return False
    if item.kind == "function":
        said_elsewhere = r"=\s*(?:default|delete)\s*$|\boverride\b|\bfinal\b|^friend\b"
        return not _KNOWN.fullmatch(item.name) and not re.search(said_elsewhere, item.head.strip())
    return item.body or item.kind == "enum"


def _undocumented(text):
    """The items of a header that need a comment and have none; overloads in a row share one."""
    all_lines = [""] + text.split("\n")
    covered = None
    for item in cpp.items(text):
        above = all_lines[item.first - 1].strip()
        has = above.startswith("///") or "///<" in all_lines[item.last]
        shares = covered and covered.name == item.name and covered.last == item.first - 1
        if not _needs_comment(item):
            continue
        if has or shares:
            covered = item
        else:
            yield item


def _density(paths):
    """Lines of comment for each line of code."""
    texts = [read(path) for path in paths]
    code = sum(len(cpp.code_lines(text)) for text in texts)
    return sum(len(cpp.comment_lines(text)) for text in texts) / max(code, 1)


@rule("headers say what they are for: \\file, every public class and function, about a comment "
      "line per line of code")
def docs_comments(tree):
    """The header is the manual: who uses a class should not have to read how it works."""
    low, high = DENSITY
    for stage in tree.stages:
        headers = below(stage, "evolve", suffixes=(".h",))
        for path in headers:
            if not read(path).startswith("/// \\file"):
                yield tree.problem(path, 1, "a header begins with `/// \\file` and what it is for")
            for item in _undocumented(read(path)):
                yield tree.problem(path, item.first, f"{item.name} has no /// comment")
        found = _density(headers)
        yield Note(f"{stage.name:28}{found:.2f} lines of comment per line of code in headers")
        if not low <= found <= high:
            yield Problem(f"{tree.name(stage)}/evolve", 0, f"{found:.2f} lines of comment per line "
                          f"of code in headers; {low} to {high} is what a reader can use")
