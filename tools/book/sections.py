"""What a built page says, section by section, as the search is to find it.

It is read from the page itself, so that all is found that is seen, wherever it has come from.
"""

import re
from html.parser import HTMLParser
from typing import NamedTuple

_HEADINGS = {"h1", "h2", "h3", "h4"}
_UNREAD = {"nav", "svg", "script", "style", "noscript", "button", "output"}
_EMPTY = {"br", "img", "hr", "input", "link", "meta", "wbr"}
_APART = {"p", "div", "li", "td", "th", "tr", "dt", "dd", "br", "pre", "summary", "ul",
          "ol", "table"}


class Section(NamedTuple):
    """A heading or a row of a table, its anchor in the page, the prose below it, and the code."""

    heading: str
    anchor: str
    prose: str
    code: str


def _plain(parts):
    """Text as it is seen: with single blanks, and none inside of brackets."""
    return re.sub(r"(?<=[(\[]) ", "", re.sub(r"\s+", " ", "".join(parts)).strip())


class _Open:
    """A section that is being read."""

    def __init__(self, anchor=""):
        self.anchor = anchor
        self.texts = {"heading": [], "prose": [], "code": []}

    def done(self):
        """The section."""
        return Section(anchor=self.anchor, **{k: _plain(v) for k, v in self.texts.items()})


class _Reader(HTMLParser):
    """Cuts a page at its headings, and takes out rows that have an anchor of their own."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.path = []      # the elements around: (tag, what it is here, or None)
        self.began = False  # whether the content has
        self.found = [_Open()]
        self.row = None

    def _role(self, tag, classes):
        """What an element means to the search."""
        if tag in _UNREAD or {"toc", "ttc", "caption"} & classes:
            return "unread"
        if tag in _HEADINGS:
            return "heading"
        return "code" if tag == "pre" or "fragment" in classes else None

    def _inside(self, role):
        return any(each == role for _, each in self.path)

    def _note_anchor(self, name):
        """An anchor is of the heading or of the row that it stands in, if of any."""
        if self._inside("heading"):
            self.found[-1].anchor = self.found[-1].anchor or name
        elif self.row is None and any(tag == "tr" for tag, _ in self.path):
            self.row = _Open(name)

    def handle_starttag(self, tag, attrs):
        """Opens a section at a heading; content begins where Doxygen's or ours does."""
        given = dict(attrs)
        classes = set((given.get("class") or "").split())
        self.began = self.began or tag == "main" or "contents" in classes
        if not self.began:
            return
        role = self._role(tag, classes)
        if role == "heading" and not self._inside("unread"):
            self.found.append(_Open())
        if tag in _APART:
            self.handle_data(" ")
        if tag not in _EMPTY:
            self.path.append((tag, role))
        if given.get("id"):
            self._note_anchor(given["id"])

    def handle_endtag(self, tag):
        """Closes all down to the last element of that name."""
        at = max((k for k, (name, _) in enumerate(self.path) if name == tag), default=None)
        if at is not None:
            del self.path[at:]
        if tag == "tr" and self.row:
            self.found.insert(-1, self.row)
            self.row = None
        if tag in _APART:
            self.handle_data(" ")

    def handle_data(self, data):
        """Text goes to the heading, the code or the prose of what is open."""
        if not self.began or self._inside("unread"):
            return
        kind = next((role for role in ("heading", "code") if self._inside(role)), "prose")
        (self.row or self.found[-1]).texts[kind].append(data)


def sections(html):
    """All sections of a page that say something; what is before its first heading has none."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    done = [each.done() for each in reader.found]
    return [each for each in done if each.heading or each.prose or each.code]
