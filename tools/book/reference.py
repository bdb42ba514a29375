"""One API reference for each stage, and what it calls things.

Each is a run of its own: in one, the classes of two stages would be merged, since they have the
same names.
"""

import shutil
import xml.etree.ElementTree as xml
from pathlib import Path
from typing import NamedTuple

import stages
from book import comments, doxygen, page

# \libevent{FILE,NAME} in a comment leads to the line of the map that has the name.
_LIBEVENT = (r'libevent{2}=^^\par In libevent^^\htmlonly <a href="../libevent-map.html#\2"><code>'
             r'\2</code></a> in <code>\1</code>\endhtmlonly')


class Symbol(NamedTuple):
    """Something that a reference documents: its qualified name, what it is, where."""

    name: str
    kind: str
    href: str


def stage_input(stage, staged):
    """Copies a stage's code for Doxygen, with all its comments as documentation."""
    to = staged / stage.name / "evolve"
    to.mkdir(parents=True)
    for path in sorted((stage / "evolve").glob("*.*")):
        lines = comments.promoted(path.read_text().split("\n"), path.suffix == ".h")
        if path.suffix == ".cpp":  # without a page for the file, links to its functions are dead
            lines += [r"/// \file", f"/// What evolve/{path.stem}.h declares.", ""]
        (to / path.name).write_text("\n".join(lines))
    n = stages.number(stage)
    (staged / stage.name / "front.md").write_text(
        f"# {page.reference_title(n)}\n\n"
        f'What `evolve/` is in `{stage.name}`, private members and all: \\htmlonly '
        f'<a href="annotated.html">its classes</a> and <a href="files.html">its files</a>. '
        f'How it came to be, says <a href="../{page.chapter_page(n)}">its chapter</a>; what each '
        f'thing is called in libevent, <a href="../libevent-map.html">the map</a>.'
        f'\\endhtmlonly\n')


def _settings(root, stage, staged, out):
    n = stages.number(stage)
    folder = staged / stage.name
    return doxygen.theme(root) | {
        "PROJECT_NAME": f"evolve, stage {n}",
        "INPUT": [folder / "front.md", folder / "evolve"],
        "USE_MDFILE_AS_MAINPAGE": folder / "front.md",
        "STRIP_FROM_PATH": folder,
        "FULL_PATH_NAMES": "YES",
        "STRIP_FROM_INC_PATH": folder,
        "INCLUDE_PATH": folder,
        "PREDEFINED": ["__linux__", "__has_include(x)=1"],
        "ALIASES": _LIBEVENT,
        "HTML_HEADER": staged / f"{stage.name}.header.html",
        "OUTPUT_DIRECTORY": out,
        "HTML_OUTPUT": f"stage{n:02}",
        "GENERATE_XML": "YES",
        "XML_OUTPUT": staged / f"{stage.name}.xml",
        "XML_PROGRAMLISTING": "NO",
        "HTML_FOOTER": root / "docs" / "book" / "footer.html",
        "GENERATE_TAGFILE": staged / f"{stage.name}.tag",
    }


def build(root, staged, out, header):
    """All references, two runs at a time; `header` makes the header of a stage's pages."""
    waiting = list(stages.stages(root))
    running = []
    try:
        while waiting or running:
            while waiting and len(running) < 2:
                stage = waiting.pop(0)
                stage_input(stage, staged)
                (staged / f"{stage.name}.header.html").write_text(header(stages.number(stage)))
                running.append((doxygen.start(root, _settings(root, stage, staged, out)), stage))
            process, stage = running.pop(0)
            doxygen.finish(process, f"the reference of {stage.name}", staged)
    finally:
        for process, _ in running:
            doxygen.end(process)


def _members(compound, name):
    """What a class, namespace or file of a tag file has in it."""
    for member in compound.findall("member"):
        href = f"{member.findtext('anchorfile')}#{member.findtext('anchor')}"
        yield Symbol(f"{name}::{member.findtext('name')}", member.get("kind"), href)
        for value in member.findall("enumvalue"):
            yield Symbol(f"{name}::{member.findtext('name')}::{value.text}", "enumvalue",
                         f"{value.get('file')}#{value.get('anchor')}")


def symbols(stage, staged):
    """All that a stage's reference documents, with addresses from the book's front page."""
    folder = f"stage{stages.number(stage):02}/"
    found = []
    for compound in xml.parse(staged / f"{stage.name}.tag").getroot().findall("compound"):
        kind, name = compound.get("kind"), compound.findtext("name")
        if kind in ("class", "struct"):
            found.append(Symbol(name, kind, compound.findtext("filename")))
        if kind in ("class", "struct", "namespace"):
            found += _members(compound, name)
    return [each._replace(name=each.name.removeprefix("evolve::"), href=folder + each.href)
            for each in found]


def fresh(folder):
    """An empty folder in place of whatever was there."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)
