"""Finds links of the built book that lead nowhere, and pages from which nothing leads back."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from book.kept import anew

_JS_ADDRESS = re.compile(r"""["'](?:\.\./)?([\w./-]+\.html)(#[\w-]+)?["']""")


class _Reader(HTMLParser):
    """Collects a page's anchors and the addresses in it."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.anchors, self.addresses, self.links = {""}, [], []

    def handle_starttag(self, tag, attrs):
        """Ids and names are anchors; href and src are addresses."""
        for key, value in attrs:
            if key == "id" or (key == "name" and tag == "a"):
                self.anchors.add(value)
            if key in ("href", "src", "xlink:href", "data") and value:
                self.addresses.append(value)
                if key == "href" and tag == "a":
                    self.links.append(value)


class Found(NamedTuple):
    """A page's anchors, all addresses in it, and those of its links."""

    anchors: list
    addresses: list
    links: list


def _read(html):
    """What is found in a page."""
    reader = _Reader()
    reader.feed(html)
    return Found(*(list(dict.fromkeys(each))
                   for each in (reader.anchors, reader.addresses, reader.links)))


def _pages(book, kept):
    """All pages of the book; what is found in one that was read before is known."""
    pages = {}
    for path in sorted(book.rglob("*.html")):
        if path.parent.name != "search":
            html = path.read_text(errors="replace")
            name = path.relative_to(book).as_posix().replace("/", "-")
            found = Found(*kept(f"links-{name}", [html], lambda html=html: _read(html)))
            pages[path] = found._replace(anchors=set(found.anchors))
    return pages


def _leaves(address):
    """Whether it is none of the book's, or no address at all."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


class _Targets(dict):
    """By (folder, path): the file that a page of the folder means, and what is wrong with it."""

    def __init__(self, book):
        super().__init__()
        self.book = book

    def __missing__(self, key):
        folder, path = key
        target, wrong = (folder / unquote(path)).resolve(), None
        if not target.is_file():
            wrong = "there is no such file"
        elif self.book not in target.parents:
            wrong = "that is outside of the book"
        self[key] = target, wrong
        return self[key]


def _complaint(page, address, pages, targets):
    """What is wrong with an address in a page, or None."""
    parts = urlsplit(address)
    target, wrong = targets[page.parent, parts.path] if parts.path else (page, None)
    if wrong:
        return wrong
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "there is no such anchor"
    return None


def _goes_back(page, reader, targets):
    """Whether one of its links leads to the front page."""
    return any(targets[page.parent, urlsplit(link).path][0] == targets.book / "index.html"
               for link in reader.links if not _leaves(link))


def check(book, kept=anew):
    """All that is wrong, as "page: address: why"; kept(name, inputs, make) may know some of it."""
    book = Path(book).resolve()
    pages, targets = _pages(book, kept), _Targets(book)
    found = []
    for path, reader in pages.items():
        name = path.relative_to(book)
        for address in reader.addresses:
            if not _leaves(address) and (why := _complaint(path, address, pages, targets)):
                found.append(f"{name}: {address}: {why}")
        if not _goes_back(path, reader, targets):
            found.append(f"{name}: no link leads to the front page")
    return found + _scripts(book, pages, targets)


def _scripts(book, pages, targets):
    """The same for the addresses in scripts; those of menus and the search are the book's."""
    found = []
    for script in sorted(book.rglob("*.js")):
        base = book if script.name == "reference-menu.js" else script.parent
        for file, anchor in dict.fromkeys(_JS_ADDRESS.findall(script.read_text())):
            page = base / file
            if why := _complaint(base / "index.html", f"{file}{anchor}", pages, targets):
                found.append(f"{script.relative_to(book)}: {page.name}{anchor}: {why}")
    return found
