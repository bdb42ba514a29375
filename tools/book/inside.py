"""What is in a stage's code: its names, where each stands, and which names in it lead where.

Doxygen reads each stage twice, both times for its XML alone. Once it reads copies in which every
comment is documentation, and complains of what has none; that tells what is called what in
libevent. And once it reads the code as it is, and links every name that it knows.

Each stage is a run of its own: in one, the classes of two stages would be merged, since they have
the same names.
"""

import re
import tempfile
import xml.etree.ElementTree as xml
from html import escape
from pathlib import Path
from typing import NamedTuple

from book import comments, doxygen, names
from command import Failed

_QUIET = {"WARNINGS": "NO", "WARN_IF_UNDOCUMENTED": "NO", "WARN_IF_DOC_ERROR": "NO"}
_EVERYTHING = {"EXTRACT_ALL": "YES", "EXTRACT_STATIC": "YES", "EXTRACT_ANON_NSPACES": "YES",
               "EXTRACT_LOCAL_CLASSES": "YES", "EXCLUDE_SYMBOLS": ""}
_KINDS = "class", "struct", "union", "namespace", "file", "concept"
_HIDDEN = re.compile(r"anonymous_namespace\{[^}]*\}(?:::)?")


class Place(NamedTuple):
    """Something that has a name: what it is, where it is declared, and where it is defined."""

    name: str
    kind: str
    file: str
    line: int
    body_file: str
    body_line: int
    hidden: bool
    brief: str


def settings(folder, xml_folder):
    """What all of Doxygen's runs over code have in common."""
    return {"STRIP_FROM_PATH": folder, "STRIP_FROM_INC_PATH": folder, "INCLUDE_PATH": folder,
            "PREDEFINED": ["__linux__", "__has_include(x)=1"], "ALIASES": names.ALIAS,
            "GENERATE_HTML": "NO", "GENERATE_XML": "YES", "XML_OUTPUT": xml_folder,
            "OUTPUT_DIRECTORY": xml_folder.parent}


def promoted(stage, to):
    """Copies a stage's code, with all its comments as documentation, line for line."""
    (to / "evolve").mkdir(parents=True)
    for path in sorted((stage / "evolve").glob("*.*")):
        lines = comments.promoted(path.read_text().split("\n"), path.suffix == ".h")
        (to / "evolve" / path.name).write_text("\n".join(lines))
    return to


def _runs(root, stage, folder):
    """Both runs at a time; the folders of their XML."""
    copy, told, code = promoted(stage, folder / stage.name), folder / "told", folder / "code"
    first = doxygen.start(root, settings(copy, told) | {
        "INPUT": copy / "evolve", "XML_PROGRAMLISTING": "NO"})
    try:
        second = doxygen.start(root, settings(stage, code) | _EVERYTHING | _QUIET | {
            "INPUT": stage / "evolve", "XML_PROGRAMLISTING": "YES"})
        doxygen.finish(second, stage.name, folder)
        doxygen.finish(first, f"the code of {stage.name}", folder / stage.name)
    finally:
        doxygen.end(first)
    return told, code


def _compounds(xml_folder):
    """Everything that a run has found."""
    for path in sorted(xml_folder.glob("*.xml")):
        yield from (each for each in xml.parse(path).getroot().findall("compounddef")
                    if each.get("kind") in _KINDS)


def _html(element):
    """The words of a description, with its code."""
    out = escape(element.text or "")
    for child in element:
        inside = _html(child)
        out += f"<code>{inside}</code>" if child.tag == "computeroutput" else inside
        out += escape(child.tail or "")
    return out


def _place(element, name, kind):
    """A class, or a member, from its description."""
    at, brief = element.find("location"), element.find("briefdescription")
    declared = (at.get("declfile") or at.get("file"), int(at.get("declline") or at.get("line")))
    body = (at.get("bodyfile"), int(at.get("bodystart", -1)))
    return Place(_HIDDEN.sub("", name).removeprefix("evolve::"), kind, *declared,
                 *(body if body[0] and body[1] > 0 else declared),
                 element.get("prot") == "private" or "anonymous" in name,
                 "" if brief is None else _html(brief).strip())


def _values(member, owner, lines_of):
    """The values of an enum; Doxygen does not say on which lines they are."""
    for value in member.findall("enumvalue"):
        name, lines = value.findtext("name"), lines_of(owner.body_file)
        line = next((k for k in range(owner.body_line, len(lines) + 1)
                     if re.match(rf"(?:.*\{{)?\s*{name}\b", lines[k - 1])), owner.body_line)
        at = owner.file, line, owner.body_file, line
        brief = _html(value.find("briefdescription")).strip()
        yield names.number(value.get("id")), Place(f"{owner.name}::{name}", "enumvalue", *at,
                                                   owner.hidden, brief)


def places(xml_folder, lines_of):
    """All that has a name, by Doxygen's number for it."""
    found = {}
    for compound in _compounds(xml_folder):
        kind, name = compound.get("kind"), compound.findtext("compoundname")
        if kind == "file":
            file = compound.find("location").get("file")
            brief = _html(compound.find("briefdescription")).strip()
            found[compound.get("id")] = Place(file, kind, file, 1, file, 1, False, brief)
        elif kind != "namespace":
            found[compound.get("id")] = _place(compound, name, kind)
        for member in compound.iter("memberdef"):
            qualified = member.findtext("qualifiedname") or f"{name}::{member.findtext('name')}"
            place = _place(member, qualified, member.get("kind"))
            found[names.number(member.get("id"))] = place
            found |= dict(_values(member, place, lines_of))
    return found


def _named(ref):
    """The number of what a name in a listing stands for."""
    number = ref.get("refid", "")
    return names.number(number) if ref.get("kindref") == "member" else number


def _pieces(line):
    """A line of a listing, as (text, number of what it names or None)."""
    for lit in line.findall("highlight"):
        yield lit.text or "", None
        for child in lit:
            yield (" ", None) if child.tag == "sp" else (child.text or "", _named(child))
            yield child.tail or "", None


def _goal(place, text, behind, here, all_places):
    """Where a name in the code leads, as (file, line); None where it leads nowhere else.

    Doxygen takes a type for its constructor, and a local variable for a function or a value.
    """
    last = place.name.rpartition("::")[2]
    if place.kind == "enumvalue" and "::" not in text:
        return None
    if place.kind == "function" and not behind.startswith(("(", "<")) and "::" not in text:
        owner = place.name.rpartition("::")[0]
        if owner.rpartition("::")[2] != last:
            return None
        place = next((each for each in all_places.values()
                      if each.name == owner and each.kind in _KINDS), place)
    ways = (place.body_file, place.body_line), (place.file, place.line)
    return next((way for way in ways if way != here), None)


def _line_links(line, here, all_places):
    """The links of one line: [from, to, file, line], by column; and its text."""
    text, found = "", []
    for piece, number in _pieces(line):
        if number in all_places:
            found.append((len(text), piece, all_places[number]))
        text += piece
    links = []
    for start, piece, place in found:
        goal = _goal(place, piece, text[start + len(piece):], here, all_places)
        if goal:
            before = piece.startswith("~") and "~" not in place.name  # an operator
            links.append([start + before, start + len(piece), *goal])
    return text, links


def links_of(xml_folder, all_places, lines_of):
    """Of each file, the links of each line that has some."""
    found = {}
    for compound in _compounds(xml_folder):
        listing = compound.find("programlisting")
        if compound.get("kind") != "file" or listing is None:
            continue
        file = compound.find("location").get("file")
        for k, line in enumerate(listing.findall("codeline"), 1):
            text, links = _line_links(line, (file, k), all_places)
            if links and text.rstrip() != lines_of(file)[k - 1].rstrip():
                raise Failed(f"{file}:{k}: Doxygen reads `{text}`")
            if links:
                found.setdefault(file, {})[str(k)] = links
    return found


def facts(root, stage):
    """All of it, as data: `places` by Doxygen's number, `links` by file and line, `tags`."""
    texts = {}

    def lines_of(file):
        """The lines of one of the stage's files."""
        if file not in texts:
            texts[file] = (stage / file).read_text().split("\n")
        return texts[file]

    with tempfile.TemporaryDirectory(prefix="evolve-book.") as scratch:
        told, code = _runs(root, stage, Path(scratch))
        all_places = places(code, lines_of)
        return {"places": {key: list(each) for key, each in all_places.items()},
                "links": links_of(code, all_places, lines_of), "tags": names.tagged(told)}
