"""C++, diffs and transcripts as HTML, in the classes that Doxygen's style sheets colour."""

import re
from html import escape

_FLOW = set("break case catch continue default do else for goto if return switch throw try while "
            "co_await co_return co_yield".split())
_TYPES = set("auto bool char double float int long short signed unsigned void wchar_t".split())
_WORDS = set("alignas alignof class concept const constexpr decltype delete enum explicit false "
             "final friend inline mutable namespace new noexcept nullptr operator override private "
             "protected public requires reinterpret_cast sizeof static static_assert static_cast "
             "const_cast struct template this true typedef typename union using virtual".split())

_TOKEN = re.compile(r"""(?P<comment>//.*$|/\*.*?\*/)
    |(?P<stringliteral>"(?:[^"\\]|\\.)*"|<[\w./]+>(?=\s*$))
    |(?P<charliteral>'(?:[^'\\]|\\.)+')
    |(?P<word>[A-Za-z_]\w*)""", re.X)


def _class_of(word):
    """The style of a word that C++ has reserved, or None."""
    if word in _FLOW:
        return "keywordflow"
    if word in _TYPES:
        return "keywordtype"
    return "keyword" if word in _WORDS else None


def _span(kind, text):
    """Coloured text."""
    return f'<span class="{kind}">{escape(text)}</span>'


def cpp(line):
    """One line of C++; literals and comments that go over lines are not in our code."""
    if line.lstrip().startswith("#"):
        return _span("preprocessor", line)
    out, at = [], 0
    for token in _TOKEN.finditer(line):
        kind = token.lastgroup
        if kind == "word" and (kind := _class_of(token[0])) is None:
            continue
        if kind == "stringliteral" and token[0][0] == "<":
            continue
        out += [escape(line[at:token.start()]), _span(kind, token[0])]
        at = token.end()
    return "".join(out) + escape(line[at:])


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
