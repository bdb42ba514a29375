"""Makes lunr's index of documents: JSON on standard input, the index on standard output.

It is a program, since it may be another Python that has lunr: a system's package is for the
system's own, whichever stands first in the path.

    [[heading, title of the page, prose, code], ...]
"""

import json
import re
import sys

FIELDS = ("heading", "page", "prose", "code")
_WORD = re.compile(r"\w+")


def words(text):
    """The words of a text; a name with underscores is found by its parts, too."""
    found = []
    for word in _WORD.findall(text):
        found.append(word)
        parts = [part for part in word.split("_") if len(part) > 1]
        found += parts if len(parts) > 1 or parts != [word] else []
    return found


def index(documents):
    """The index as lunr.js loads it; a document's reference is its place in the list."""
    from lunr import get_default_builder  # not everywhere, see above
    builder = get_default_builder()
    builder.ref("k")
    for field in FIELDS:
        builder.field(field)
    for k, texts in enumerate(documents):
        builder.add({"k": str(k)} | {f: words(text) for f, text in zip(FIELDS, texts)})
    return builder.build().serialize()


if __name__ == "__main__":
    json.dump(index(json.load(sys.stdin)), sys.stdout, ensure_ascii=False, separators=(",", ":"))
