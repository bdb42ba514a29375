"""The reference of the last stage: what a program that uses the library may call, and no more.

docs/book/reference.toml says which headers are public, in which order one meets them, and where to
begin for which task. The lines beside the names are those of the headers.
"""

import re
import shutil
import subprocess
import tempfile
import tomllib
import xml.etree.ElementTree as xml
from html import escape
from pathlib import Path
from typing import NamedTuple

import stages
from book import doxygen, names, page
from command import Failed

_LANDING = "@LANDING@"
# That an enum is a set of flags is said where `bitmask` is described.
_MARK = re.compile(r"(?:^///[^\n]*\n)*^template <>\n"
                   r"inline constexpr bool is_bitmask<\w+> = true;\n", re.M)


class Symbol(NamedTuple):
    """Something that has a name: its qualified name, what it is, where."""

    name: str
    kind: str
    href: str


class Guide(NamedTuple):
    """What docs/book/reference.toml says: the public headers, what in them is not, the tasks."""

    headers: list
    inside: list
    tasks: list


def guide(root):
    found = tomllib.loads((root / "docs" / "book" / "reference.toml").read_text())
    return Guide(found["headers"], found["inside"], found["task"])


_LISTS = """<navindex><tab type="mainpage" visible="yes" title=""/>
<tab type="classlist" visible="yes" title="All classes"/></navindex>"""


def _layout(template):
    """Doxygen's layout: of its lists that of classes; a class described before it is listed."""
    out = re.sub(r"<navindex>.*?</navindex>", _LISTS, template, flags=re.S)
    for kind in ("class", "concept"):
        head, mark, rest = out.partition(f"<{kind}>")
        rest = rest.replace('<detaileddescription title=""/>', "", 1).replace(
            '<briefdescription visible="yes"/>', "", 1).replace(
            '<includes visible="$SHOW_HEADERFILE"/>', '<includes visible="$SHOW_HEADERFILE"/>'
            '<detaileddescription title="Description"/>', 1)
        out = head + mark + rest
    return out.replace('<allmemberslink visible="yes"/>', "")


def _without(text, name):
    """A header without a class or enum and its description; None if it is not there."""
    block = re.compile(rf"(?:^///[^\n]*\n)*^(?:enum class|class|struct) {name}\b[^;{{]*\{{"
                       r".*?^\};\n", re.M | re.S)
    out, count = block.subn("", text)
    return out if count else None


def _public(stage, told):
    """The text of each public header, without what is inside."""
    texts = {header: _MARK.sub("", (stage / header).read_text()) for header in told.headers}
    for name in told.inside:
        left = {header: _without(text, name) for header, text in texts.items()}
        if not any(left.values()):
            raise Failed(f"docs/book/reference.toml: {name} is not in the headers")
        texts |= {header: text for header, text in left.items() if text}
    return texts


def _stage_input(stage, told, staged):
    """The public headers, and a front page to be filled later."""
    folder = staged / stage.name
    (folder / "evolve").mkdir(parents=True)
    for header, text in _public(stage, told).items():
        (folder / header).write_text(text)
    (folder / "front.md").write_text(
        f"# Where to begin\n\n\\htmlonly[block]\n{_LANDING}\n\\endhtmlonly\n")
    return folder


def _settings(root, folder, out):
    """What the run of Doxygen for the reference has for itself."""
    return doxygen.theme(root) | {
        "PROJECT_NAME": "evolve, the library",
        "INPUT": [folder / "front.md", folder / "evolve"],
        "USE_MDFILE_AS_MAINPAGE": folder / "front.md",
        "STRIP_FROM_PATH": folder,
        "STRIP_FROM_INC_PATH": folder,
        "FULL_PATH_NAMES": "YES",
        "INCLUDE_PATH": folder,
        "PREDEFINED": ["__linux__", "__has_include(x)=1"],
        "ALIASES": names.ALIAS,
        "EXTRACT_PRIVATE": "NO",
        "HIDE_FRIEND_COMPOUNDS": "YES",
        "SOURCE_BROWSER": "NO",
        "VERBATIM_HEADERS": "NO",
        "SHOW_INCLUDE_FILES": "NO",
        "ALWAYS_DETAILED_SEC": "YES",
        "LAYOUT_FILE": folder / "layout.xml",
        "HTML_HEADER": folder / "header.html",
        "HTML_FOOTER": root / "docs" / "book" / "footer.html",
        "OUTPUT_DIRECTORY": out.parent,
        "HTML_OUTPUT": out.name,
        "GENERATE_TAGFILE": folder / "tag",
    }


def _symbols(tag):
    """What a reference documents; the addresses are from its own front page."""
    for compound in xml.parse(tag).getroot().findall("compound"):
        kind, name = compound.get("kind"), compound.findtext("name")
        if kind in ("class", "struct", "concept"):
            yield Symbol(name, kind, compound.findtext("filename"))
        if kind == "file":
            yield Symbol(f"evolve/{name}", kind, compound.findtext("filename"))
        for member in compound.findall("member"):
            yield from _member(member, "" if kind == "file" else f"{name}::")


def _member(member, owner):
    name = owner + member.findtext("name")
    yield Symbol(name, member.get("kind"),
                 f"{member.findtext('anchorfile')}#{member.findtext('anchor')}")
    for value in member.findall("enumvalue"):
        yield Symbol(f"{name}::{value.text}", "enumvalue",
                     f"{value.get('file')}#{value.get('anchor')}")


def _row(name, hrefs, briefs):
    if name not in hrefs:
        raise Failed(f"docs/book/reference.toml: {name} is not in the public headers")
    return (f'<li><a href="{escape(hrefs[name])}"><code>{names.breakable(name)}</code></a> '
            f"<span>{briefs.get(name, '')}</span></li>")


def _tasks(tasks, hrefs, briefs):
    """A card for each task."""
    for task in tasks:
        rows = "".join(_row(name, hrefs, briefs) for name in task["names"])
        name = re.sub(r"\W+", "-", task["title"].lower()).strip("-")
        yield (f'<section class="task" id="task-{name}"><h2>{escape(task["title"])}</h2>'
               f'<p>{escape(task["says"])}</p><ul>{rows}</ul></section>')


def _headers(headers, places, hrefs, briefs):
    """All that each header declares, the headers in the order in which one meets them."""
    for header in headers:
        inside = [name for name in dict.fromkeys(place[0] for place in sorted(
            places, key=lambda each: each[3]) if place[2] == header and place[1] != "file")
            if name in hrefs and "::" not in name]
        rows = "".join(_row(name, hrefs, briefs) for name in inside)
        yield ('<section class="header">'
               f'<h3><a href="{hrefs[header]}"><code>{header}</code></a></h3>'
               f"<p>{briefs[header]}</p><ul>{rows}</ul></section>")


def landing(told, n, symbols, places):
    """The front page: by task, then by header, then what is inside."""
    hrefs, briefs = {}, {}
    for symbol in symbols:
        hrefs.setdefault(symbol.name.removeprefix("evolve::"), symbol.href)
    for place in places:
        if place[7]:
            briefs.setdefault(place[0], place[7])
    return "\n".join((
        '<p>What a program may use of the library. <a href="../using-evolve.html">Using evolve in '
        "your program</a> shows how it all goes together, in a server that one can build; here is "
        "each thing by itself. Beside a name, “source” leads to the code.</p>",
        '<div class="tasks">', *_tasks(told.tasks, hrefs, briefs), "</div>",
        '<h2 id="by-header">By header</h2>', '<div class="headers">',
        *_headers(told.headers, places, hrefs, briefs), "</div>",
        "<h2>Inside</h2>",
        f'<p>What the library is made of, <a href="../{page.sources_page(n)}">its sources</a> '
        f'show; how it came to be, <a href="../{page.chapter_page(n)}">the chapters</a>; what a '
        'thing is called in libevent, <a href="../libevent-map.html">the map</a>.</p>'))


def _with_sources(html, source):
    """A page in which each title of something that is described leads to its code.

    source(anchor) is the address of the code, None where there is none.
    """
    def title(match):
        href = source(match[2])
        return match[1] + (f' <a class="source" href="{escape(href)}">source</a>' if href else "") \
            + match[3]
    return re.sub(r'(<a id="(\w+)" name="\w+"></a>\s*<h2 class="memtitle">.*?)(</h2>)', title, html)


def _finish(out, told, n, symbols, code, source):
    """What Doxygen cannot do: the front page, ways to the code, no page that nothing leads to."""
    for orphan in [*out.glob("*-members.html"), *out.glob("dir_*.html"), *out.glob("classes.html")]:
        orphan.unlink()
    front = landing(told, n, symbols, code.places.values())
    for path in out.glob("*.html"):
        html = path.read_text(encoding="utf-8").replace(_LANDING, front)
        html = re.sub(r'<a class="el" href="dir_\w+.html">(.*?)</a>', r"\1", html)
        if 'id="nested-classes"' not in html:  # they are private, but the summary has them
            html = re.sub(r'<a href="#nested-classes">[^<]*</a>(?: &#124;\n)?', "", html)
        html = _with_sources(html,
                             lambda anchor: anchor in code.places and source(anchor))
        if path.stem in code.places:
            href = source(path.stem)
            html = re.sub(r'(<div class="title">.*?)(</div>)', lambda match, href=href:
                          f'{match[1]} <a class="source" href="{escape(href)}">source</a>'
                          f"{match[2]}", html, count=1, flags=re.S)
        path.write_text(html, encoding="utf-8")


def build(root, stage, code, source, header, out):
    """Writes the reference of a stage to `out`; the pages of what it describes, by its number.

    `code` is what is in the stage, source(number) an address of the code, `header` Doxygen's.
    """
    told, n = guide(root), stages.number(stage)
    with tempfile.TemporaryDirectory(prefix="evolve-book.") as scratch:
        folder = _stage_input(stage, told, Path(scratch))
        (folder / "header.html").write_text(header)
        subprocess.run(["doxygen", "-l", folder / "layout.xml"], check=True,
                       stdout=subprocess.DEVNULL)
        layout = folder / "layout.xml"
        layout.write_text(_layout(layout.read_text()))
        doxygen.finish(doxygen.start(root, _settings(root, folder, out)),
                       f"the reference of {stage.name}", folder)
        symbols = list(_symbols(folder / "tag"))
    _finish(out, told, n, symbols, code, source)
    return {_number(each.href): f"{page.reference_page(n)[:-10]}{each.href}" for each in symbols}


def _number(href):
    """Doxygen's number for what is described at an address."""
    file, _, anchor = href.partition("#")
    return anchor or file.removesuffix(".html")


def fresh(folder):
    """An empty folder in place of whatever was there."""
    shutil.rmtree(folder, ignore_errors=True)
    Path(folder).mkdir(parents=True)
    return Path(folder)
