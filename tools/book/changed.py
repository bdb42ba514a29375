"""Which words differ between removed lines and those that stand in their place.

The words of all lines together are compared, so that a comment that is wrapped anew shows only the
words that are new in it. A line of which less than half was there before is new as a whole,
unless most of a line of the other side is in it.
"""

import re
from collections import Counter
from difflib import SequenceMatcher

TIE = r"\\libevent\{([^},]*),([^}]*)\}"  # reads as one word, as it is shown in other words
_WORD = re.compile(r"\\libevent\{[^}]*\}|\w+|[^\w\s]")
_MOST = 4000  # words on a side, beyond which a comparison takes too long
_LEAST = 0.5  # of a line's letters that have to be the same, for the others to be marked;
_WHOLE = 0.7  # or of another line's that have come into it


def _words(lines):
    """(line, start, end, text) of all that is no white space."""
    return [(k, found.start(), found.end(), found[0]) for k, line in enumerate(lines)
            for found in _WORD.finditer(line)]


def _joined(spans, line):
    """Neighbouring spans as one, with the blanks between them."""
    out = []
    for start, end in spans:
        if out and not line[out[-1][1]:start].strip():
            start = out.pop()[0]
        out.append((start, end))
    return tuple(out)


def _sizes(words, count):
    """How many letters each of so many lines has."""
    sizes = [0] * count
    for line, start, end, _ in words:
        sizes[line] += end - start
    return sizes


def _side(lines, words, stay, akin):
    """For each line the spans of its words that are not in `stay`; none where too few are.

    akin[k] is the largest part of a line of the other side that is in line k.
    """
    of = [[] for _ in lines]
    same = [0] * len(lines)
    for k, (line, start, end, _) in enumerate(words):
        if k in stay:
            same[line] += end - start
        else:
            of[line].append((start, end))
    return [_joined(spans, line)
            if size and (same[k] >= _LEAST * size or akin[k] >= _WHOLE) else ()
            for k, (spans, line, size) in enumerate(zip(of, lines, _sizes(words, len(lines))))]


def _akin(pairs, sizes, side):
    """For each line of a side, the largest part of a line of the other side that is in it."""
    weights = Counter()
    for before, after in pairs:
        weights[before[0], after[0]] += before[2] - before[1]
    found = [0] * len(sizes[side])
    for lines, weight in weights.items():
        part = weight / sizes[1 - side][lines[1 - side]]
        found[lines[side]] = max(found[lines[side]], part)
    return found


def spans(old, new):
    """For each old and each new line, the (start, end) of what is other in it."""
    words = _words(old), _words(new)
    if not all(words) or max(map(len, words)) > _MOST:
        return [()] * len(old), [()] * len(new)
    found = SequenceMatcher(None, *([word[3] for word in side] for side in words),
                            autojunk=False).get_matching_blocks()
    pairs = [(match.a + k, match.b + k) for match in found for k in range(match.size)]
    sizes = _sizes(words[0], len(old)), _sizes(words[1], len(new))
    both = [(words[0][i], words[1][j]) for i, j in pairs]
    return tuple(_side(lines, words[side], {pair[side] for pair in pairs},
                       _akin(both, sizes, side)) for side, lines in enumerate((old, new)))


def of_diff(lines):
    """The spans of each line of a diff, counted with its sign; none where a side is missing."""
    out, k = [()] * len(lines), 0
    while k < len(lines):
        first = k
        while k < len(lines) and lines[k][:1] == "-":
            k += 1
        middle = k
        while k < len(lines) and lines[k][:1] == "+":
            k += 1
        sides = spans([line[1:] for line in lines[first:middle]],
                      [line[1:] for line in lines[middle:k]])
        for place, found in zip(range(first, k), [*sides[0], *sides[1]]):
            out[place] = tuple((start + 1, end + 1) for start, end in found)
        k = max(k, first + 1)
    return out
