"""A line diff that a person can read.

Patience first: lines that occur once on both sides hold the two texts together, so that a brace
or a blank line never does. What lies between is left to difflib. At last each pure insertion or
removal slides to where it begins and ends most naturally. git's own patience and histogram match
lone braces where all else differs, and so tear apart what a chapter tells in one block.
"""

from collections import Counter
from difflib import SequenceMatcher
from typing import NamedTuple


class Region(NamedTuple):
    """old[old_start:old_end] became new[new_start:new_end]."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class Line(NamedTuple):
    """One line of a whole diff: both sides' positions before it, counted from 0."""

    sign: str
    text: str
    old: int
    new: int


def _common_runs(old, new):
    """Index pairs of the lines in the longest common runs."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(b.a + k, b.b + k) for b in blocks for k in range(b.size)]


def _anchors(old, new):
    """Pairs of lines that occur exactly once in both texts and stand in the same order."""
    count_old, count_new = Counter(old), Counter(new)
    once = {text for text in old if count_old[text] == count_new[text] == 1}
    in_old, in_new = ([k for k, text in enumerate(side) if text in once] for side in (old, new))
    found = _common_runs([old[k] for k in in_old], [new[k] for k in in_new])
    return [(in_old[i], in_new[j]) for i, j in found]


def _common_head(old, new):
    """How many lines the two texts share at the start."""
    return next((k for k, (one, two) in enumerate(zip(old, new)) if one != two),
                min(len(old), len(new)))


def pairs(old, new):
    """Index pairs (i, j) of the lines that stay, rising on both sides."""
    head = _common_head(old, new)
    old, new = old[head:], new[head:]
    tail = _common_head(old[::-1], new[::-1])
    stops = [(len(old) - k, len(new) - k) for k in range(tail, 0, -1)]
    old, new = old[:len(old) - tail], new[:len(new) - tail]
    if anchors := _anchors(old, new):
        inner, i, j = [], 0, 0
        for stop_i, stop_j in [*anchors, (len(old), len(new))]:
            inner += [(i + x, j + y) for x, y in pairs(old[i:stop_i], new[j:stop_j])]
            inner.append((stop_i, stop_j))
            i, j = stop_i + 1, stop_j + 1
        inner.pop()
    else:
        inner = _common_runs(old, new)
    return [(k, k) for k in range(head)] + [(i + head, j + head) for i, j in inner + stops]


def gaps(matched, old_size, new_size):
    """The regions that a list of pairs leaves unmatched."""
    found, i, j = [], 0, 0
    for stop_i, stop_j in matched + [(old_size, new_size)]:
        if stop_i > i or stop_j > j:
            found.append(Region(i, stop_i, j, stop_j))
        i, j = stop_i + 1, stop_j + 1
    return found


def _cost(lines, k):
    """How badly a cut before line k reads; a cut after a blank line, far left, reads best."""
    after = next((text for text in lines[k:] if text.strip()), "")
    cost = len(after) - len(after.lstrip())
    if k == 0 or not lines[k - 1].strip():
        cost -= 2
    elif after.lstrip().startswith("}"):
        cost += 3
    return cost + (k < len(lines) and not lines[k].strip())


def _best_shift(lines, start, end, floor, ceiling):
    """How far to move the run lines[start:end], all of whose shifts say the same."""
    low = high = 0
    while start + low > floor and lines[start + low - 1] == lines[end + low - 1]:
        low -= 1
    while end + high < ceiling and lines[start + high] == lines[end + high]:
        high += 1
    return min(range(high, low - 1, -1),
               key=lambda s: _cost(lines, start + s) + _cost(lines, end + s))


def _slide(old, new, found):
    """Moves each pure insertion or removal to its best place, never into its neighbour."""
    done = [Region(-1, -1, -1, -1)]
    after = found[1:] + [Region(len(old) + 1, 0, len(new) + 1, 0)]
    for (a, b, c, d), following in zip(found, after):
        shift = 0
        if a == b:
            shift = _best_shift(new, c, d, done[-1].new_end + 1, following.new_start - 1)
        elif c == d:
            shift = _best_shift(old, a, b, done[-1].old_end + 1, following.old_start - 1)
        done.append(Region(a + shift, b + shift, c + shift, d + shift))
    return done[1:]


def regions(old, new):
    """The regions that differ, in order, placed where they read best."""
    return _slide(old, new, gaps(pairs(old, new), len(old), len(new)))


def script(old, new):
    """The whole diff: every line of both texts once, removed ones before added ones."""
    lines, i, j = [], 0, 0
    for a, b, c, d in regions(old, new) + [Region(len(old), len(old), len(new), len(new))]:
        lines += [Line(" ", old[i + k], i + k, j + k) for k in range(a - i)]
        lines += [Line("-", old[k], k, c) for k in range(a, b)]
        lines += [Line("+", new[k], b, k) for k in range(c, d)]
        i, j = b, d
    return lines
