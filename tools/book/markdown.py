"""From GitHub's Markdown, in which chapters are written, to what Doxygen makes a page of.

Doxygen gets the prose, headings and lists. Code, links and folded answers are handed to it as
HTML, since it would read commands and names into them.
"""

import re
from html import escape
from typing import NamedTuple

import told
from book import highlight, page

FRONT = "mainpage"
CHARTS = "benchmarks"  # the page that has all charts

_HEADING = re.compile(r"(#{1,4}) (.*)$")
_CODE = re.compile(r"(?<!`)(?P<tick>`+)(?!`)(?P<code>.+?)(?<!`)(?P=tick)(?!`)", re.S)
_LINK = re.compile(r"\[(?P<text>[^\[\]]+)\]\((?P<target>[^()\s]+)\)", re.S)
_SPAN = re.compile(f"{_LINK.pattern}|{_CODE.pattern}", re.S)
_KEPT = re.compile(r"\0(\d+)\0")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", re.S)
_EMPHASISED = re.compile(r"(?<![\w*\\])\*(?=[^\s*])(.+?)(?<=[^\s*\\])\*(?![\w*])", re.S)
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\((?:[^()\s]*/)?([^()\s/]+)\)$")
_TAG = re.compile(r"</?(?:details|summary)>")


class Source(NamedTuple):
    """A page to be: its Markdown, its label, and what links and names in it lead to.

    `link` makes of a link's target the address in the book; `name` of a symbol its address in a
    reference, or None. `figures` are pairs of a heading and the HTML that stands before it; of
    None, and what stands for the first drawing. `told` is how many told blocks of its chapter are
    on other pages before it. `bar` makes the title bar of the told block with such a number, and
    `links` says what is a link in a line of code, of a file if it is known. `behind` is HTML that
    follows a block, by the index of its fence. `shown` is the HTML that stands for an image, by the
    name of its file.
    """

    text: str
    label: str
    link: object
    name: object
    above: str = ""
    below: str = ""
    figures: tuple = ()
    told: int = 0
    bar: object = None
    links: object = lambda line, file="": ()
    behind: dict = {}
    shown: dict = {}


def slug(heading):
    """The anchor that GitHub gives a heading."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def anchor(label, heading):
    """The anchor of a heading in the book, where all pages share one space of names."""
    return f"{label}-{slug(heading)}"


def _inert(html):
    """HTML in which Doxygen finds no end of the comment that it makes of a page."""
    return html.replace("*/", "*&#47;").replace("/*", "&#47;*")


def _raw(html):
    """HTML inside a paragraph; quotation marks in it would be taken for the paragraph's."""
    quoted = html.replace('"', "'")
    return rf"\htmlonly {_inert(quoted)}\endhtmlonly"


def raw_block(html):
    """HTML that is a block of its own."""
    return f"\\htmlonly[block]\n{_inert(html)}\n\\endhtmlonly"


def _code(text, source):
    """Inline code; a name that the reference knows leads there."""
    shown = escape(text.strip()).replace("\\|", "|").replace("|", "&#124;")
    where = source.name(text.strip())
    code = f"<code>{shown}</code>"
    return f'<a class="symbol" href="{escape(where)}">{code}</a>' if where else code


def _link(match, source):
    """A link as HTML, with the code in its text."""
    text = _CODE.sub(lambda m: f"<code>{escape(m['code'])}</code>", match["text"])
    return _raw(f'<a href="{escape(source.link(match["target"]))}">{text}</a>')


def _emphasis(prose):
    """Strong and emphasised words as HTML, which may have code or a link at their ends."""
    prose = _STRONG.sub(r"<strong>\1</strong>", prose)
    return _EMPHASISED.sub(r"<em>\1</em>", prose)


def _inline(prose, source):
    """Links, code and emphasis of a paragraph; a piece of code is no place for the others."""
    kept = []

    def keep(match):
        code = _CODE.fullmatch(match[0])
        kept.append(_raw(_code(code["code"], source)) if code else _link(match, source))
        return f"\0{len(kept) - 1}\0"

    marked = _emphasis(_SPAN.sub(keep, prose))
    return _KEPT.sub(lambda match: kept[int(match[1])], marked)


def _prose(lines, source):
    """Lines between fences: headings get names, the rest its links and code."""
    out, paragraph = [], []

    def flush():
        if paragraph:
            out.append(_inline("\n".join(paragraph), source))
            paragraph.clear()

    for line in lines:
        heading = _HEADING.match(line)
        if heading or _TAG.match(line) or _IMAGE.match(line) or not line.strip():
            flush()
            out.append(_special(line, heading, source))
        else:
            paragraph.append(line)
    flush()
    return out


def _special(line, heading, source):
    """A heading, a chart, a folding tag or a blank line."""
    if image := _IMAGE.match(line):
        return raw_block(source.shown.get(image[2]) or _chart(*image.groups(), source))
    if not heading:
        return raw_block(line) if line.strip() else line
    if len(heading[1]) > 1:
        name = anchor(source.label, heading[2])
        if source.label == FRONT:  # the side tree lists its sections, before all other pages
            return raw_block(f'<h2 id="{name}">{escape(heading[2])}</h2>')
        return f"{_figures(source, heading[2])}{heading[1]} {heading[2]} {{#{name}}}"
    title = f"# {heading[2]} {{#{source.label}}}\n\n"
    return title + ("[TOC]\n\n" if source.above else "") + raw_block(source.above)


def _chart(words, file, source):
    """A chart, which leads to the page that has all of them."""
    image = f'<img src="{file}" alt="{escape(words)}">'
    if source.label != CHARTS:
        image = f'<a href="{CHARTS}.html" title="All benchmarks">{image}</a>'
    return f'<p class="chart">{image}</p>'


def _figures(source, heading):
    """The figures before a heading, whose level may be another on GitHub."""
    return "".join(raw_block(html) + "\n\n" for where, html in source.figures
                   if (where and where.lstrip("# ")) == heading)


def _drawing(source, block):
    """A chapter's first drawing: the picture in its place, and itself for whoever unfolds it."""
    figures = _figures(source, None)
    if not figures:
        return block
    folded = '<details class="drawing"><summary>The same in text</summary>'
    return f"\n{figures}{raw_block(folded)}\n{block}\n{raw_block('</details>')}\n"


def headings(text):
    """The headings below the title, as (level, text)."""
    lines = told.lines_of(text)
    inside = told.fenced(lines)
    found = [_HEADING.match(line) for k, line in enumerate(lines) if k not in inside]
    return [(len(each[1]), each[2]) for each in found if each and len(each[1]) > 1]


def images(text):
    """The images of a text, as (words, name of the file)."""
    return [found.groups() for found in map(_IMAGE.match, told.lines_of(text)) if found]


def codes(text):
    lines = told.lines_of(text)
    inside = told.fenced(lines)
    prose = "\n".join("" if k in inside else line for k, line in enumerate(lines))
    return [match["code"].strip() for match in _CODE.finditer(prose)]


def _told(source):
    """(number in its chapter, block) of each told block, by the index of the line that opens it."""
    return {block.open_line - 1: (k, block)
            for k, block in enumerate(told.parse(source.text), source.told)}


def _block(source, lines, kind, found):
    """A block of code; below its title bar, if it is told."""
    if found is None:
        return raw_block(highlight.fragment(lines, kind, links=source.links))
    k, block = found
    code = highlight.fragment(lines, kind, page.told_anchor(k),
                              lambda line: source.links(line, block.file))
    bar = source.bar(k) if source.bar else ""
    return raw_block(f'<div class="told-block">{bar}{code}</div>' if bar else code)


def to_doxygen(source):
    """The page as Doxygen's input."""
    lines = told.lines_of(source.text)
    found = _told(source)
    out, at, drawn = [], 0, False
    for start, end, kind in told.fences(lines):
        captioned = source.bar and start in found  # then the bar says what the caption does
        out += _prose(lines[at:found[start][1].caption_line - 1 if captioned else start], source)
        block = _block(source, lines[start + 1:end], kind, found.get(start))
        if kind == "text" and not drawn:
            block, drawn = _drawing(source, block), True
        out.append(block)
        if start in source.behind:
            out.append(raw_block(source.behind[start]))
        at = end + 1
    out += _prose(lines[at:], source)
    return "\n".join([*out, "", raw_block(source.below), ""])
