"""Files of the project that pages link to, as pages; and where each test stands.

The code of each stage's library is there whole, and its names lead to where they are declared and
defined in that stage; a page for each stage lists its files.
"""

import os
import re
from html import escape
from typing import NamedTuple

import cpp
import stages
from book import highlight, page, site
from book.kept import anew

HEAD = '<link rel="stylesheet" href="reference.css">'
_KIND = {".cpp": "cpp", ".h": "cpp", ".patch": "diff", ".py": "", ".cmake": ""}


def tests(stage):
    """Every test of a stage: "Suite.Name" to its file and line."""
    found = {}
    for path in sorted((stage / "test").glob("*_test.cpp")):
        text = path.read_text()
        for match in cpp.TEST.finditer(text):
            found[f"{match[1]}.{match[2]}"] = (path, text.count("\n", 0, match.start()) + 1)
    return found


class Code(NamedTuple):
    """A stage's library: what it is called, and what inside.facts() has found in it."""

    stage: str
    places: dict
    links: dict

    @property
    def number(self):
        return stages.number(self.stage)

    @property
    def files(self):
        """Its files, each header before its source, with what each says that it is for."""
        briefs = {place[2]: place[7] for place in self.places.values() if place[1] == "file"}
        return dict(sorted(briefs.items(), key=lambda each: each[0].replace(".h", ".\0")))

    def partner(self, file):
        """The source of a header, the header of a source; None where there is none."""
        stem, _, kind = file.rpartition(".")
        other = f"{stem}.{'cpp' if kind == 'h' else 'h'}"
        return other if other in self.files else None


class Sources:
    """Remembers which files have been linked to, in order to write pages of just these."""

    def __init__(self, root):
        self.root = root
        self.asked = set()
        self.codes = {}

    def add(self, code):
        """The library of a stage, every file of which gets a page."""
        self.codes[code.stage] = code
        for file in code.files:
            self.address(self.root / code.stage / file)

    def address(self, path, line=None):
        """Where a file, or a line of it, is to be found in the book."""
        relative = os.path.relpath(path, self.root)
        self.asked.add(relative)
        name = "file_" + re.sub(r"[^\w]+", "-", relative) + ".html"
        return f"{name}#L{line}" if line else name

    def place(self, n, number):
        """Where something of stage n is declared, by Doxygen's number for it."""
        code = next(code for code in self.codes.values() if code.number == n)
        _, _, file, line, *_ = code.places[number]
        return self.address(self.root / code.stage / file, line)

    def _links(self, stage, links):
        """The same links, as addresses."""
        return {int(k): [(start, end, self.address(self.root / stage / file, line))
                         for start, end, file, line in each] for k, each in links.items()}

    def _ways(self, relative):
        """From a file to its chapter, and from one of a library to its neighbours."""
        found = re.match(r"(?:docs/exercises/)?(stage(\d\d)\w*)", relative)
        if not found:
            return [("index.html", "Contents")]
        n, code = int(found[2]), self.codes.get(found[1])
        ways = [site.belongs_to(stages.by_number(n, self.root))]
        file = relative.removeprefix(f"{found[1]}/")
        if code and file in code.files:
            ways.append((page.sources_page(n), f"Sources of stage {n}"))
            if partner := code.partner(file):
                ways.append((self.address(self.root / code.stage / partner), partner))
        return ways

    def _body(self, relative, kept, known):
        """The numbered lines of a file; what is known of names is for those beside the libraries."""
        stage, _, file = relative.partition("/")
        path = self.root / relative
        kind, text = _KIND.get(path.suffix, ""), path.read_text()
        code = self.codes.get(stage)
        links = code.links.get(file, {}) if code else {}
        names = known(code and code.number) if known and not links else None
        return kept(f"source-{self.address(path)}", [text, kind, links, names and names.key],
                    lambda: numbered(text, kind, self._links(stage, links),
                                     names.links if names else highlight.no_links))

    def write(self, out, kept=anew, known=None):
        """Writes their pages; kept(name, inputs, make) may know what make() has returned.

        known(n) has the names of stage n's code, which lead somewhere.
        """
        written = []
        for relative in sorted(self.asked):
            name = self.address(self.root / relative)
            html, ways = self._body(relative, kept, known), self._ways(relative)
            (out / name).write_text(page.wrap(relative, html, HEAD, ways, wide=False))
            stage = re.match(r"(?:docs/exercises/)?stage(\d\d)", relative)
            written.append(page.Page(relative, name, int(stage[1]) if stage else None))
        return written + [self._write_list(out, code) for code in self.codes.values()]

    def _write_list(self, out, code):
        """The page that lists the files of a stage's library."""
        n, rows = code.number, ""
        for file, brief in code.files.items():
            partner = code.partner(file)
            if partner and file.endswith(".cpp"):
                continue  # it is in its header's row
            both = " ".join(f'<a href="{self.address(self.root / code.stage / each)}"><code>'
                            f"{escape(each)}</code></a>" for each in (file, partner) if each)
            rows += f"<tr><td>{both}</td><td>{brief}</td></tr>"
        title = f"Sources of stage {n}"
        html = (f"<p>The library as it is after chapter {n}. In each file a name leads to where it "
                "is defined, and from there to where it is declared.</p>"
                f'<div class="table"><table class="markdownTable">{rows}</table></div>')
        name = page.sources_page(n)
        (out / name).write_text(page.wrap(title, html, HEAD, wide=False, back=[
            site.belongs_to(stages.by_number(n, self.root))]))
        return page.Page(title, name, n)


def numbered(text, kind, links=None, of_line=highlight.no_links):
    """Code with a number and an anchor on each line.

    `links` are those of its lines, from 1; of_line(line) has those of the others.
    """
    lines = text.removesuffix("\n").split("\n")
    found = [tuple((links or {}).get(k, ())) or each
             for k, each in enumerate(highlight.found(lines, kind, of_line), 1)]
    rows = [highlight.row(style, f'<span class="number" id="L{k}"><a href="#L{k}">{k:5}</a></span> '
                                 f"{html}")
            for k, (style, html) in enumerate(highlight.rows(lines, kind, found), 1)]
    return "\n".join([f'<div class="fragment {kind or "text"}">', *rows, "</div>"])
