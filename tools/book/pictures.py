"""The chapters' pictures: as files of their own, and as what stands in a chapter's page.

docs/figures has their texts. One that several stages share grows from each to the next.
"""

from typing import NamedTuple

import stages
from book import figure

DRAWING = "after drawing"


class Placed(NamedTuple):
    """A picture in a chapter: behind its first drawing in text, or before a heading.

    `before` is the heading as the chapter writes it, with its `##`; None is the drawing.
    """

    name: str
    before: str | None
    html: str


def figures(root):
    """All pictures, read."""
    return [figure.parse(name, text) for name, text in figure.load(root).items()]


def of_stage(root, stage):
    """The pictures of a stage's chapter."""
    return [each for each in figures(root) if each.first <= stage <= each.last]


def heading(each):
    """The heading that a picture stands before; None where it stands behind the drawing."""
    return None if each.place == DRAWING else each.place.removeprefix("before ")


def _block(each, stage):
    """A picture in a page: on a narrow screen it is moved under the window, not made unreadable."""
    return (f'<div class="figure" tabindex="0" role="group" '
            f'aria-label="Picture: {each.full_title(stage)}">{figure.svg(each, stage)}</div>')


def inline(root, stage):
    """What stands where in a stage's chapter."""
    return [Placed(each.name, heading(each), _block(each, stage)) for each in of_stage(root, stage)]


def write(root, out):
    """Writes every picture of every stage as a file: loop_01.svg and so on; returns their paths."""
    written = []
    for stage in map(stages.number, stages.stages(root)):
        for each in of_stage(root, stage):
            numbered = f"_{stage:02}" if each.first < each.last else ""
            path = out / f"{each.name}{numbered}.svg"
            path.write_text(figure.svg(each, stage) + "\n", encoding="utf-8")
            written.append(path)
    return written
