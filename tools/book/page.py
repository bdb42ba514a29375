"""Names of the book's pages, and the frame of those that Doxygen does not write.

Diff and replay pages have a layout of their own, but the bar, the menu and the theme of the rest.
"""

import json
from html import escape
from pathlib import Path
from typing import NamedTuple


class Page(NamedTuple):
    """A page that a tool has written: what it is called, its file in the book, whose stage or step."""

    title: str
    file: str
    stage: int | None = None
    step: int | None = None


def chapter_page(stage, step=None):
    """The file of a chapter, or of one of its steps."""
    return f"chapter{stage:02}.html" if step is None else f"step{stage:02}_{step:02}.html"


def diff_page(stage, step=None):
    """The file of the page that shows a stage beside the one before it, or a step."""
    return f"diff_{stage:02}.html" if step is None else f"diff_{stage:02}_{step:02}.html"


def replay_page(stage):
    """The file of the page that replays a recorded run of a stage's sample."""
    return f"replay_{stage:02}.html"


def replay_pair_page(one, other):
    """The file of the page that replays the runs of two stages side by side."""
    return f"replay_{one:02}_{other:02}.html"


def reference_page(stage):
    """The front page of the last stage's reference, which says where to begin."""
    return f"stage{stage:02}/index.html"


REFERENCE = "Reference"  # what that of the last stage is called


def sources_page(stage):
    """The list of the files of a stage's library."""
    return f"sources_{stage:02}.html"


def told_anchor(k):
    """The anchor, in its chapter's page, of the chapter's k-th told block, counted from 0."""
    return f"told{k + 1}"


def write_menu(path, entries):
    """Writes entries of the menu, [title, file, what is below it], as a script that adds them."""
    data = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"(window.bookMenus ??= {{}})['{path.stem}'] = {data};\n", encoding="utf-8")


_FRAME = Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
_BAR = (Path(__file__).resolve().parents[2] / "docs" / "book" / "bar.html").read_text("utf-8")


def _link(href, text):
    return f'<a href="{escape(href)}">{escape(text)}</a>'


def bar(root, way):
    """The bar on top of every page, the menu, and (href, text) links to what the page belongs to.

    `root` leads from the page's folder to the book's.
    """
    links = "".join(_link(*each) for each in way)
    shown = f'<nav class="way" aria-label="This page belongs to">{links}</nav>' if links else ""
    return _BAR.replace("@ROOT@", root).replace("@WAY@", shown)


def wrap(title, body_html, head_html="", back=(), root="", wide=True):
    """A whole page with this body.

    `back` is (href, text) links to what it belongs to; `root` leads from the page's folder to the
    book's. On a page that is `wide`, the menu is folded at first.
    """
    return _FRAME.format(title=escape(title), body=body_html, head=head_html, root=root,
                         bar=bar(root, back), kind="wide" if wide else "text")
