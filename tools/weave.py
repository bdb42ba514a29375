"""Writes the code of a chapter anew from the code of the stage.

The author owns the prose and decides which block tells which line. After an edit of the code the
lines that are told are found again by their text, a new line goes to the block that holds its
neighbours, and a line that no block has a claim to is reported, for the author to place.
"""

import cpp
import linediff
from told import ChapterError, Hunk, chapter_of, lines_of, parse, renumbered, sources

_WEAK = ("", "{", "}", "};", "});")  # context that tells no place by itself


class Telling:
    """One file of a step: its whole diff, and the block that tells each changed line."""

    def __init__(self, name, old, new, blocks, adopt=True):
        """old and new are the file's texts, None where it does not exist.

        Lines that no block tells yet are given to one where that is clear, unless adopt is False.
        """
        self.name = name
        self.blocks = [block for block in blocks if block.file == name]
        self.is_new = old is None
        self.old, self.new = lines_of(old or ""), lines_of(new or "")
        self._check_kinds()
        self.script = linediff.script(self.old, self.new) if new is not None else []
        self.changed = [k for k, line in enumerate(self.script) if line.sign != " "]
        self._place(adopt)

    def _check_kinds(self):
        """A block of the wrong kind has no place to go to."""
        want, why = ("cpp", "is new here") if self.is_new else ("diff", "was there before")
        for block in self.blocks:
            if block.kind != want:
                raise ChapterError(block.open_line, f"{self.name} {why}: tell it in {want} blocks")

    def _told(self):
        """(change, block) of every line told so far, along the file."""
        runs = [(run, block) for block in self.blocks for run in block.runs() if run]
        runs.sort(key=lambda item: item[0][0].old + item[0][0].new)
        return [(change, block) for run, block in runs for change in run]

    def _held(self, told):
        """Pairs of told and changed lines by their numbers; None if any number is out of date."""
        at = {_place_of(self.script[k]): s for s, k in enumerate(self.changed)}
        places = [at.get(_place_of(change)) for change, _ in told]
        if None in places or any(one >= two for one, two in zip(places, places[1:])):
            return None
        return list(enumerate(places))

    def _place(self, adopt):
        """Gives every changed line that has a home its block."""
        told = self._told()
        matched = self._held(told)
        if matched is None:
            matched = linediff.pairs([(change.sign, change.text) for change, _ in told],
                                     [self.script[k][:2] for k in self.changed])
        homes = {s: told[t][1] for t, s in matched}
        self.owners = {self.changed[s]: block for s, block in homes.items()}
        for gap in linediff.gaps(matched, len(told), len(self.changed)) if adopt else []:
            gone = told[gap.old_start:gap.old_end]
            run = self.changed[gap.new_start:gap.new_end]
            self._settle(gone, run, homes.get(gap.new_start - 1), homes.get(gap.new_end))

    def _settle(self, gone, run, before, after):
        """Places a run of new lines: where the lines it replaces were, or with its neighbours."""
        blocks = {block for _, block in gone}
        if [change.sign for change, _ in gone] == [self.script[k].sign for k in run]:
            self.owners.update(zip(run, (block for _, block in gone)))
        elif len(blocks) == 1:
            self.owners.update(dict.fromkeys(run, blocks.pop()))
        elif before is after and before is not None:
            self.owners.update(dict.fromkeys(run, before))
        else:
            for part in consecutive(run):
                self._settle_part(part)

    def _settle_part(self, part):
        """Places lines that touch one block and else unchanged text, if they define nothing new."""
        touching = {self.owners.get(k) for k in (part[0] - 1, part[-1] + 1)} - {None}
        defines = any(self.script[k].text[:1].isalpha() for k in part)
        if len(touching) == 1 and not defines:
            self.owners.update(dict.fromkeys(part, touching.pop()))

    def homeless(self):
        """The places in the script of the changed lines that no block tells."""
        return [k for k in self.changed if k not in self.owners]

    def body(self, block):
        """A block's caption and the lines of its fence, written anew."""
        mine = [k for k in self.changed if self.owners.get(k) is block]
        if not mine:
            return block.caption, []
        if self.is_new:
            caption = renumbered(block.caption, self.script[mine[0]].new + 1)
            return caption, [self.script[k].text for k in mine]
        return block.caption, self.diff_body(mine)

    def diff_body(self, mine):
        """The hunks in Markdown that tell these lines of the script."""
        return [text for group in self._groups(mine) for text in self._hunk(group).written()]

    def _groups(self, mine):
        """(first, last) of each hunk: lines whose contexts would meet stand in one."""
        groups = []
        for part in consecutive(mine):
            if groups:
                last = groups[-1][1]
                room = len(self._context(last, 1)) + len(self._context(part[0], -1))
                between = self.script[last + 1:part[0]]
                if len(between) <= room and all(line.sign == " " for line in between):
                    groups[-1] = (groups[-1][0], part[-1])
                    continue
            groups.append((part[0], part[-1]))
        return groups

    def _context(self, k, step):
        """The one or two unchanged lines next to the script's line k, nearest first.

        Across lines that another block adds there is context only if it ends in the first column:
        that tells where a function goes, but a statement would read as if it followed.
        """
        near = k + step
        while 0 <= near < len(self.script) and self.script[near].sign == "+":
            near += step
        found = []
        while 0 <= near < len(self.script) and self.script[near].sign == " " and len(found) < 2:
            found.append(self.script[near])
            if self.script[near].text.strip() not in _WEAK:
                break
            near += step
        adjacent = found and found[0] is self.script[k + step]
        return found if adjacent or found and found[-1].text[:1].strip() else []

    def _hunk(self, group):
        """The hunk of the script's lines from group[0] to group[1], with its context."""
        first, last = group
        start = self.script[first]
        lead, trail = self._context(first, -1)[::-1], self._context(last, 1)
        lines = [(line.sign, line.text) for line in [*lead, *self.script[first:last + 1], *trail]]
        hunk = Hunk(0, 0, 0, 0, 0, self.scope(first), lines)
        hunk.b, hunk.d = hunk.sizes()
        hunk.a = start.old - len(lead) + (hunk.b > 0)
        hunk.c = start.new - len(lead) + (hunk.d > 0)
        return hunk

    def scope(self, k):
        """The name of the definition around the script's line k, a changed one."""
        sign, number = _place_of(self.script[k])[:2]
        return cpp.enclosing(tuple(self.old if sign == "-" else self.new))[number]


def _place_of(line):
    """What makes a changed line this one: its sign, its number on that side, and its text."""
    return line.sign, line.old if line.sign == "-" else line.new, line.text


def consecutive(numbers):
    """Cuts a rising list of numbers into lists without holes."""
    parts = []
    for k in numbers:
        if parts and parts[-1][-1] == k - 1:
            parts[-1].append(k)
        else:
            parts.append([k])
    return parts


def tellings(stage, previous, blocks, adopt=True):
    """A Telling for every file that the stage has or that a block names."""
    old, new = sources(previous), sources(stage)
    names = sorted(set(new) | {block.file for block in blocks})
    return [Telling(name, old.get(name), new.get(name), blocks, adopt) for name in names]


def _rewritten(text, blocks, files):
    """The chapter with every told block's caption and body as its file's telling has them."""
    lines = text.split("\n")
    by_name = {telling.name: telling for telling in files}
    for block in reversed(blocks):
        caption, body = by_name[block.file].body(block)
        lines[block.open_line:block.close_line - 1] = body
        lines[block.caption_line - 1] = caption
    return "\n".join(lines)


def _homeless_lines(telling):
    """Where each unplaced line is: a removed one by its number in the stage before."""
    for k in telling.homeless():
        sign, number, text = _place_of(telling.script[k])
        yield f"{telling.name}:{number + 1}: {sign}{text}"


def weave(stage, previous):
    """The chapter anew, what is left to the author, and the captions whose lines changed.

    Left to the author are changed lines without a home (`file:line: text`, the text with its
    sign) and blocks without a line, which are never taken out together with their prose.
    """
    text = chapter_of(stage)
    blocks = parse(text)
    files = tellings(stage, previous, blocks)
    woven = _rewritten(text, blocks, files)
    left = [line for telling in files for line in _homeless_lines(telling)]
    touched = []
    for was, now in zip(blocks, parse(woven)):
        here = f"README.md:{now.caption_line}: {now.caption}"
        if not now.changes():
            left.append(f"{here} nothing is left to tell, take this block out")
        elif [c[:2] for c in was.changes()] != [c[:2] for c in now.changes()]:
            touched.append(here)
    return woven, left, touched
