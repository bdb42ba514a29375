"""Words that a change of the code renamed, and the provisional lines that have to follow.

A line that a later step takes away is not in the stage, so nothing there says that a function which
it calls has another name by now. But where the stage's own lines were changed by nothing but a
word, that word was renamed: everywhere if no line has the old one any more, else in the definition
around.
"""

import re

import linediff
from lives import FOREVER

_WORD = re.compile(r"[A-Za-z_]\w*")


def _pairs(old, new):
    """(word, its new name) for all that two lines differ in; none if they differ in more."""
    if old.lstrip().startswith("//") or _WORD.sub("", old) != _WORD.sub("", new):
        return []
    return [(p, q) for p, q in zip(_WORD.findall(old), _WORD.findall(new)) if p != q]


def found_in(old, new):
    """(place in the new lines, word, its new name) of what was renamed."""
    for a, b, c, d in linediff.regions(old, new):
        if b - a == d - c:
            for k in range(d - c):
                yield from ((c + k, p, q) for p, q in _pairs(old[a + k], new[c + k]))


def follow(files):
    """Renames words in the provisional lines of files: name to (lives, old lines, new lines)."""
    words = {word for _, _, new in files.values() for line in new for word in _WORD.findall(line)}
    everywhere = {}
    for lives, old, new in files.values():
        for place, p, q in found_in(old, new):
            if p in words:
                _rename(_definition(lives, place), {p: q})
            else:
                everywhere[p] = q
    for lives, _, _ in files.values():
        _rename(lives, everywhere)


def _definition(lives, place):
    """The lives from the blank line above the last state's line at a place to the brace below."""
    at = [i for i, life in enumerate(lives) if life.dead == FOREVER][place]
    top = next((i for i in range(at, -1, -1) if lives[i].text == ""), 0)
    end = next((i for i in range(at, len(lives)) if lives[i].text == "}"), len(lives))
    return lives[top:end]


def _rename(lives, names):
    """Renames words in those of some lives that are provisional."""
    for life in lives:
        if names and life.born and life.dead != FOREVER:
            life.text = _WORD.sub(lambda word: names.get(word[0], word[0]), life.text)
