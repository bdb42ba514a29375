"""Files of the project that pages link to, as pages; and where each test stands."""

import os
import re

import cpp
import stages
from book import highlight, page, site

_KIND = {".cpp": "cpp", ".h": "cpp", ".patch": "diff", ".py": "", ".cmake": ""}


def tests(stage):
    """Every test of a stage: "Suite.Name" to its file and line."""
    found = {}
    for path in sorted((stage / "test").glob("*_test.cpp")):
        text = path.read_text()
        for match in cpp.TEST.finditer(text):
            found[f"{match[1]}.{match[2]}"] = (path, text.count("\n", 0, match.start()) + 1)
    return found


class Sources:
    """Remembers which files have been linked to, in order to write pages of just these."""

    def __init__(self, root):
        self.root = root
        self.asked = set()

    def address(self, path, line=None):
        """Where a file, or a line of it, is to be found in the book."""
        relative = os.path.relpath(path, self.root)
        self.asked.add(relative)
        name = "file_" + re.sub(r"[^\w]+", "-", relative) + ".html"
        return f"{name}#L{line}" if line else name

    def write(self, out):
        written = []
        for relative in sorted(self.asked):
            path = self.root / relative
            html = numbered(path.read_text(), _KIND.get(path.suffix, ""))
            name = self.address(path)
            stage = re.match(r"(?:docs/exercises/)?stage(\d\d)", relative)
            back = [site.belongs_to(stages.by_number(int(stage[1]), self.root)) if stage
                    else ("index.html", "Contents")]
            (out / name).write_text(page.wrap(relative, html, back=back, wide=False))
            written.append(page.Page(relative, name, int(stage[1]) if stage else None))
        return written


def numbered(text, kind):
    """Code with a number and an anchor on each line."""
    lines = highlight.fragment(text.removesuffix("\n").split("\n"), kind).split("\n")
    for k in range(1, len(lines) - 1):
        number = f'<span class="number" id="L{k}"><a href="#L{k}">{k:5}</a></span>'
        lines[k] = re.sub(r">", rf">{number} ", lines[k], count=1)
    return "\n".join(lines)
