"""Just enough C++ for the tools: where code, comments, functions and declarations are.

Pygments says what is a comment, a literal, a directive or a word. What the braces are for is told
by the words before them, which is all that a formatted file of this project needs.
"""

import re
from bisect import bisect_left
from functools import cache
from itertools import accumulate, groupby
from typing import NamedTuple

from pygments.lexers import CppLexer
from pygments.token import Comment, String

_LEXER = CppLexer(stripnl=False, ensurenl=False)
_DIRECTIVES = Comment.Preproc, Comment.PreprocFile
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_LABELS = re.compile(r"\s*(?:(public|protected|private)\s*:(?!:)\s*)+")
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_TAIL = re.compile(r"(?:\s|\b(?:const|volatile|noexcept|override|final|try)\b|&&?|\(\)"
                   r"|->.*|\brequires\b.*|= *(?:0|default|delete)\b)*", re.DOTALL)
_CALL = re.compile(r"((?:\w+::)*(?:operator\(\)|operator\s*[^\s(\w]+|operator [\w:* ]+|~?\w+))"
                   r"\s*\(")
_NO_NAME = {"requires", "noexcept", "alignas", "decltype", "explicit", "sizeof"}
_OPEN, _CLOSE = "([{", ")]}"
_INCLUDE = re.compile(r"""\s*#\s*include\s+["<]([^">]+)[">]""")
TEST = re.compile(r"^(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)", re.MULTILINE)


@cache
def tokens(text):
    """(kind, text) of all that a text is made of, as Pygments knows kinds."""
    *found, (kind, last) = _LEXER.get_tokens(text + "\n")  # a comment needs the end of its line
    return [*found, (kind, last.removesuffix("\n"))]


def _class_of(token):
    """Whether a token is a literal, a comment or code; Pygments calls directives comments."""
    kind, text = token
    if kind in String or kind in Comment.PreprocFile and text.startswith('"'):
        return "literal"
    is_comment = kind in Comment and not any(kind in one for one in _DIRECTIVES)
    return "comment" if is_comment else "code"


@cache
def _parts(text):
    """(class, text) of the longest stretches of one class."""
    return [(what, "".join(word for _, word in found))
            for what, found in groupby(tokens(text), _class_of)]


def _blank(text):
    """As many spaces, on as many lines."""
    return re.sub(r"[^\n]", " ", text)


def _masked_part(what, text):
    """Spaces for a comment, underscores for what a literal says; line ends stay."""
    if what == "literal":
        return text[0] + re.sub(r"[^\n]", "_", text[1:-1]) + text[-1]
    return _blank(text) if what == "comment" else text


@cache
def masked(text):
    """The text, as long as before, without comments and without the insides of literals."""
    return "".join(_masked_part(*part) for part in _parts(text))


@cache
def comments(text):
    """(line, text) of every line of every comment, its slashes and stars taken off."""
    parts = _parts(text)
    starts = accumulate((part.count("\n") for _, part in parts), initial=1)
    return [(line + k, re.sub(r"^\s*(?:///?<?|/?\*+)|\*/$", "", one))
            for line, (what, part) in zip(starts, parts) if what == "comment"
            for k, one in enumerate(part.removesuffix("\n").split("\n"))]


@cache
def code_lines(text):
    """The numbers of the lines that are more than blank or comment."""
    return {k for k, line in enumerate(masked(text).split("\n"), 1) if line.strip()}


def comment_lines(text):
    """The numbers of the lines that are only comment."""
    code = code_lines(text)
    return {k for k, line in enumerate(text.split("\n"), 1) if line.strip() and k not in code}


class Item(NamedTuple):
    """Something declared outside of functions: its kind, name, lines and who may see it."""

    kind: str
    name: str
    first: int
    last: int
    public: bool
    member: bool
    head: str
    body: bool

    @property
    def length(self):
        """Lines from the first of its head to its closing brace."""
        return self.last - self.first + 1


def _without_groups(text):
    """The text with everything inside of brackets gone, but the brackets there."""
    out, depth = [], 0
    for char in text:
        depth -= char in _CLOSE
        if depth == 0:
            out.append(char)
        depth += char in _OPEN
    return "".join(out)


def _after_group(text, k):
    """The place after the bracket that closes the one at k."""
    depth = 0
    for place in range(k, len(text)):
        depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        if depth == 0:
            return place + 1
    return len(text)


def _after_angles(text, k):
    """The place after the angle bracket that closes the one before k."""
    angles, groups = 1, 0
    while angles and k < len(text):
        groups += (text[k] in _OPEN) - (text[k] in _CLOSE)
        if not groups:
            angles += (text[k] == "<") - (text[k] == ">")
        k += 1
    return k


def _plain(head):
    """A head without attributes, and without the `template <...> requires(...)` it begins with."""
    head = _ATTRIBUTE.sub("", head)
    while found := re.match(r"\s*template\s*<", head):
        head = head[_after_angles(head, found.end()):].lstrip()
        if clause := re.match(r"requires\s*(?=\()", head):
            head = head[_after_group(head, clause.end()):]
    return head.strip()


def _is_call_like(flat):
    """Whether a head without groups ends as a function's does: parameters, then qualifiers."""
    before, parenthesis, after = flat.partition(")")
    if "=" in before and "operator" not in before:
        return False
    return bool(parenthesis and _TAIL.fullmatch(after))


def _kind(text):
    """What the brace or semicolon after this plain head ends or opens."""
    flat = _without_groups(text)
    if re.match(r'(inline\s+)?namespace\b|extern\s*"_*"$', text):
        return "namespace"
    if re.match(r"enum\b", text):
        return "enum"
    if re.match(r"(class|struct|union)\b", text) and ")" not in flat.replace("alignas()", ""):
        return "type"
    if re.match(r"(using|typedef|static_assert|friend|return|goto)\b", text):
        return "other"
    if re.search(r"\)\s*(?:noexcept\s*(?:\(\))?\s*)?:(?!:)", flat):
        return "value" if re.search(r"[\w>]\s*$", flat) else "function"
    return "function" if _is_call_like(flat) else "value"


def _name(text, kind):
    """The name that a plain head declares; a test's is `Suite.Name`."""
    if test := TEST.match(text):
        return f"{test[1]}.{test[2]}"
    if found := re.match(r"(?:class|struct|union|enum(?:\s+class)?|namespace|using)\s+([\w:]+)",
                         text):
        return found[1]
    if kind == "value":
        text = re.split(r"=|\{", _without_groups(text))[0]
    calls = (call[1] for call in _CALL.finditer(text) if call[1] not in _NO_NAME)
    return next(calls, None) or next(iter(re.findall(r"(\w+)\W*$", text)), "")


class _Scan:
    """Walks a file once and lists its items."""

    def __init__(self, text):
        self.text = _DIRECTIVE.sub(lambda found: _blank(found[0]), masked(text))
        self.ends = [k for k, char in enumerate(self.text) if char == "\n"]
        self.start, self.items = 0, []
        self.scopes = []  # of each: who may see what is declared now, its place among the items
        self._walk()

    def _walk(self):
        k, depth = 0, 0
        while k < len(self.text):
            char = self.text[k]
            if char in "([":
                depth += 1
            elif char in ")]":
                depth -= 1
            elif char == "{":
                k = _after_group(self.text, k) - 1 if depth else self._open(k)
            elif char == ";" and not depth:
                self._end(k, k, body=False)
            elif char == "}" and self.scopes:
                self._close(k)
            k += 1

    def _head(self, k):
        """What stands between the last item and k; a label on the way sets the scope's access."""
        labels = _LABELS.match(self.text, self.start, k)
        if labels:
            self.start = labels.end()
            if self.scopes:
                self.scopes[-1] = labels[1], self.scopes[-1][1]
        while self.start < k and self.text[self.start].isspace():
            self.start += 1
        return self.text[self.start:k]

    def _open(self, k):
        """Deals with a brace outside of functions; returns the place to go on from."""
        head = self._head(k)
        kind = _kind(_plain(head))
        if kind in ("namespace", "type"):
            closed = re.match(r"class\b", _plain(head))
            hidden = kind == "namespace" and re.search(r"namespace\s*(detail\b.*)?$", head.strip())
            self._end(k, k, body=True)
            self.scopes.append(("private" if closed or hidden else "public", len(self.items) - 1))
            return k
        end = _after_group(self.text, k) - 1
        if kind == "function":
            self._end(k, end, body=True)
            self.start = end + 1
        return end

    def _close(self, k):
        """Ends the innermost scope."""
        place = self.scopes.pop()[1]
        self.items[place] = self.items[place]._replace(last=self._line(k))
        self.start = k + 1

    def _end(self, k, end, body):
        """Lists the item whose head ends at k, and which ends itself at `end`."""
        head = self._head(k)
        if head:
            kind = _kind(_plain(head))
            self.items.append(Item(
                kind, _name(_plain(head), kind), self._line(self.start), self._line(end),
                all(access == "public" for access, _ in self.scopes),
                any(self.items[place].kind == "type" for _, place in self.scopes), head, body))
        self.start = k + 1

    def _line(self, place):
        """The number of the line that a place is in."""
        return bisect_left(self.ends, place) + 1


@cache
def items(text):
    """All that a file declares outside of functions, in the order of their heads."""
    return _Scan(text).items


def functions(text):
    """The functions with a body, in order; what is inside of one, lambdas too, counts to it."""
    return [item for item in items(text) if item.kind == "function" and item.body]


@cache
def includes(text):
    """(line, name) of every header that a text includes."""
    return [(k, found[1]) for k, line in enumerate(text.split("\n"), 1)
            if (found := _INCLUDE.match(line))]


def enclosing(lines):
    """For every line the name of the definition it is inside of; a first line is outside."""
    names = [""] * len(lines)
    for item in items("\n".join(lines)):
        if item.kind != "namespace" and not item.member and item.name != "catch":
            names[item.first:item.last] = [item.name] * (item.last - item.first)
    return names
