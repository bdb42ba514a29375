"""A line diff that a person can read.

Patience first: lines that occur once on both sides hold the two texts together, so that a brace
or a blank line never does. What lies between is left to difflib. At last each pure insertion or
removal slides to where it begins and ends most naturally. Pure Python, so that the same two texts
give the same diff on every machine, whatever its git is configured to do.
"""

import difflib
from bisect import bisect_left
from collections import Counter
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


def _rising(pairs):
    """The longest run of pairs, sorted by their first, that also rises in the second."""
    tails, piles, back = [], [], {}
    for pair in pairs:
        pile = bisect_left(tails, pair[1])
        back[pair] = piles[pile - 1] if pile else None
        tails[pile:pile + 1] = [pair[1]]
        piles[pile:pile + 1] = [pair]
    chain = []
    last = piles[-1] if piles else None
    while last:
        chain.append(last)
        last = back[last]
    return chain[::-1]


def _anchors(old, new):
    """Pairs of lines that occur exactly once in both texts and stand in the same order."""
    once_old, once_new = Counter(old), Counter(new)
    place = {text: j for j, text in enumerate(new) if once_new[text] == 1}
    return _rising([(i, place[text]) for i, text in enumerate(old)
                    if once_old[text] == 1 and text in place])


def _repeated(old, new):
    """Pairs where no line is unique: all that is left is the longest common runs."""
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(b.a + k, b.b + k) for b in blocks for k in range(b.size)]


def _common_edges(old, new):
    """How many lines the two texts share at the start, and how many of the rest at the end."""
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def pairs(old, new):
    """Index pairs (i, j) of the lines that stay, rising on both sides."""
    head, tail = _common_edges(old, new)
    mid_old, mid_new = old[head:len(old) - tail], new[head:len(new) - tail]
    inner = []
    if mid_old and mid_new:
        anchors = _anchors(mid_old, mid_new)
        inner = _between(mid_old, mid_new, anchors) if anchors else _repeated(mid_old, mid_new)
    return ([(k, k) for k in range(head)] + [(i + head, j + head) for i, j in inner]
            + [(len(old) - k, len(new) - k) for k in range(tail, 0, -1)])


def _between(old, new, anchors):
    """The anchors, and the pairs found in each stretch between two of them."""
    found, i, j = [], 0, 0
    for stop_i, stop_j in anchors + [(len(old), len(new))]:
        found += [(i + x, j + y) for x, y in pairs(old[i:stop_i], new[j:stop_j])]
        found.append((stop_i, stop_j))
        i, j = stop_i + 1, stop_j + 1
    return found[:-1]


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
