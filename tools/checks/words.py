"""The rules on words: what slows a reader, as far as a program can find it.

Four things are found. A word for a person that stands for an event, a function or a descriptor: in
prose `who` comes after a reader, a user or the like, and the pronouns for people in general are not
needed at all. A comment of nothing but small words, which means nothing without the line that it is
about. Prose between two blocks of a step that repeats the caption below it. And a term that a
chapter goes on using before the one that the glossary names for it.
"""

import re
from typing import NamedTuple

import cpp
import stages
from checks.chapters import Text, steps_of
from checks.core import Note, lines, read, rule

LEAST_NEW = 2     # words of the prose between two blocks that the caption does not have
SHORT_GAP = 12    # words: what the notes count
MOST_EARLY = 3    # mentions of a term in a chapter before its own: a word, or a look ahead
CODE = {".h", ".cpp", ".c"}

_PERSON = (r"(?:readers?|users?|people|persons?|authors?|engineers?|maintainers?|programmers?|"
           r"beginners?|visitors?)")
_WHO = re.compile(rf"\b{_PERSON}\b[^.;:?!]{{0,60}}?\bwhom?\b|\b(who|whom)\b", re.IGNORECASE)
_ANYBODY = re.compile(r"\b(someone\s+else's\s+programs?)\b|\b(whoever|whomever|"
                      r"(?:some|no|any|every)body(?:'s)?|(?:some|any|every|no\s+)one(?:'s)?)\b",
                      re.IGNORECASE)

_NOT_PROSE = re.compile(r"(`+)(?:(?!\1).)+\1|\]\([^)\s]*\)|<[^<>\n]*>|[\\@]libevent\{[^}]*\}|"
                        r"NOLINT\w*(?:\([^)]*\))?", re.DOTALL)

# What is no noun, by kinds; a word that is mostly one, as `event`, is in none of them.
_SMALL = frozenset("""
a an the this that these those it its itself they them their theirs he his we us our ours you your
i one ones another another's other others each every everything all any anything some something
none nothing both either neither many much more most less least few several enough no not nor
what which who whom whose where when why how whether whatever whenever wherever
and or but if then than so as because since until till unless though although while also too
of in on at by for from to into onto with within without over under above below before after
behind between beyond beside besides against about around among through during off out up down
away back here there there's elsewhere meanwhile
is are was were be been being am has have had having do does did done doing can cannot could
may might must shall should will would let lets
once twice again anew first last next only just even ever never always often sometimes still yet
now soon later already alone together rather quite very perhaps really else nearly almost
same such own like new old far long short good bad worse worst better best whole able
due null true false gone ready wrong
""".split())
_VERBS = frozenset("""
add adds added adding answered become becomes became began begun begins beginning call calls called
calling come comes came coming changed changes counted counts deleted deletes deleting ended ends
failed fails filled find finds found follow follows followed forgets forgot forgotten get gets got
getting give gives gave given go goes went going grown happen happens happened hold holds held keep
keeps kept know knows knew known leave leaves left look looks looked make makes made making mended
merged missed need needs needed noticed pass passes passed put puts read reads remember remembers
remembered remove removes removed reported reports returned returns run runs ran said say says see
sees seen serve serves served set sets show shows shown start starts started stay stays stayed stand
stands stood stop stops stopped take takes took taken tell tells told throw throws thrown tried
tries use used uses wake wakes woken want wants wanted waits waited waiting watched watches
works worked write writes wrote written ask asked asks asking
""".split())
# Behind one of these, a word that may be a verb is a noun: the set, both ends.
_DETERMINERS = frozenset("a an the its their no other both first last next own this many more all".split())
# Of a program as a text: they say where something stands, and that is what a caption says.
_PARTS = frozenset("""
block caption class code comment declaration definition file function header implementation include
line member part rest source step body look
""".split())


class Remark(NamedTuple):
    """A comment that is read in one go; its first line, and its text with its line ends."""

    line: int
    text: str


def _column(line, code):
    """The column in which a line's comment begins; -1 within one of `/*`."""
    return line.find("//", len(code.rstrip()))


def remarks(text):
    """The comments of a source, those of several lines whole; one goes on in its own column, or
    with `///<`."""
    own, masked, found, last = text.split("\n"), cpp.masked(text).split("\n"), [], (0, 0)
    for k, said in cpp.comments(text):
        alone, column = not masked[k - 1].strip(), _column(own[k - 1], masked[k - 1])
        goes_on = column == last[1] or own[k - 1].lstrip().startswith("///<")
        if last[0] == k - 1 and alone and goes_on and found:
            found[-1] = Remark(found[-1].line, f"{found[-1].text}\n{said}")
        else:
            found.append(Remark(k, said))
        last = k, column
    return found


def _blank(found):
    """As many spaces on as many lines."""
    return re.sub(r"[^\n]", " ", found.group())


def prose_of(text):
    """A text without code, links' targets and tags, as long as it was."""
    return _NOT_PROSE.sub(_blank, text)


def persons(text):
    """(line from 0, word) of each word for a person that is not used of one."""
    prose = prose_of(text)
    for found in _WHO.finditer(prose):
        if found.group(1):
            yield prose.count("\n", 0, found.start()), found.group(1)
    for found in _ANYBODY.finditer(prose):
        if found.group(2):
            yield prose.count("\n", 0, found.start()), found.group(2)


def has_noun(text):
    """Whether a comment has a word that may be a noun; a name of the code is one."""
    if _NOT_PROSE.search(text):
        return True
    found = re.findall(r"[\w']+(?:::\w+)*(?:\(\))?", text.replace("-", " "))
    small = [word.strip("'").lower() for word in found]
    verbs = [word in _VERBS and before not in _DETERMINERS
             for before, word in zip(["", *small], small)]
    return not small or not all(verb or word in _SMALL for verb, word in zip(verbs, small))


def _root(word):
    """A word without the endings that most words of its family have."""
    return re.sub(r"(?:ies|es|s|ed|ing|e|y)$", "", word.lower()) or word.lower()


def _roots(text):
    """The words of a text, and those that its names are made of."""
    return {_root(word) for word in re.findall(r"[A-Za-z][a-z']*", text)}


def new_words(gap, caption):
    """What the prose between two blocks has that is not small and not in the caption."""
    known = _roots(caption) | {_root(word) for word in _PARTS}
    return sorted({word for word in re.findall(r"[A-Za-z][a-z']*", gap)
                   if _root(word) not in known and word.lower() not in _SMALL})


def gaps(text, steps):
    """(block, the lines between the one before it and it) of blocks in the same step, with prose
    and nothing else between."""
    for step in steps:
        for before, block in zip(step.blocks, step.blocks[1:]):
            between = range(before.close_line, block.caption_line - 1)
            if not any(k in text.fenced for k in between) and text.words(between):
                yield block, between


def _texts(tree):
    """The files whose prose is judged: Markdown, the figures' texts, the list of defects."""
    for path in tree.files:
        name = tree.name(path)
        if path.suffix == ".md" or re.match(r"docs/(?:figures/.*\.txt|book/.*\.toml)$", name):
            yield path


def _prose(text):
    """A text's lines without its fences, one below the other."""
    return "\n".join("" if k in text.fenced else line for k, line in enumerate(text.lines))


def _in_prose(tree):
    """Words for persons in texts."""
    for path in _texts(tree):
        text = Text(path)
        for k, word in persons(_prose(text)):
            yield tree.problem(path, k + 1, f"{word!r}: name the thing, or the person: "
                                            f"{text.lines[k].strip()!r}")


def _of_comment(remark):
    """(line, problem) of a comment."""
    for k, word in persons(remark.text):
        yield remark.line + k, f"{word!r} in a comment: name the thing, or the person"
    if not has_noun(remark.text):
        yield remark.line, f"a comment without a noun: {' '.join(remark.text.split())!r}"


def _in_comments(tree):
    """What comments have that they should not, and have not that they should."""
    for path in (path for path in tree.files if path.suffix in CODE):
        for remark in remarks(read(path)):
            for line, why in _of_comment(remark):
                yield tree.problem(path, line, why)


def _told(block):
    """The code that a told block leaves: line by line, empty where it takes one away."""
    if block.kind == "cpp":
        return block.body
    return [line[1:] if line[:1] in ("+", " ") else "" for line in block.body]


def _in_provisional(tree, stage, steps):
    """The same of comments that a step brings and the stage does not have."""
    for block in (block for step in steps for block in step.blocks):
        final, told = set(lines(stage / block.file)), _told(block)
        brought = {change.line - block.open_line for change in block.changes() if change.sign == "+"}
        for remark in remarks("\n".join(told)):
            if remark.line in brought and told[remark.line - 1] not in final:
                for line, why in _of_comment(remark):
                    yield tree.problem(stage / "README.md", block.open_line + line, why)


def _in_gaps(tree, stage, text, steps):
    """Filler between the blocks of steps, and how many short gaps there are."""
    between = list(gaps(text, steps))
    for block, where in between:
        gap = text.prose(where)
        if len(new_words(gap, f"{block.file} {block.part()}")) < LEAST_NEW:
            yield tree.problem(stage / "README.md", block.caption_line, "the prose above says "
                               f"what the caption does: {' '.join(gap.split())!r}")
    short = sum(text.words(where) <= SHORT_GAP for _, where in between)
    yield Note(f"{stage.name:20}{text.words(range(len(text.lines))):6} words, "
               f"{sum(len(step.blocks) for step in steps):4} blocks, {len(between):3} gaps between "
               f"blocks of a step, {short:3} of {SHORT_GAP} words or fewer")


def _terms(tree):
    """(term, the number of its chapter) of each line of the glossary."""
    row = re.compile(r"\| ([^|]+?) \|.*\[(\d+)\]\([^)]*\) \|")
    for line in lines(tree.root / "docs/book/glossary.md"):
        if found := row.match(line):
            yield found.group(1), int(found.group(2))


def _early(tree, stage, text):
    """Terms that a chapter uses before the chapter that brings them."""
    prose = prose_of(_prose(text))
    for term, chapter in _terms(tree):
        found = [*re.finditer(rf"\b{re.escape(term)}s?\b", prose, re.IGNORECASE)]
        if stages.number(stage) < chapter and len(found) > MOST_EARLY:
            yield tree.problem(stage / "README.md", 1 + prose.count("\n", 0, found[0].start()),
                               f"{term!r} is here {len(found)} times, but the glossary says that "
                               f"chapter {chapter} brings it")


@rule("no word for a person stands for a thing, every comment has a noun, prose between the blocks "
      f"of a step has {LEAST_NEW} words that the caption has not, and a term of the glossary is in "
      f"a chapter before its own at most {MOST_EARLY} times")
def words(tree):
    """Finds them in all texts of the project, and in the comments of all its C and C++."""
    yield from _in_prose(tree)
    yield from _in_comments(tree)
    for previous, stage in tree.pairs:
        text, steps = Text(stage / "README.md"), steps_of(stage, previous) or []
        yield from _in_gaps(tree, stage, text, steps)
        yield from _in_provisional(tree, stage, steps)
        yield from _early(tree, stage, text)
