"""The libevent map: what a thing is called there, what here, and since which stage.

It is read from the `\\libevent{FILE,NAME}` tags of the headers, as Doxygen has understood them.
"""

import re
import xml.etree.ElementTree as xml
from html import escape
from typing import NamedTuple

# \\libevent{FILE,NAME} in a comment leads to the line of the map that has the name.
ALIAS = (r'libevent{2}=^^\par In libevent^^\htmlonly <a href="../libevent-map.html#\2"><code>'
         r'\2</code></a> in <code>\1</code>\endhtmlonly')
_TAG = re.compile(r'libevent-map\.html#([\w]+)"><code>[^<]*</code></a> in <code>([\w./-]+)')


class Pair(NamedTuple):
    """A name of libevent's and one of ours: the first stage that has both, and where it is now."""

    file: str
    theirs: str
    ours: str
    stage: int
    href: str


def number(ident):
    """Doxygen's number for a member, whatever the page is that it is described on."""
    return ident.rpartition("_1")[2]


def _tags(element):
    """The (file, name) pairs in the description of one class, function, variable or enum."""
    for part in ("briefdescription", "detaileddescription"):
        described = element.find(part)
        if described is not None:
            for html in described.iter("htmlonly"):
                yield from ((file, name) for name, file in _TAG.findall(html.text or ""))


def _named(compound):
    """(what is described, our name for it, Doxygen's number) of a class and its members."""
    name = compound.findtext("compoundname")
    if compound.get("kind") in ("class", "struct"):
        yield compound, name, compound.get("id")
    for member in compound.iter("memberdef"):
        qualified = member.findtext("qualifiedname") or f"{name}::{member.findtext('name')}"
        yield member, qualified, number(member.get("id"))


def tagged(xml_folder):
    """All (file, their name, our name, Doxygen's number) that one stage's headers tell of."""
    found = []
    for path in sorted(xml_folder.glob("*.xml")):
        root = xml.parse(path).getroot()
        for compound in root.findall("compounddef"):
            if compound.get("kind") in ("class", "struct", "namespace", "file"):
                for element, ours, number in _named(compound):
                    found += [(file, theirs, ours.removeprefix("evolve::"), number)
                              for file, theirs in _tags(element)]
    return list(dict.fromkeys(found))


def pairs(tags_of, address):
    """The whole map, from the tags of each stage by its number.

    address(stage, Doxygen's number) says where in the book something is described.
    """
    first, last = {}, {}
    for n, tags in sorted(tags_of.items()):
        for file, theirs, ours, number in tags:
            key = file, theirs, ours
            first.setdefault(key, n)
            last[key] = address(n, number)
    return [Pair(*key, first[key], last[key]) for key in sorted(first)]


def _row(cells, kind="td"):
    """A row of a table, in the classes that Doxygen gives to those of its own."""
    style = "markdownTableHead" if kind == "th" else "markdownTableRowOdd"
    return f'<tr class="{style}">' + "".join(f"<{kind}>{cell}</{kind}>" for cell in cells) + "</tr>"


def table(head, rows):
    """A table that a phone may scroll by itself."""
    lines = [_row(head, "th"), *(_row(row) for row in rows)]
    inside = "\n".join(lines)
    return f'<div class="table"><table class="markdownTable">\n{inside}\n</table></div>'


def breakable(name):
    """A long name in which lines may end, between its words."""
    return re.sub(r"(?<=[a-z0-9_.:])(?=[A-Z])|(?<=[_.])(?=[a-z])|(?<=::)(?=[a-z])", "<wbr>",
                  escape(name))


def _stage(n):
    """A link to the chapter that brings it."""
    return f'<a href="chapter{n:02}.html">{n}</a>'


def _ours(pair):
    """Our name, as a link to what it is now."""
    return f'<a href="{escape(pair.href)}"><code>{breakable(pair.ours)}</code></a>'


def _theirs(pair, anchor=""):
    """Their name, and the file that it is in."""
    return (f'<code{anchor}>{breakable(pair.theirs)}</code> '
            f'<span class="file">{escape(pair.file)}</span>')


def theirs_first(all_pairs):
    """From libevent's name to ours; a row has libevent's name as its anchor, once."""
    rows, seen = [], set()
    for pair in sorted(all_pairs, key=lambda p: (p.file, p.theirs, p.ours)):
        anchor = "" if pair.theirs in seen else f' id="{escape(pair.theirs)}"'
        seen.add(pair.theirs)
        rows.append([_theirs(pair, anchor), _ours(pair), _stage(pair.stage)])
    return table(["in libevent", "here", "stage"], rows)


def ours_first(all_pairs):
    """From our name to libevent's."""
    ordered = sorted(all_pairs, key=lambda p: (p.ours, p.file, p.theirs))
    return table(["here", "in libevent", "stage"],
                 [[_ours(pair), _theirs(pair), _stage(pair.stage)] for pair in ordered])
