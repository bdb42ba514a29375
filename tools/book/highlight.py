"""C++, diffs and transcripts as HTML, in the classes that Doxygen's style sheets colour."""

import re
from functools import cache
from html import escape
from itertools import groupby

from pygments.token import Comment, Keyword, Literal, Name

import cpp as scanner
from book.changed import TIE, of_diff

_STYLES = ((Comment.Preproc, "preprocessor"), (Comment.PreprocFile, "preprocessor"),
           (Comment, "comment"), (Literal.String.Char, "charliteral"),
           (Literal.String, "stringliteral"), (Keyword.Type, "keywordtype"),
           (Keyword, "keyword"), (Name.Builtin, "keyword"))
_FLOW = set("break case catch continue default do else for goto if return switch throw try while "
            "co_await co_return co_yield".split())
_PLAIN = {"post", "thread", "throws"}  # reserved by other dialects, names in ours


def _style(kind, text):
    found = next((style for each, style in _STYLES if kind in each and text not in _PLAIN), None)
    return "keywordflow" if found == "keyword" and text in _FLOW else found


def _styled(line):
    """(style, text) of the parts of a line; none of our literals and comments goes over lines."""
    if line.lstrip().startswith("#"):
        return [("preprocessor", line)]
    return [(_style(kind, text), text) for kind, text in scanner.tokens(line)]


def _cut(parts, spans):
    """Parts of a line as (style, address, is marked, text), cut where links and marks begin."""
    stops = sorted({place for span in spans for place in span[:2]})
    at = 0
    for style, text in parts:
        end = at + len(text)
        places = [at, *(stop for stop in stops if at < stop < end), end]
        for first, last in zip(places, places[1:]):
            here = [span for span in spans if span[0] <= first < span[1]]
            address = next((span[2] for span in here if span[2]), None)
            yield style, address, any(not span[2] for span in here), text[first - at:last - at]
        at = end


def _tie(match):
    """What a thing is called in libevent, in words; what is copied is what the code says."""
    return (f'<span hidden>{match[0]}</span>'
            f'<span class="ttc tie">libevent: {match[1]}, {match[2]}</span>')


def _tagged(tag, name, value, html):
    """HTML in an element that has an attribute; as it is without a value of that."""
    return f'<{tag} {name}="{value}">{html}</{tag}>' if value else html


def _joined(parts):
    """The parts of a line, those of one look together."""
    out = ""
    for marked, group in groupby(parts, lambda part: part[2]):
        html = "".join(_linked(*look, "".join(part[3] for part in same))
                       for look, same in groupby(group, lambda part: part[:2]))
        out += _tagged("b", "class", marked and "changed", html)
    return out


def _linked(style, address, text):
    """A part of one look."""
    html = _tagged("span", "class", style, re.sub(TIE, _tie, escape(text)))
    return _tagged("a", "class", address and f'known" href="{escape(address)}', html)


@cache
def cpp(line, links=(), marks=()):
    """One line of C++, with (start, end, address) of links in it, (start, end) of marked words."""
    spans = [*links, *((start, end, None) for start, end in marks)]
    return _joined(_cut(_styled(line), spans))


def plain(line, marks=()):
    """One line of another language, with marked words."""
    return _joined(_cut([(None, line)], [(start, end, None) for start, end in marks]))


def diff(line, links=(), marks=()):
    """One line of a diff: its sign, coloured, and the code behind it."""
    if line.startswith("@@"):
        return "hunk", escape(line)
    kind = {"+": "added", "-": "removed"}.get(line[:1], "")
    moved = tuple((start - 1, end - 1) for start, end in marks)
    return kind, escape(line[:1]) + cpp(line[1:], links, moved)


def console(line):
    """One line of a transcript: what is typed stands out from what is answered."""
    return ("typed" if line.startswith("$ ") else "", escape(line))


def no_links(_line):
    """What is a link in a line in which nothing is known."""
    return ()


def found(lines, kind, links):
    """What links(line) says of the code in each line; a diff's sign is none."""
    return [links(line[kind == "diff":]) for line in lines]


def rows(lines, kind, links):
    """(class, HTML) of each line, with the links in its code."""
    if kind == "cpp":
        return [("", cpp(*each)) for each in zip(lines, links)]
    if kind == "diff":
        return [diff(*each) for each in zip(lines, links, of_diff(lines))]
    return [console(line) if kind == "console" else ("", escape(line)) for line in lines]


def row(style, html, more=""):
    """A line of a block."""
    return f'<div class="{("line " + style).strip()}"{more}>{html or " "}</div>'


def _last(lines):
    """How many lines there are up to the last that shows something."""
    return next((k for k in range(len(lines), 0, -1) if lines[k - 1].strip()), 0)


def fragment(lines, kind, anchor=None, links=no_links):
    """A block of code as Doxygen writes one, with the anchor as its name.

    Empty lines at its end are there to be copied, and not shown.
    """
    name = f' id="{anchor}"' if anchor else ""
    shown, made = _last(lines), rows(lines, kind, found(lines, kind, links))
    html = (row(style, line, "" if k < shown else " hidden")
            for k, (style, line) in enumerate(made))
    return "\n".join([f'<div class="fragment {kind or "text"}"{name}>', *html, "</div>"])
