"""Files as series of lines, each of which is born with one step and dies with another.

State k of a file is what is born by step k and not dead yet; state 0 is the stage before. So one
sequence holds all states of a chapter in steps, and a change of the last one reaches all those that
have its lines:

    a line that takes the place of another is born with it
    a line that is added is born with its neighbours; where these differ, with the later one
    a line of the stage before stays as it is, and dies where what takes its place is born
    what only earlier states have stays

The told blocks are all the memory that this needs: births and deaths follow from the step in which
a block stands, and from the numbers of its hunks.
"""

from dataclasses import dataclass
from typing import NamedTuple

import linediff
from told import ChapterError

FOREVER = 1 << 30  # a step that never comes
_LOST, _JUMP = 1.5, 1.0  # what it costs to miss a line, and to go on at another distance


@dataclass(eq=False)
class Life:
    """A line: in the states from `born` to before `dead`. A text of None has not been shown."""

    text: str | None
    born: int
    dead: int = FOREVER

    def at(self, k):
        return self.born <= k < self.dead


class Unclear(NamedTuple):
    """New lines that could belong to more than one step, and the one that they are put into."""

    first: int  # the number of the first of them in the file, from 1
    count: int
    step: int
    others: list


def state(lives, k):
    """The lines of a file after step k."""
    return [life.text for life in lives if life.at(k)]


def recalled(told):
    """The lives that a file's told lines tell, given as a list for each step."""
    lives = []
    for k, changes in enumerate(told, 1):
        live = [i for i, life in enumerate(lives) if life.dead == FOREVER]
        reach = max((c.old + (c.sign != "+") for c in changes), default=0)
        for _ in range(len(live), reach):
            live.append(len(lives))
            lives.append(Life(None, 0))
        for change in changes:
            if change.sign != "+":
                _show(lives[live[change.old]], change, k)
        for change in sorted((c for c in changes if c.sign == "+"), key=lambda c: -c.new):
            at = live[change.old - 1] + 1 if change.old else 0
            while at < len(lives) and lives[at].dead == k:
                at += 1
            lives.insert(at, Life(change.text, k))
    return lives


def _show(life, change, k):
    """Learns from a told line that is there before step k."""
    if life.text not in (None, change.text):
        raise ChapterError(change.line, f"told as {change.text!r}, but the steps before leave "
                                        f"{life.text!r} at this place")
    life.text = change.text
    if change.sign == "-":
        life.dead = k


def founded(lives, first):
    """The lives above the stage before as it is now, which may not be what blocks remember."""
    rows = {id(life): i for i, life in enumerate(life for life in lives if not life.born)}
    hits = _found_again([life for life in lives if not life.born], first)
    out, j = [], 0
    for life in lives:
        if life.born:
            out.append(life)
        elif (hit := hits.get(rows[id(life)])) is not None:
            out += [Life(text, 0) for text in first[j:hit]]
            out.append(Life(first[hit], 0, life.dead))
            j = hit + 1
    return out + [Life(text, 0) for text in first[j:]]


def _found_again(rows, first):
    """{row: its index in `first`}, rising, for all rows that are still there."""
    hits = _aligned([(i, row.text) for i, row in enumerate(rows) if row.text is not None], first)
    ends = [(-1, -1), *sorted(hits.items()), (len(rows), len(first))]
    for (i, j), (stop_i, stop_j) in zip(ends, ends[1:]):
        same = stop_i - i == stop_j - j  # then what has changed is known line by line
        for row, at in zip(range(i + 1, stop_i), range(j + 1, stop_j)):
            if same or rows[row].text is None:
                hits[row] = at
    return hits


def _aligned(known, first):
    """Where (index, text) pairs stand in `first`, with as few changes of distance as there can be.

    Texts alone do not tell it: most of what a block shows around its change is a brace.
    """
    places = {}
    for j, text in enumerate(first):
        places.setdefault(text, []).append(j)
    best = [(0.0, -1, 0, None)]  # (cost, last place, its distance from its index, path)
    for i, text in known:
        found = [(cost + _LOST, j, far, path) for cost, j, far, path in best]
        for at in places.get(text, ()):
            ways = [(cost + _jump(at - i - far), path) for cost, j, far, path in best if j < at]
            if ways:
                cost, path = min(ways, key=lambda way: way[0])
                found.append((cost, at, at - i, ((i, at), path)))
        best = _pruned(found)
    path, hits = min(best, key=lambda one: one[0])[3], {}
    while path:
        (i, at), path = path
        hits[i] = at
    return hits


def _jump(by):
    return _JUMP + abs(by) / 1000 if by else 0.0


def _pruned(found):
    """The cheapest way to each place, none that is dearer than to miss some lines more."""
    cheapest = {}
    for one in found:
        if one[1] not in cheapest or one[0] < cheapest[one[1]][0]:
            cheapest[one[1]] = one
    bound = min(one[0] for one in cheapest.values()) + 8 * _LOST
    return [one for one in cheapest.values() if one[0] <= bound]


def mended(lives, final, last):
    """The lives with `final` as what is left after the last step, and what was unclear."""
    live = [i for i, life in enumerate(lives) if life.dead == FOREVER]
    out, at, unclear = [], 0, []
    for a, b, c, d in linediff.regions([lives[i].text for i in live], final):
        start = live[a] if b > a else live[a - 1] + 1 if a else 0
        end = live[b - 1] + 1 if b > a else start
        near = [lives[live[i]].born for i in (a - 1, b) if 0 <= i < len(live)]
        nearest = _nearest(lives, start, end, last)
        gone = [life.born for life in lives[start:end] if life.dead == FOREVER]
        births, others = _births(gone, d - c, near, nearest)
        if others:
            unclear.append(Unclear(c + 1, d - c, births[0], sorted(others - set(births))))
        new = [Life(text, k) for text, k in zip(final[c:d], births)]
        out += lives[at:start] + _replaced(lives[start:end], new, nearest)
        at = end
    return out + lives[at:], unclear


def _replaced(lives, new, nearest):
    """Lives whose living ones give way to new ones, each at its place where there are as many."""
    gone = [life for life in lives if life.dead == FOREVER]
    paired = dict(zip(map(id, gone), new)) if len(gone) == len(new) else {}
    out = []
    for life in lives:
        if life.dead != FOREVER:
            out.append(life)
            continue
        heir = paired.get(id(life))
        if not life.born:
            died = heir or (new[0] if new else None)
            out.append(Life(life.text, 0, died.born if died else nearest))
        out += [heir] if heir else []
    return out if paired else out + new


def _births(gone, count, near, nearest):
    """The steps that new lines are born with, and between which steps there was a choice.

    Given are the births of what goes and of the neighbours, and the step of the nearest change.
    """
    if not count:
        return [], set()
    paired = len(gone) == count
    steps = set(gone or near)
    births = gone if paired else [max(steps, default=0)] * count
    choice = set() if paired or len(steps) < 2 else steps
    if 0 in births:
        choice = steps | {nearest}
    return [k or nearest for k in births], choice


def _nearest(lives, start, end, last):
    """The step of the changed line that is nearest to lives[start:end]; without one, the last."""
    for gap in range(len(lives) + 1):
        for i in (start - 1 - gap, end + gap):
            if 0 <= i < len(lives):
                life = lives[i]
                if step := life.born or (life.dead if life.dead != FOREVER else 0):
                    return step
    return last


def edited(lives, k, texts, last):
    """The lives with state k made these lines by its author; states before it stay.

    A line that a later step brought comes with this one, if it stands in the same place. One that
    came with this step and is gone comes with the next, unless it was to go anyway.
    """
    live = [i for i, life in enumerate(lives) if life.at(k)]
    out, at = [], 0
    for a, b, c, d in linediff.regions([lives[i].text for i in live], texts):
        start = live[a - 1] + 1 if a else 0
        end = live[b] if b < len(live) else len(lives)
        around = {lives[live[i]].dead for i in (a - 1, b) if 0 <= i < len(live)}
        out += lives[at:start] + _edited(lives[start:end], k, texts[c:d], around, last)
        at = end
    return out + lives[at:]


def _edited(lives, k, texts, around, last):
    """One changed place of state k: these lives, and the lines that it has to have there."""
    later = [i for i, life in enumerate(lives) if life.born > k]
    early = {later[i]: j for i, j in linediff.pairs([lives[i].text for i in later], texts)}
    fresh = [j for j in range(len(texts)) if j not in set(early.values())]
    deaths = dict(zip(fresh, _deaths([life.dead for life in lives if life.at(k)],
                                     len(fresh), around)))
    ends = [i + 1 for i, life in enumerate(lives) if life.at(k) or i in early]
    out, t = [], 0
    for i, life in enumerate([*lives, None]):
        stop = early.get(i, len(texts) if i == max(ends, default=0) else t)
        out += [Life(texts[j], k, deaths[j]) for j in range(t, stop)]
        t = max(t, stop + (i in early))
        if life is not None and (kept := _aged(life, k, i in early, last)):
            out.append(kept)
    return out


def _aged(life, k, is_early, last):
    """What becomes of a life where state k is edited; None where it is over."""
    if is_early:
        return Life(life.text, k, life.dead)
    if not life.at(k):
        return life
    if life.born < k:
        return Life(life.text, life.born, k)
    return Life(life.text, k + 1) if life.dead == FOREVER and k < last else None


def _deaths(gone, count, around):
    """When new lines of a state die: with what they replace, else as those around them do."""
    if len(gone) == count:
        return gone
    deaths = set(gone) or around
    return [next(iter(deaths)) if len(deaths) == 1 else FOREVER] * count
