"""Charts as SVG: bars, dots and lines, legible on a light page and on a dark one.

The text has the colour of the page's text; the colours of the marks are chosen twice. Every mark
says its numbers when the pointer rests on it.
"""

import math
from xml.sax.saxutils import escape

WIDTH = 760
STYLE = """
:root { color: #1f2328; font: 13px system-ui, sans-serif; }
text { fill: currentColor; }
.faint { opacity: .65; font-size: 12px; }
.grid { stroke: currentColor; opacity: .15; }
.line, .ring { fill: none; stroke-width: 2.5; }
"""
PALETTE = {  # implementation: (on light, on dark)
    "floor": ("#8c959f", "#8b949e"),
    "evolve": ("#d1242f", "#ff7b72"),
    "evolve +lock": ("#e08a00", "#ffa657"),
    "evolve epoll": ("#bf3989", "#ff9bce"),
    "evolve 2 loops": ("#e08a00", "#ffa657"),
    "libevent": ("#0969da", "#58a6ff"),
    "libevent +changelist": ("#54aeff", "#a5d6ff"),
    "libevent +lock": ("#0a3069", "#388bfd"),
    "libev": ("#1a7f37", "#56d364"),
    "libuv": ("#8250df", "#d2a8ff"),
    "asio": ("#7d4e00", "#bb8009"),
}
STAGES = ("#1b7c83", "#76e3ea"), ("#d1242f", "#ff7b72")  # the one before, and the one


def colour(name, place=0):
    """(on light, on dark) for an implementation, or for one that is the place-th of its kind."""
    return PALETTE.get(name) or STAGES[place % len(STAGES)]


class Drawing:
    """What is drawn, and the colours it is drawn in."""

    def __init__(self, names):
        self.parts = []
        others = [name for name in names if name not in PALETTE]
        self.colours = {name: colour(name, others.index(name) if name in others else 0)
                        for name in names}
        self.classes = {name: f"s{i}" for i, name in enumerate(names)}

    def text(self, x, y, words, kind="", anchor="start"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" '
                          f'text-anchor="{anchor}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2):
        self.parts.append(f'<path class="grid" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>')

    def bar(self, name, x, y, width, height, told):
        self.parts.append(f'<rect class="{self.classes[name]}" x="{x:.1f}" y="{y:.1f}" rx="2" '
                          f'width="{max(width, 1):.1f}" height="{height}">'
                          f'<title>{escape(told)}</title></rect>')

    def dot(self, name, x, y, told):
        """A dot; for what this is all about a ring, which hides no dots."""
        kind, radius = ("ring ", 7) if name == "evolve" else ("", 4)
        self.parts.append(f'<circle class="{kind}{self.classes[name]}" cx="{x:.1f}" '
                          f'cy="{y:.1f}" r="{radius}"><title>{escape(told)}</title></circle>')

    def path(self, name, points):
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        self.parts.append(f'<path class="line {self.classes[name]}" d="M{way}"/>')

    def legend(self, y):
        """Which colour is whose, in as many lines as it takes; returns the y below."""
        x = 12
        for name in self.classes:
            wide = 26 + 7 * len(name)
            if x + wide > WIDTH:
                x, y = 12, y + 20
            self.dot(name, x + 6, y - 4, name)
            self.text(x + 16, y, name, "faint")
            x += wide
        return y + 12

    def finish(self, title, height):
        light = "".join(self._rule(name, 0) for name in self.classes)
        dark = "".join(self._rule(name, 1) for name in self.classes)
        style = f"{STYLE}{light}@media (prefers-color-scheme: dark) {{\n" \
                f":root {{ color: #e6edf3; }}\n{dark}}}\n"
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
                f'role="img">\n<title>{escape(title)}</title>\n<style>{style}</style>\n'
                + "\n".join(self.parts) + "\n</svg>\n")

    def _rule(self, name, dark):
        shade = self.colours[name][dark]
        kind = self.classes[name]
        return f".{kind} {{ fill: {shade}; }} " \
               f".line.{kind}, .ring.{kind} {{ fill: none; stroke: {shade}; }}\n"


def short(value):
    """A number for an axis or a bar."""
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 10_000:
        return f"{value / 1e3:.3g} k"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def ticks(low, high):
    """1, 2 and 5 times the powers of ten in between; fewer when these are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 200 else (1,)
    return [s * 10.0 ** p for p in powers for s in steps if low <= s * 10.0 ** p <= high]


class LogScale:
    """Where a value is, between two ends, when equal ratios are equal lengths."""

    def __init__(self, values, start, end):
        self.low, self.high = min(values) / 1.15, max(values) * 1.15
        self.start, self.end = start, end

    def at(self, value):
        """The place of a value."""
        part = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + part * (self.end - self.start)


def dots(title, unit, lines):
    """A line for each of `lines`, (label, {name: value}), with a dot for each value; the axis is
    logarithmic, with a mark at 1."""
    names = list(dict.fromkeys(name for _, values in lines for name in values))
    drawing = Drawing(names)
    drawing.text(12, 22, title)
    top = drawing.legend(46) + 8
    bottom = top + 24 * len(lines)
    everything = [1.0, *(value for _, values in lines for value in values.values())]
    scale = LogScale(everything, 290, WIDTH - 20)
    for tick in ticks(scale.low, scale.high):
        drawing.line(scale.at(tick), top, scale.at(tick), bottom)
        drawing.text(scale.at(tick), bottom + 16, short(tick), "faint", "middle")
    drawing.text(WIDTH - 20, bottom + 34, unit, "faint", "end")
    for place, (label, values) in enumerate(lines):
        y = top + 24 * place + 14
        drawing.text(278, y + 4, label, "faint", "end")
        for name in sorted(values, key=lambda name: name == "evolve"):
            drawing.dot(name, scale.at(values[name]), y, f"{name}: {values[name]:.3g}")
    return drawing.finish(title, bottom + 44)


def bars(title, unit, groups):
    """For each of `groups`, (label, {name: value}), a bar for each value, with its number."""
    names = list(dict.fromkeys(name for _, values in groups for name in values))
    drawing = Drawing(names)
    drawing.text(12, 22, title)
    drawing.text(WIDTH - 20, 22, unit, "faint", "end")
    y = drawing.legend(46) + 4
    longest = max(value for _, values in groups for value in values.values())
    for label, values in groups:
        drawing.text(178, y + 8 * len(values) + 6, label, "faint", "end")
        for name, value in values.items():
            wide = (WIDTH - 270) * value / longest
            drawing.bar(name, 190, y, wide, 13, f"{name}: {value:.4g} {unit}")
            drawing.text(196 + wide, y + 11, short(value), "faint")
            y += 16
        y += 12
    return drawing.finish(title, y)


def curves(title, across, unit, series):
    """For each of `series`, {name: [(x, y)]}, a line; both axes are logarithmic."""
    drawing = Drawing(list(series))
    drawing.text(12, 22, title)
    top = drawing.legend(46) + 8
    bottom = top + 300
    points = [point for line in series.values() for point in line]
    x = LogScale([p[0] for p in points], 60, WIDTH - 20)
    y = LogScale([p[1] for p in points], bottom, top)
    for tick in ticks(y.low, y.high):
        drawing.line(60, y.at(tick), WIDTH - 20, y.at(tick))
        drawing.text(54, y.at(tick) + 4, short(tick), "faint", "end")
    for value in sorted({p[0] for p in points}):
        drawing.line(x.at(value), top, x.at(value), bottom)
        drawing.text(x.at(value), bottom + 16, short(value), "faint", "middle")
    drawing.text(WIDTH - 20, bottom + 34, f"{across}; {unit}", "faint", "end")
    for name, line in series.items():
        placed = [(x.at(a), y.at(b)) for a, b in line]
        drawing.path(name, placed)
        for (px, py), (a, b) in zip(placed, line):
            drawing.dot(name, px, py, f"{name}, {a:g}: {b:.4g} {unit}")
    return drawing.finish(title, bottom + 44)
