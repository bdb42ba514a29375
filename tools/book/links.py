"""Finds links of the built book that lead nowhere, and pages from which nothing leads back."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

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


def _read(path):
    reader = _Reader()
    reader.feed(path.read_text(errors="replace"))
    return reader


def _leaves(address):
    """Whether it is none of the book's, or no address at all."""
    parts = urlsplit(address)
    return bool(parts.scheme or parts.netloc)


def _complaint(page, address, pages, book):
    """What is wrong with an address in a page, or None."""
    parts = urlsplit(address)
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_file():
        return "there is no such file"
    if book not in target.parents:
        return "that is outside of the book"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "there is no such anchor"
    return None


def _goes_back(page, reader, book):
    """Whether one of its links leads to the front page."""
    return any((page.parent / urlsplit(link).path).resolve() == book / "index.html"
               for link in reader.links if not _leaves(link))


def check(book):
    """All that is wrong, as "page: address: why"."""
    book = Path(book).resolve()
    pages = {path: _read(path) for path in sorted(book.rglob("*.html"))}
    found = []
    for path, reader in pages.items():
        name = path.relative_to(book)
        for address in dict.fromkeys(reader.addresses):
            if not _leaves(address) and (why := _complaint(path, address, pages, book)):
                found.append(f"{name}: {address}: {why}")
        if not _goes_back(path, reader, book):
            found.append(f"{name}: no link leads to the front page")
    return found + _scripts(book, pages)


def _scripts(book, pages):
    """The same for the addresses in scripts; those of menus and the search are the book's."""
    found = []
    for script in sorted(book.rglob("*.js")):
        base = book if script.name == "reference-menu.js" else script.parent
        for file, anchor in dict.fromkeys(_JS_ADDRESS.findall(script.read_text())):
            page = base / file
            if why := _complaint(base / "index.html", f"{file}{anchor}",
                                 pages, book):
                found.append(f"{script.relative_to(book)}: {page.name}{anchor}: {why}")
    return found
