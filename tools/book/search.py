"""What the search finds: the text of all pages by section, terms, and the names of the references.

All of it is in one script, search-index.js, which a page loads when somebody goes to the box: a
browser that reads the book from files lets no page read another file. docs/book/search.js says
how it is searched. The text is found by lunr's index, which lunr_index.py makes. Names are
compared as they are.
"""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from book import lunr_index, sections
from command import Failed

LUNR = Path("/usr/share/javascript/lunr/lunr.min.js")
_PYTHONS = (sys.executable, "/usr/bin/python3")
_LEAD = re.compile(r"<main.*?</h1>\s*<p>(.*?)</p>", re.S)


def without_tables(html):
    """A page without the tables that were made for it, such as those of names."""
    return re.sub(r'<div class="table">.*?</table></div>', "", html, flags=re.S)


def _indexed(documents):
    """lunr's index, made by the first Python that has lunr."""
    wanted = json.dumps(documents)
    for python in dict.fromkeys(_PYTHONS):
        run = subprocess.run([python, lunr_index.__file__], input=wanted, capture_output=True,
                             text=True)
        if run.returncode == 0:
            return json.loads(run.stdout)
    why = run.stderr.strip().rpartition("\n")[2]
    raise Failed(f"the index of the search was not made by any Python here: {why}")


def _script(data):
    """A script that has the data as JSON in a string, which a browser reads sooner than a program."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"window.bookIndex = JSON.parse('{quoted}');\n"


class Index:
    """Pages with their sections, and names with the places that they lead to."""

    def __init__(self):
        self.pages = []     # [title, file]
        self.sections = []  # [page, heading, anchor, prose, code]
        self.names = defaultdict(dict)  # name -> address -> for which stages, or of what

    def add_page(self, title, file, html):
        """All sections of a page."""
        self._add(title, file, sections.sections(html))

    def add_lead(self, title, file, html):
        """A page that shows more than it says: its title, and its first paragraph."""
        lead = _LEAD.search(html)
        self._add(title, file, sections.sections(f"<main>{lead[1] if lead else title}</main>"))

    def _add(self, title, file, found):
        k = len(self.pages)
        self.pages.append([title, file])
        self.sections += [[k, each.heading, each.anchor, each.prose, each.code] for each in found]

    def add_symbol(self, name, href, stage):
        """A name of ours, and where a stage has it."""
        self.names[name].setdefault(href, str(stage))

    def add_theirs(self, name, href, ours):
        """A name of libevent's, and what it is here."""
        said = self.names[name].setdefault(href, "in libevent; here ")
        self.names[name][href] += ("" if said.endswith("here ") else ", ") + ours

    def data(self):
        """All of it, as the script reads it."""
        names = [[name, [*map(list, self.names[name].items())]] for name in sorted(self.names)]
        texts = [[heading, self.pages[k][0], prose, code]
                 for k, heading, _, prose, code in self.sections]
        return {"pages": self.pages, "sections": self.sections, "names": names,
                "index": _indexed(texts)}

    def write(self, out):
        """Puts itself, and lunr, into the book."""
        (out / "search-index.js").write_text(_script(self.data()), encoding="utf-8")
        if not LUNR.is_file():
            raise Failed(f"there is no {LUNR}, by which the book is searched")
        shutil.copy(LUNR, out / "lunr.js")
