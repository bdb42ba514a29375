"""Just enough C++ to count with: where code, comments, functions and declarations are.

This is no parser. It knows comments, literals and balanced brackets, and tells the kinds of braces
apart by the words before them, which is all that a formatted file of this project needs.
"""

import re
from bisect import bisect_left
from functools import cache, cached_property
from typing import NamedTuple

_QUIET = re.compile(
    r"//[^\n]*(?:\\\n[^\n]*)*"
    r"|/\*.*?\*/"
    r'|R"(?P<mark>[^(\s"]*)\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])*'", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_LABELS = re.compile(r"\s*(?:(public|protected|private)\s*:(?!:)\s*)+")
_ATTRIBUTE = re.compile(r"\[\[.*?\]\]", re.DOTALL)
_TAIL = re.compile(r"(?:\s|\b(?:const|volatile|noexcept|override|final|try)\b|&&?|\(\)"
                   r"|->.*|\brequires\b.*|= *(?:0|default|delete)\b)*", re.DOTALL)
_NAME = re.compile(r"((?:\w+::)*(?:operator\(\)|operator\s*[^\s(\w]+|operator [\w:* ]+|~?\w+))"
                   r"\s*\(")
_NO_NAME = {"requires", "noexcept", "alignas", "decltype", "explicit", "sizeof"}
_OPEN, _CLOSE = "([{", ")]}"


class Item(NamedTuple):
    """Something declared outside of functions: its kind, name, lines and who may see it."""

    kind: str
    name: str
    first: int
    last: int
    public: bool
    head: str
    body: bool

    @property
    def length(self):
        """Lines from the first of its head to its closing brace."""
        return self.last - self.first + 1


def _hidden(match):
    """Spaces for a comment, underscores for what a literal says; line ends stay."""
    text = match.group()
    if text.startswith("/"):
        return re.sub(r"[^\n]", " ", text)
    return text[0] + re.sub(r"[^\n]", "_", text[1:-1]) + text[-1]


@cache
def masked(text):
    """The text, as long as before, without comments and without the insides of literals."""
    return _QUIET.sub(_hidden, text)


@cache
def comments(text):
    """(line, text) of every line of every comment, its slashes and stars taken off."""
    found, line, upto = [], 1, 0
    for match in _QUIET.finditer(text):
        if match.group().startswith("/"):
            line, upto = line + text.count("\n", upto, match.start()), match.start()
            found += [(line + k, re.sub(r"^\s*(?:///?<?|/?\*+)|\*/$", "", one))
                      for k, one in enumerate(match.group().split("\n"))]
    return found


@cache
def code_lines(text):
    """The numbers of the lines that are more than blank or comment."""
    return {k for k, line in enumerate(masked(text).split("\n"), 1) if line.strip()}


def comment_lines(text):
    """The numbers of the lines that are only comment."""
    code = code_lines(text)
    return {k for k, line in enumerate(text.split("\n"), 1) if line.strip() and k not in code}


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


def _without_template(head):
    """A head without the `template <...>` and `requires(...)` that it begins with."""
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


def _kind(head):
    """What the brace or semicolon after this head ends or opens."""
    text = _without_template(_ATTRIBUTE.sub("", head))
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
    if _is_call_like(flat):
        return "function"
    return "value"


def _name(head):
    """The name that a head declares; a test's is `Suite.Name`."""
    text = _without_template(_ATTRIBUTE.sub("", head))
    test = re.match(r"(?:TYPED_)?TEST(?:_F|_P)?\s*\(\s*(\w+)\s*,\s*(\w+)", text)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    if found := re.match(r"(?:class|struct|union|enum(?:\s+class)?|namespace)\s+([\w:]+)", text):
        return found.group(1)
    for call in _NAME.finditer(text):
        if call.group(1) not in _NO_NAME:
            return call.group(1)
    found = re.search(r"(\w+)\W*$", text)
    return found.group(1) if found else ""


class Scan:
    """Walks a file once and lists its items."""

    def __init__(self, text):
        self.text = _DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), masked(text))
        self.ends = [k for k, char in enumerate(self.text) if char == "\n"]
        self.start = 0
        self.scopes = []

    @cached_property
    def items(self):
        """All items, in the order in which they end or, for a scope, begin."""
        found, k, depth = [], 0, 0
        while k < len(self.text):
            char = self.text[k]
            if char in "([":
                depth += 1
            elif char in ")]":
                depth -= 1
            elif char == "{":
                k = _after_group(self.text, k) - 1 if depth else self._open(k, found)
            elif char == ";" and not depth:
                self._end(k, found, body=False)
            elif char == "}" and self.scopes:
                self.scopes.pop()
                self.start = k + 1
            k += 1
        return found

    def _head(self, k):
        """What stands between the last item and k; a label on the way sets the scope's access."""
        labels = _LABELS.match(self.text, self.start, k)
        if labels:
            self.start = labels.end()
            if self.scopes:
                self.scopes[-1] = labels.group(1)
        while self.start < k and self.text[self.start].isspace():
            self.start += 1
        return self.text[self.start:k]

    def _open(self, k, found):
        """Deals with a brace outside of functions; returns the place to go on from."""
        head = self._head(k)
        kind = _kind(head)
        if kind in ("namespace", "type"):
            self._end(k, found, body=True)
            inner = re.match(r"(?:template\s*<.*>\s*)?class\b", head, re.DOTALL)
            hidden = kind == "namespace" and re.search(r"namespace\s*(detail\b.*)?$", head.strip())
            self.scopes.append("private" if inner or hidden else "public")
            return k
        end = _after_group(self.text, k) - 1
        if kind == "function":
            self._end(k, found, body=True, last=end)
            self.start = end + 1
        return end

    def _end(self, k, found, body, last=None):
        """Lists the item whose head ends at k."""
        head = self._head(k)
        if head:
            found.append(Item(_kind(head), _name(head), self._line(self.start),
                              self._line(last or k), "private" not in self.scopes
                              and "protected" not in self.scopes, head, body))
        self.start = k + 1

    def _line(self, place):
        """The number of the line that a place is in."""
        return bisect_left(self.ends, place) + 1


@cache
def items(text):
    """All that a file declares outside of functions."""
    return Scan(text).items


def functions(text):
    """The functions with a body, in order; what is inside of one, lambdas too, counts to it."""
    return [item for item in items(text) if item.kind == "function" and item.body]
