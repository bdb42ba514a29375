"""Tables of prose: on a phone each row is a card, in which each cell says what it is."""

import re
from html import escape, unescape

_TABLE = re.compile(r'(<div class="table">)?(<table class="markdownTable">.*?</table>)', re.S)
_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.S)
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.S)
_OPEN = re.compile(r"<(table|tr|th|td)\b")
_ROLES = {"table": "table", "tr": "row", "th": "columnheader", "td": "cell"}


def _words(html):
    """The text of a cell."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def _row(html, heads):
    """A row whose cells have their column's head as a label."""
    labels = iter(heads)
    return re.sub(r"<td\b", lambda _: f'<td data-label="{escape(next(labels, ""))}"', html)


def _table(match):
    """A table with labels, and with roles, which a row that is a card has lost.

    It gets the frame that it scrolls in, if it has none.
    """
    heads = [_words(head) for head in _HEAD.findall(match[2])]
    html = _ROW.sub(lambda row: _row(row[0], heads), match[2])
    html = _OPEN.sub(lambda tag: f'{tag[0]} role="{_ROLES[tag[1]]}"', html)
    return match[1] + html if match[1] else f'<div class="table">{html}</div>'


def labelled(html):
    """A page with labels in the cells of its tables."""
    return _TABLE.sub(_table, html)
