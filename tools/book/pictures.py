"""The chapters' pictures: as files of their own, and as what stands in a chapter's page.

docs/figures has their texts. One that several stages share grows from each to the next.
"""

from html import escape
from typing import NamedTuple

import stages
from book import figure, page

DRAWING = "as drawing"


class Placed(NamedTuple):
    """A picture in a chapter: in the place of its first drawing in text, or before a heading.

    `after` is the heading that comes after it, as the chapter writes it, with its `##`; None where
    it is the drawing, which is folded then.
    """

    name: str
    after: str | None
    svg_html: str


def figures(root):
    return [figure.parse(name, text) for name, text in figure.load(root).items()]


def of_stage(root, stage):
    """The pictures of a stage's chapter."""
    return [each for each in figures(root) if each.first <= stage <= each.last]


def heading(each):
    """The heading that a picture stands before; None where it stands for the drawing."""
    return None if each.place == DRAWING else each.place.removeprefix("before ")


def file_of(each, stage):
    numbered = f"_{stage:02}" if each.first < each.last else ""
    return f"{each.name}{numbered}.svg"


def _versions(each, stage):
    """The ways to the chapters' versions of a picture that grows, but for this stage's."""
    links = [f'<a href="{page.chapter_page(n)}#picture-{each.name}">{n}</a>' if n != stage
             else f'<b aria-current="page">{n}</b>' for n in range(each.first, each.last + 1)]
    return f" in stage {' '.join(links)}" if len(links) > 1 else ""


def _block(each, stage, versions):
    """A picture in a page: on a narrow screen it is moved under the window, not made unreadable."""
    return (f'<div class="picture" id="picture-{each.name}">'
            f'<div class="figure" tabindex="0" role="group" '
            f'aria-label="Picture: {escape(each.full_title(stage))}">{figure.svg(each, stage)}'
            f'</div><p class="caption"><span class="hint">⇆ scrolls sideways · </span>'
            f'{escape(each.title)}{versions} · '
            f'<a href="{file_of(each, stage)}">by itself</a></p></div>')


def inline(root, stage):
    """What stands where in a stage's chapter."""
    return [Placed(each.name, heading(each), _block(each, stage, _versions(each, stage)))
            for each in of_stage(root, stage)]


def whole(each):
    """A picture that grows as it is in the end, where nothing is new."""
    return each._replace(first=each.last)


def alone(each):
    """A whole picture on a page that is no chapter."""
    return _block(whole(each), each.last, _versions(each, None))


def of_text(root, text):
    """What stands on a page of a chapter: the drawing is on the first, and at the end of each what
    stands before the heading that begins the next."""
    below = text.whole[text.first + 1:None if text.end is None else text.end + 1]
    return [placed for placed in inline(root, text.stage)
            if (placed.after in below if placed.after else not text.first)]


def write(root, out):
    """Writes every picture of every stage as a file: loop_01.svg and so on; returns their paths."""
    written = []
    for stage in map(stages.number, stages.stages(root)):
        for each in of_stage(root, stage):
            path = out / file_of(each, stage)
            path.write_text(figure.svg(each, stage) + "\n", encoding="utf-8")
            written.append(path)
    return written
