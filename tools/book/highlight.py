"""C++, diffs and transcripts as HTML, in the classes that Doxygen's style sheets colour."""

from functools import cache
from html import escape

from pygments.token import Comment, Keyword, Literal, Name

import cpp as scanner

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


@cache
def cpp(line):
    """One line of C++; literals and comments that go over lines are not in our code."""
    if line.lstrip().startswith("#"):
        return f'<span class="preprocessor">{escape(line)}</span>'
    out, last = [], None
    for kind, text in scanner.tokens(line):
        style = _style(kind, text)
        if style != last:
            out.append(("</span>" if last else "") + (f'<span class="{style}">' if style else ""))
        out.append(escape(text))
        last = style
    return "".join(out) + ("</span>" if last else "")


def diff(line):
    """One line of a diff: its sign, coloured, and the code behind it."""
    if line.startswith("@@"):
        return "hunk", escape(line)
    kind = {"+": "added", "-": "removed"}.get(line[:1], "")
    return kind, escape(line[:1]) + cpp(line[1:])


def console(line):
    """One line of a transcript: what is typed stands out from what is answered."""
    return ("typed" if line.startswith("$ ") else "", escape(line))


_LINE = {"cpp": lambda line: ("", cpp(line)), "diff": diff, "console": console}


def fragment(lines, kind, anchor=None):
    """A block of code as Doxygen writes one, with the anchor as its name."""
    render = _LINE.get(kind, lambda line: ("", escape(line)))
    name = f' id="{anchor}"' if anchor else ""
    rows = []
    for line in lines:
        style, html = render(line)
        rows.append(f'<div class="{("line " + style).strip()}">{html or " "}</div>')
    return "\n".join([f'<div class="fragment {kind or "text"}"{name}>', *rows, "</div>"])
