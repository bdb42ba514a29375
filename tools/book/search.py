"""What the search box finds: headings, terms, and the symbols of all references at once.

Doxygen's own index knows the pages of one run. This one is written in its place, in its format,
so that `evmap` is found in the chapter that brings it and in the reference of every stage.
"""

import json
import re
from collections import defaultdict
from html import escape

_WORD = re.compile(r"[^\W_][\w.~-]*|_\w+")
_DULL = set("a about after again all an and are as at be before book but by can do does each every "
            "first for from have here how if in into is it its last line many may more no not of "
            "on once one or other our out own that the their them then there they this to two "
            "what when where which who why with without would you your".split())


def _encoded(text):
    """A name as the script of the search box compares it."""
    return "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in text.lower())


def words(heading):
    """The words by which a heading is to be found."""
    found = [word.strip(".-") for word in _WORD.findall(heading.replace("`", ""))]
    return [word for word in dict.fromkeys(found) if len(word) > 1 and word.lower() not in _DULL]


class Index:
    """Names, and the places that they lead to."""

    def __init__(self):
        self.places = defaultdict(dict)

    def add(self, name, href, where):
        """The name is found, and leads to href, which is described by `where`."""
        self.places[name].setdefault(href, where)

    def add_heading(self, heading, href, where):
        for word in words(heading):
            self.add(word, href, where)

    def _by_letter(self):
        """The names by first letter, without regard to capitals."""
        letters = defaultdict(list)
        for name in sorted(self.places, key=lambda n: (n.lower(), n)):
            letters[name[0].lower()].append(name)
        return letters

    def _entry(self, k, name, up="../"):
        """One name as the script reads it."""
        found = [[f"{up}{href}", 1, escape(where)] for href, where in self.places[name].items()]
        return [f"{_encoded(name)}_{k}", [escape(name), *found]]

    def write(self, folder, up="../"):
        """Puts itself in the place of what Doxygen has written into this folder.

        `up` leads from there to the book's front page.
        """
        frame = (folder / "all_0.html").read_text()
        for old in folder.glob("*_*.*"):
            if re.fullmatch(r"[a-z]+_[0-9a-f]+\.(html|js)", old.name):
                old.unlink()
        letters = self._by_letter()
        for at, names in enumerate(letters.values()):
            entries = [self._entry(k, name, up) for k, name in enumerate(names)]
            data = json.dumps(entries, ensure_ascii=False, indent=0)
            (folder / f"all_{at:x}.js").write_text(f"var searchData={data};\n")
            (folder / f"all_{at:x}.html").write_text(frame.replace("all_0.js", f"all_{at:x}.js"))
        (folder / "searchdata.js").write_text(_sections("".join(letters)))


def speak_to_the_page(script):
    """Lets the frame of results ask its page for what it does to it by itself.

    A browser that reads the book from files keeps a frame from touching its page. Whoever chose a
    result, or pressed Escape in the frame, would get an error.
    """
    script = script.replace("parent.searchBox.CloseResultsWindow()",
                            'parent.postMessage("close_results", "*")')
    return script.replace('parent.document.getElementById("MSearchField").focus()',
                          'parent.postMessage("focus_search", "*")')


def _sections(letters):
    """The script's table of contents: one section, which has names with these first letters."""
    return (f"var indexSectionsWithContent = {{ 0: {json.dumps(letters, ensure_ascii=False)} }};\n"
            'var indexSectionNames = { 0: "all" };\nvar indexSectionLabels = { 0: "All" };\n')
