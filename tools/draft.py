"""Proposes told blocks for what a chapter does not tell yet, for an author to write between.

The pieces follow the code: a function, a group of members, the includes. Headers come before
sources and what others include comes first, which is the order a reader can follow.
"""

import re
from pathlib import Path

import cpp_outline
from told import chapter_of, lines_of, parse, sources
from weave import consecutive, tellings


def _included(text):
    """The project's own headers that a file includes."""
    return re.findall(r'^#include "(evolve/[^"]+)"', text, re.MULTILINE)


def _depth(name, files, known):
    """How high a stack of headers a file stands on; a circle counts once."""
    if name not in known:
        known[name] = 0
        below = [one for one in _included(files[name]) if one in files]
        known[name] = max((1 + _depth(one, files, known) for one in below), default=0)
    return known[name]


def _reading_order(files):
    """The files' names: headers first, then the lower of two; a source stands as its header."""
    known = {}

    def place(name):
        """What the order is by."""
        header = str(Path(name).with_suffix(".h"))
        is_source = not name.endswith(".h")
        base = header if is_source and header in files else name
        return is_source, _depth(base, files, known), name

    return sorted(files, key=place)


def _pieces(telling):
    """Untold lines of a new file in pieces, as places in its script, which are its line numbers."""
    pieces = []
    for part in consecutive(telling.homeless()):
        starts = cpp_outline.cut(telling.new, part[0], part[-1] + 1) + [part[-1] + 1]
        pieces += [list(range(one, two)) for one, two in zip(starts, starts[1:])]
    return pieces


def _split(telling, part):
    """A run of untold changes in chunks that fit a block, the removed lines with the first."""
    script = telling.script
    removed = [k for k in part if script[k].sign == "-"]
    added = [k for k in part if script[k].sign == "+"]
    most = cpp_outline.MOST
    chunks = [removed[k:k + most] for k in range(0, len(removed), most)] or [[]]
    if added:
        offset, first = added[0] - script[added[0]].new, script[added[0]].new
        starts = cpp_outline.cut(telling.new, first, first + len(added)) + [first + len(added)]
        pieces = [list(range(one + offset, two + offset)) for one, two in zip(starts, starts[1:])]
        if len(chunks[-1]) + len(pieces[0]) <= most:
            chunks[-1] += pieces.pop(0)
        chunks += pieces
    return [chunk for chunk in chunks if chunk]


def _subject(telling, chunk):
    """What a chunk is part of: chunks of one subject may share a block."""
    if any(telling.script[k].text.startswith("#include") for k in chunk):
        return "the includes"
    return telling.scope(chunk[0]) or telling.scope(chunk[-1])


def _chunks(telling):
    """Untold changes of an old file: small neighbours with one subject come together."""
    chunks, last = [], ""
    for part in consecutive(telling.homeless()):
        for chunk in _split(telling, part):
            subject = _subject(telling, chunk)
            small = chunks and len(chunks[-1]) + len(chunk) <= cpp_outline.AIM
            if subject and subject == last and small:
                chunks[-1] += chunk
            else:
                chunks.append(chunk)
            last = subject
    return chunks


def _part(telling, chunk):
    """The caption's words for a chunk: named by its new lines, or by the old if it only removes."""
    added = [telling.script[k].new for k in chunk if telling.script[k].sign == "+"]
    if added:
        return cpp_outline.part_name(telling.new, added)
    return cpp_outline.part_name(telling.old, [telling.script[k].old for k in chunk])


def _fenced(caption, kind, body):
    """A told block in Markdown."""
    return "\n".join([caption, "", "```" + kind, *body, "```", ""])


def _new_file_blocks(telling):
    """The blocks of a new file."""
    before = None
    for piece in _pieces(telling):
        part = _part(telling, piece)
        more = ", continued" if part == before else ""
        before = part
        yield _fenced(f"`{telling.name}`, {part}{more}, line {piece[0] + 1}:", "cpp",
                      [telling.script[k].text for k in piece])


def _changed_file_blocks(telling):
    """The blocks of a file that was there before."""
    for chunk in _chunks(telling):
        caption = f"`{telling.name}`, {_part(telling, chunk)}:"
        yield _fenced(caption, "diff", telling.diff_body(chunk))


def draft(stage, previous):
    """Told blocks, in Markdown, for every changed line that the chapter does not tell yet."""
    files = {telling.name: telling
             for telling in tellings(stage, previous, parse(chapter_of(stage)), adopt=False)}
    blocks = []
    for name in _reading_order(sources(stage)):
        write = _new_file_blocks if files[name].is_new else _changed_file_blocks
        blocks += write(files[name])
    return "\n".join(blocks)
