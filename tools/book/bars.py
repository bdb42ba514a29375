"""The title bar of each told block: its file, function and line, and the ways to both beside it."""

import re
from functools import cached_property, partial
from html import escape

import cpp
import linediff
import stages
import told
from book import diffs, page
from steps import states

_MOST = 2  # functions that a bar names


def inline_code(text):
    """Words with code in them as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _names(lines, numbers):
    """What the lines with these numbers, from 1, are inside of, or begin."""
    around = cpp.enclosing(tuple(lines))
    begun = {item.first: item.name for item in cpp.items("\n".join(lines))
             if item.kind in ("function", "type", "enum") and not item.member}
    found = (around[k - 1] or begun.get(k, "") for k in numbers if k <= len(lines))
    return [name for name in dict.fromkeys(found) if name]


class Bars:
    """The bars of one chapter."""

    def __init__(self, root, stage, source=None):
        """Of the chapter of the stage in this folder; source(file, line) is an address of code."""
        self.root, self.stage = root, stage
        self.number = stages.number(stage)
        self.source = source or partial(page.source_page, self.number)
        self.chapter = diffs.chapter_of(stage)

    @cached_property
    def states(self):
        """The sources before the first step and after each; of a chapter without, at its end."""
        return states(self.stage, stages.predecessor(self.stage, self.root))

    def _step(self, block):
        """Which step tells a block: its place, from 1; 0 in a chapter without steps."""
        return next((k for k, step in enumerate(self.chapter.steps, 1) if block in step.blocks), 0)

    def _lines(self, block):
        """The file of a block, as the block leaves it, and as the stage does."""
        k, last = self._step(block), told.sources(self.stage).get(block.file, "")
        after = self.states[k].get(block.file, "") if k else last
        return told.lines_of(after), told.lines_of(last)

    def _at_last(self, after, last, number):
        """Where a line is at the end of the chapter; None if it is no longer there."""
        if not 0 < number <= len(after):
            return None
        matched = dict(linediff.pairs(after, last))
        return matched[number - 1] + 1 if number - 1 in matched else None

    def bar(self, k):
        """The bar of the k-th told block, counted from 0."""
        block = self.chapter.blocks[k]
        after, last = self._lines(block)
        numbers = [change.new + 1 for change in block.changes()]
        place = next(filter(None, (self._at_last(after, last, n) for n in numbers)), None)
        step = self._step(block) or None
        source = self.source(block.file, place)
        beside = f"{page.diff_page(self.number, step)}#{page.told_anchor(k)}"
        return (f'<div class="bar"><span class="what"><code>{escape(block.file)}</code> '
                f'{self._part(block, after, numbers)}<span class="where">line {numbers[0]}</span>'
                f'</span> <span class="ways"><a href="{source}">source</a> '
                f'<a href="{beside}">side by side</a></span></div>')

    def _part(self, block, after, numbers):
        """What the caption says that a block is about, and the functions that it does not name."""
        part = block.part()
        more = [name for name in _names(after, numbers)
                if not re.search(rf"\b{re.escape(name)}\b", part)][:_MOST]
        shown = inline_code(part) + (" " if part else "")
        return shown + "".join(f'<code class="in">{escape(name)}</code> ' for name in more)
