"""Builds the book into build/book, from the chapters, docs/ and what the stages' code says."""

import json
import re
import shutil
import sys
import time
from pathlib import Path

import stages
import verb
from book import (bars, defects, diffs, doxygen, front, inside, links, markdown, moments, names,
                  page, pairs, pictures, prove, reference, replay, search, site, tables)
from book.codenames import Names
from book.kept import Kept, anew, of_all
from book.sources import Code, Sources
from command import Failed
from steps import states

# A row of the glossary: the term, and what it is in Chinese.
_TERM = re.compile(r"^\| ([^|]+) \| ([^|]+) \| .* \| \[\d\]", re.M)

# Our scripts on all pages.
_SCRIPTS = ("shell.js", "search.js")


def _header(root, home, way=(), menu=""):
    """The header of Doxygen's pages; `home` leads to the book's folder, `menu` is a script's name.

    `way` is (href, text) links to what the pages belong to.
    """
    text = (root / "docs" / "book" / "header.html").read_text()
    more = f'<script src="$relpath^{menu}" defer></script>' if menu else ""
    return text.replace("@BAR@", page.bar(home, way)).replace("@ROOT@", home).replace("@MENU@",
                                                                                     more)


def _reference_header(root, n):
    """The header of the reference: its list in the menu, the ways to it and to its use."""
    way = [(f"../{page.reference_page(n)}", page.REFERENCE),
           ("../using-evolve.html", "Using evolve in your program")]
    return _header(root, "../", way, "reference-menu.js")


def extras(root, out, known, kept=anew):
    """The pages beside the chapters: diffs, and replays of recorded runs where there are any.

    known(n) has the names of stage n's code.
    """
    agreed = pairs.of(root)
    found = diffs.write(root, out, page.wrap, known, kept)
    found += replay.write(root, out, page.wrap, lambda number: pairs.ways(agreed, number))
    found += pairs.write(agreed, out, page.wrap)
    pictures.write(root, out)
    for name, svg in front.drawn(root).items():
        (out / name).write_text(svg, encoding="utf-8")
    return found


class Book:
    """One build: what has been found out so far, and where things go."""

    def __init__(self, root, out):
        """Empties the folders that are built into."""
        self.root = root
        self.out = reference.fresh(out)
        self.staged = reference.fresh(Path(f"{out}-input"))
        self.kept = Kept(Path(out).parent / "book-kept", of_all(root))
        self.sources = Sources(root)
        self.tests = defects.all_tests(root)
        self.symbols = {}
        self.pairs = []
        self.names = {}
        self.bars = {}

    def code(self):
        """What is in each stage's library, and the reference of the last."""
        tags, found = {}, stages.stages(self.root)
        for stage in found:
            facts = self.kept.data(f"code-{stage.name}", [stage / "evolve"],
                                   lambda stage=stage: inside.facts(self.root, stage))
            code = Code(stage.name, facts["places"], facts["links"])
            self.sources.add(code)
            tags[code.number] = facts["tags"]
        pages = self._reference(found[-1], code)

        def address(n, number):
            """Where something of a stage is described; of all but the last, the code says it."""
            public = n == code.number and pages.get(number)
            return public or self.sources.place(n, number)

        for n, places in ((code.number, code.places) for code in self.sources.codes.values()):
            self.symbols[n] = [reference.Symbol(place[0], place[1], address(n, number))
                               for number, place in places.items() if place[1] != "file"]
        self.pairs = names.pairs(tags, address)
        theirs = {pair.theirs for pair in self.pairs}
        self.names = {n: Names(symbols, theirs) for n, symbols in self.symbols.items()}

    def known(self, n):
        """The names of stage n's code, of the last one's where that is None."""
        return self.names[n or max(self.names)]

    def _reference(self, stage, code):
        """Puts the reference of the last stage into the book; the pages of what it describes."""
        n = code.number
        header = _reference_header(self.root, n)

        def make(folder):
            pages = reference.build(self.root, stage, code, lambda number:
                                    f"../{self.sources.place(n, number)}", header, folder)
            (folder / "pages.json").write_text(json.dumps(pages))

        folder = self.kept.folder("reference", [stage / "evolve", self.root / "docs" / "book",
                                                stage.name, header], make)
        shutil.copytree(folder, self.out / f"stage{n:02}",
                        ignore=shutil.ignore_patterns("pages.json"))
        return json.loads((folder / "pages.json").read_text())

    def texts(self):
        """All pages of prose."""
        return site.texts(self.root)

    def _generated(self, text):
        """The prose of a text, with the tables that are made where it asks for them."""
        prose = text.text
        if text.label == "libevent-map":
            for mark, table in (("theirs", names.theirs_first), ("ours", names.ours_first)):
                block = markdown.raw_block(table(self.pairs))
                prose = prose.replace(f"<!-- {mark} -->", block)
        if text.label == "defects":
            entries = defects.load(text.path.with_suffix(".toml"), self.tests)
            table = defects.table(entries, self.tests, self.sources.address)
            prose = prose.replace("<!-- defects -->", markdown.raw_block(table))
        if text.label == "glossary":  # each term is found by itself
            prose = _TERM.sub(lambda row: row[0].replace(
                "| ", f'| <a id="term-{markdown.slug(row[1])}"></a>', 1), prose)
        return prose

    def lost_tests(self):
        """Tests that the texts name, and that nobody has."""
        return [each for text in self.texts()
                for each in site.lost_tests(text, self.tests, max(self.tests))]

    def _source(self, texts, k, resolver, more):
        """The k-th text, with what stands around it and what its names and links lead to."""
        text = texts[k]
        n = text.stage or max(self.symbols)
        figures = pictures.of_text(self.root, text) if text.stage else ()
        last = [figure.svg_html for figure in figures
                if text.end and figure.after == text.whole[text.end]]
        return markdown.Source(
            self._generated(text), text.label, lambda target: resolver.resolve(text, target),
            site.names(self.symbols[n], self.tests[n], self.sources), self._above(text, more),
            "".join(last) + site.neighbours(texts, k),
            tuple((figure.after, figure.svg_html) for figure in figures), text.told_before,
            self._bars(text), self.known(text.stage).links, replay.watched(self.root, text),
            front.shown(self.root) if text.label == "the-loop" else {})

    def _bars(self, text):
        """What makes the title bars of a chapter's told blocks; None for other texts."""
        if not text.stage:
            return None
        if text.stage not in self.bars:
            self.bars[text.stage] = bars.Bars(self.root, text.path.parent, self.sources.address)
        return self.bars[text.stage].bar

    def _above(self, text, more):
        """What stands below a text's title."""
        if not text.stage:
            return "<!-- -->"
        moment = None
        if text.step:
            before = stages.predecessor(text.path.parent, self.root)
            found = states(text.path.parent, before)[text.step.number - 1]
            moment = moments.of_step(self.root, text.stage, text.step, found)
        return site.beside(text, more, moment) + site.contents(text)

    def stage_texts(self, more):
        """Writes all prose as Doxygen reads it."""
        texts = self.texts()
        resolver = site.Links(self.root, texts, self.sources)
        for k, text in enumerate(texts):
            source = self._source(texts, k, resolver, more)
            (self.staged / f"{text.label}.md").write_text(markdown.to_doxygen(source))
        self._front(resolver)

    def _front(self, resolver):
        """The front page."""
        text = site.Text(self.root / "docs" / "book" / "index.md", "index")
        marks = {"sources": ", ".join(f"[{n}]({page.sources_page(n)})"
                                      for n in sorted(self.symbols)),
                 "reference": f"[where to begin]({page.reference_page(max(self.symbols))})",
                 "gains": markdown.raw_block(front.gains_html(self.root))}
        prose = front.prose(self.root, text.path.read_text())
        for mark, made in marks.items():
            prose = prose.replace(f"<!-- {mark} -->", made)
        source = markdown.Source(prose, markdown.FRONT,
                                 lambda target: resolver.resolve(text, target), lambda name: None,
                                 shown=front.shown(self.root))
        (self.staged / "index.md").write_text(markdown.to_doxygen(source))

    def pages(self):
        """Doxygen's run for the prose."""
        header = self.staged / "book.header.html"
        header.write_text(_header(self.root, "$relpath^"))
        dress = doxygen.theme(self.root)
        ours = self.root / "docs" / "book"
        dress["HTML_EXTRA_STYLESHEET"].append(ours / "front.css")
        dress["HTML_EXTRA_FILES"] += [*(ours / name for name in _SCRIPTS), ours / "glimpse.js",
                                      *sorted((self.root / "docs" / "bench").glob("*.svg"))]
        settings = dress | {
            "INPUT": [self.staged / "index.md",
                      *(self.staged / f"{text.label}.md" for text in self.texts())],
            "USE_MDFILE_AS_MAINPAGE": self.staged / "index.md",
            "HTML_HEADER": header,
            "HTML_FOOTER": self.root / "docs" / "book" / "footer.html",
            "OUTPUT_DIRECTORY": self.out,
            "HTML_OUTPUT": ".",
        }
        doxygen.finish(doxygen.start(self.root, settings), "the pages", self.staged)

    def mend(self):
        """What Doxygen does not do well: code in a table of contents, and in frames of files.

        And it makes pages of the folders of its input, to which nothing leads.
        """
        for orphan in self.out.glob("dir_*.html"):
            orphan.unlink()
        for text in self.texts():
            page_file = self.out / text.file
            html = page_file.read_text()
            html = re.sub(r"&lt;(/?)tt&gt;", r"<\1code>", html)
            page_file.write_text(tables.labelled(html))

    def menu(self, more):
        """The menu of all pages, and for the reference the list of its classes."""
        page.write_menu(self.out / "book-menu.js", site.menu(self.root, more))
        n = max(self.symbols)
        folder = page.reference_page(n).rpartition("/")[0]
        classes = sorted({(symbol.name, symbol.href) for symbol in self.symbols[n]
                          if symbol.kind in ("class", "struct")
                          and symbol.href.startswith(f"{folder}/")})
        page.write_menu(self.out / folder / "reference-menu.js",
                        [["All classes", f"{folder}/annotated.html"], *map(list, classes)])

    def search(self, more):
        """What the search finds: all prose, the titles of other pages, and names."""
        index = search.Index()
        index.add_page("Contents", "index.html", self._built("index.html"))
        for text in self.texts():
            first = site.belongs_to(text.path.parent)[1] if text.first else ""
            title = f"{first} › {text.title}" if first else text.title
            html = self._built(text.file)
            if text.label == "libevent-map":  # its names are found as names
                html = search.without_tables(html)
            index.add_page(title, text.file, html)
        for extra in more:
            index.add_lead(extra.title, extra.file, self._built(extra.file))
        for n, symbols in sorted(self.symbols.items()):
            for symbol in symbols:
                index.add_symbol(symbol.name, symbol.href, n)
        for pair in self.pairs:
            index.add_theirs(pair.theirs, f"libevent-map.html#{pair.theirs}", pair.ours)
        index.write(self.out)

    def _built(self, file):
        """The text of a page that has been built."""
        return (self.out / file).read_text(encoding="utf-8")


def build(root, out):
    """Builds all of it; returns what in it leads nowhere."""
    book = Book(root, out)
    book.code()
    more = [page.Page(page.REFERENCE, page.reference_page(max(book.symbols)), max(book.symbols)),
            *(page.Page(f"Sources of stage {n}", page.sources_page(n), n)
              for n in sorted(book.symbols)),
            *extras(root, book.out, book.known, book.kept.data)]
    book.stage_texts(more)
    book.pages()
    book.mend()
    book.sources.write(book.out, book.kept.data, book.known)
    book.menu(more)
    book.search(more)
    wrong = book.lost_tests() + links.check(book.out, book.kept.data)
    book.kept.sweep()
    return wrong


def whole(root, out):
    """Builds it beside `out` and puts it there when it is done; half a book is never there."""
    new, old = Path(f"{out}-new"), Path(f"{out}-old")
    try:
        wrong = build(root, new)
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        new.rename(out)
    finally:
        for folder in (new, old):
            shutil.rmtree(folder, ignore_errors=True)
    return wrong


def _arguments():
    parser = verb.Parser("book", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="then have a browser look at it")
    parser.add_argument("--shots", action="store_true",
                        help="and write pictures of what it sees, build/book-shots")
    parser.add_argument("--pictures", action="store_true",
                        help="only write the pictures of README and the front page, docs/pictures")
    parser.add_argument("--self-test", action="store_true",
                        help="and at copies with planted faults, which it has to find")
    return parser.parse_args()


def _proven(out, options):
    """Has a browser look at the book, as far as was asked for; the exit status."""
    try:
        shots = out.parent / "book-shots" if options.shots else None
        status = prove.prove(stages.ROOT, out, shots) if options.prove else 0
        return status or (prove.self_test(stages.ROOT, out) if options.self_test else 0)
    except prove.Missing as missing:
        sys.exit(f"./evolve book: {missing}")


def main():
    options = _arguments()
    if options.pictures:
        print("\n".join(map(str, front.write(stages.ROOT))))
        return
    out = stages.build_folder() / "book"
    began = time.monotonic()
    try:
        wrong = whole(stages.ROOT, out)
    except (Failed, defects.Wrong) as failure:
        sys.exit(f"./evolve book: {failure}")
    if wrong:
        sys.exit("./evolve book: these lead nowhere:\n" + "\n".join(wrong))
    pages = sum(1 for _ in out.rglob("*.html"))
    print(f"{pages} pages in {time.monotonic() - began:.0f} s: {out / 'index.html'}")
    sys.exit(_proven(out, options))
