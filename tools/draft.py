"""Proposes told blocks for what a chapter does not tell yet, for an author to write between."""

from graphlib import TopologicalSorter
from pathlib import Path

import cpp
from stages import number
from steps import steps_of
from told import ChapterError, chapter_of, parse
from weave import consecutive, tellings

MOST = 40  # changed lines in one block, never more
AIM = 14   # after so many a blank line ends a block


def _reading_order(files):
    """The files' names: headers first, what others include before them; a source as its header."""
    included = {name: [other for _, other in cpp.includes(text) if other in files] for name, text in files.items()}
    headers = {name: names for name, names in included.items() if name.endswith(".h")}
    order = list(TopologicalSorter(headers).static_order())

    def place(name):
        header = str(Path(name).with_suffix(".h"))
        return not name.endswith(".h"), order.index(header) if header in order else -1, name

    return sorted(files, key=place)


def _pieces(telling):
    """Untold lines in pieces that fit a block, as places in the script."""
    for part in consecutive(telling.homeless()):
        piece = []
        for k in part:
            ends = len(piece) >= AIM and not telling.script[k - 1].text.strip()
            if ends or len(piece) == MOST:
                yield piece
                piece = []
            piece.append(k)
        yield piece


def _block(telling, piece):
    """The told block of a piece, in Markdown."""
    names = [f"`{name}`" for name in dict.fromkeys(map(telling.scope, piece)) if name]
    caption = f"`{telling.name}`, {' and '.join(names) or 'the frame'}"
    if telling.is_new:
        kind, body = "cpp", [telling.script[k].text for k in piece]
        caption += f", line {piece[0] + 1}"
    else:
        kind, body = "diff", telling.diff_body(piece)
    return "\n".join([f"{caption}:", "", f"```{kind}", *body, "```", ""])


def blocks(files):
    """Told blocks, in Markdown, for all that these tellings have no block for, in reading order."""
    named = {telling.name: telling for telling in files}
    order = _reading_order({name: "\n".join(telling.new) for name, telling in named.items()})
    return [_block(named[name], piece) for name in order for piece in _pieces(named[name])]


def draft(stage, previous):
    """Told blocks, in Markdown, for every changed line that the chapter does not tell yet."""
    if steps := steps_of(stage):
        raise ChapterError(steps[0].line, "the chapter is told in steps; ./evolve weave "
                           f"{number(stage)} adds blocks to them for what they do not tell yet")
    return "\n".join(blocks(tellings(stage, previous, parse(chapter_of(stage)), adopt=False)))
