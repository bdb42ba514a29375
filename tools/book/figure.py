"""Pictures that are written as text: one line per box, text or arrow, turned into SVG.

A picture may grow: an element that is marked `@3` is there from stage 3 on, and new in it; one that
is marked `@1-2` only from 1 to 2. Names in backticks stand for symbols of the stage's code, which
`problems` checks, as it does that every text fits into its box and every box into the picture.

    title TEXT            what the picture is called, and TEXT for those who do not see it
    desc [@N[-M]] TEXT    what it shows; lines of it are joined
    size WIDTH HEIGHT
    stages N[-M]          whose chapters have it
    place as drawing      where in the chapter: for its first drawing in text, which is folded,
    place before ## HEADING

    band X Y W H "NAME"   a part of the program, with its name in the corner
    box, pill X Y W H "TEXT|SECOND LINE"
    row X Y W H "A|B|C"   cells of that size, side by side
    text X Y "TEXT"       at the left of X; .mid and .right say otherwise
    line, arrow X,Y X,Y ...
    chain X Y GAP H       what follows as `step "TEXT"` is put side by side, and joined by arrows

Classes follow a kind: `.hot` is what the picture is about, `.dim` is not, `.dash` is what is not
there; `.small`, `.bold`, `.mid`, `.right`; `.both` gives an arrow a second head.
"""

import re
from html import escape
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(r'(?P<kind>[a-z]+)(?P<classes>(?:\.[a-z]+)*)(?:\s+@(?P<since>\d)'
                   r'(?P<range>-(?P<until>\d))?)?(?P<numbers>(?:\s+-?\d+(?:,-?\d+)?)*)'
                   r'(?:\s+"(?P<label>.*)")?\s*$')
_SHAPES = {"band": 4, "box": 4, "pill": 4, "row": 4, "text": 2, "chain": 4, "step": 0}
_PATHS = ("line", "arrow")
_CLASSES = {"hot", "dim", "dash", "small", "bold", "mid", "right", "both", "loose"}

SIZE = 13      # of the text
SMALL = 11
CODE = 0.602   # widths in parts of the size: of every letter of code, and of others
_NARROW, _WIDE = "iljtf.,:;'|!()[] ", "mwMW@→"
PADDING = 6    # beside a text in its box, at least


class Wrong(Exception):
    """A line of a picture that cannot be read; `line` counts from 1."""

    def __init__(self, line, why):
        super().__init__(why)
        self.line = line


class Element(NamedTuple):
    """One line of a picture: what to draw, from which stage to which, where, with what words."""

    kind: str
    classes: frozenset
    since: int
    until: int
    at: tuple
    label: str
    line: int

    def there(self, stage):
        return self.since <= stage <= self.until

    @property
    def texts(self):
        """Its lines, or cells."""
        return self.label.split("|") if self.label else []

    @property
    def size(self):
        return SMALL if "small" in self.classes or self.kind == "step" else SIZE


class Figure(NamedTuple):
    """A picture: what is said about it, and its elements."""

    name: str
    title: str
    descs: list
    width: int
    height: int
    first: int
    last: int
    place: str
    elements: list

    def desc(self, stage):
        """What a stage's picture shows, in words."""
        return " ".join(each.label for each in self.descs if each.there(stage))

    def full_title(self, stage):
        """Its title, with the stage where there are several."""
        return self.title if self.first == self.last else f"{self.title}, stage {stage}"


def _element(text, number):
    """One line that draws something."""
    match = _LINE.match(text)
    if not match:
        raise Wrong(number, f"cannot be read: {text!r}")
    classes = frozenset(match["classes"].split(".")[1:])
    if classes - _CLASSES:
        raise Wrong(number, f"no such class: {', '.join(sorted(classes - _CLASSES))}")
    at = tuple(int(n) for n in re.findall(r"-?\d+", match["numbers"]))
    _check_numbers(match["kind"], at, number)
    since = int(match["since"] or 1)
    until = int(match["until"]) if match["range"] else 9
    return Element(match["kind"], classes, since, until, at, match["label"] or "", number)


def _check_numbers(kind, at, number):
    """A shape has its own count of numbers, a path some points."""
    if kind in _PATHS:
        if len(at) < 4 or len(at) % 2:
            raise Wrong(number, f"{kind} needs two points or more")
    elif kind not in _SHAPES:
        raise Wrong(number, f"there is no {kind!r} to draw")
    elif len(at) != _SHAPES[kind]:
        raise Wrong(number, f"{kind} needs {_SHAPES[kind]} numbers, not {len(at)}")


def _desc(text, number):
    """One line of the description."""
    match = re.match(r"(?:@(\d)(?:(-)(\d))?\s+)?(.*)", text)
    until = int(match[3]) if match[2] else 9
    return Element("desc", frozenset(), int(match[1] or 1), until, (), match[4], number)


def parse(name, text):
    said, descs, elements = {}, [], []
    for number, line in enumerate(text.split("\n"), 1):
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        if word in ("title", "size", "stages", "place"):
            said[word] = rest.strip()
        elif word == "desc":
            descs.append(_desc(rest.strip(), number))
        else:
            elements.append(_element(line.strip(), number))
    if missing := [word for word in ("title", "size", "stages", "place") if word not in said]:
        raise Wrong(1, f"does not say its {' and '.join(missing)}")
    width, height = map(int, said["size"].split())
    first, _, last = said["stages"].partition("-")
    return Figure(name, said["title"], descs, width, height, int(first), int(last or first),
                  said["place"], _chained(elements))


def _chained(elements):
    """The elements with every step where its chain puts it: (x, y, width, height)."""
    done, x, y, gap, height = [], 0, 0, 0, 0
    for each in elements:
        if each.kind == "chain":
            x, y, gap, height = each.at
        elif each.kind == "step":
            wide = round(text_width(each.label, each.size)) + 2 * PADDING - 2
            each = each._replace(at=(x, y, wide, height))
            x += wide + gap
        done.append(each)
    return done


def load(root):
    """All pictures of the project, as name: text."""
    return {path.stem: path.read_text(encoding="utf-8")
            for path in sorted((Path(root) / "docs" / "figures").glob("*.txt"))}


def pieces(text):
    """A label cut into (is code, words)."""
    return [(k % 2 == 1, part) for k, part in enumerate(text.split("`")) if part]


def _letter(letter):
    """How wide a letter is that is not code, in parts of its size."""
    if letter in _NARROW:
        return 0.31
    if letter in _WIDE:
        return 0.87
    return 0.69 if letter.isupper() else 0.56


def text_width(text, size):
    """About how wide a line will be."""
    return sum(size * CODE * len(part) * 0.96 if code else size * sum(map(_letter, part))
               for code, part in pieces(text))


# What is drawn


def _text(x, y, text, classes):
    """One line of words; spaces at the edges of its pieces count."""
    spans = "".join(f'<tspan class="mono">{escape(part)}</tspan>' if code else escape(part)
                    for code, part in pieces(text))
    return f'<text x="{x:g}" y="{y:g}" class="{classes}" xml:space="preserve">{spans}</text>'


def _centred(each, classes, x, width, texts):
    """Lines in the middle of a box."""
    _, y, _, height = each.at
    step = each.size + 4
    top = y + height / 2 - step * (len(texts) - 1) / 2 + each.size * 0.35
    return "".join(_text(x + width / 2, top + k * step, text, f"mid {classes}")
                   for k, text in enumerate(texts) if text)


def _rect(each, classes, x, width, corner):
    _, y, _, height = each.at
    return (f'<rect class="{classes}" x="{x}" y="{y}" width="{width}" height="{height}" '
            f'rx="{corner}"/>')


def _box(each, classes):
    """A box, a pill or a step, with its words in the middle."""
    x, _, width, height = each.at
    corner = height / 2 if each.kind == "pill" else 6
    return (_rect(each, f"{each.kind} {classes}", x, width, f"{corner:g}")
            + _centred(each, classes, x, width, each.texts))


def _band(each, classes):
    """A large box, whose name stands in its corner."""
    x, y, width, _ = each.at
    name = _text(x + 14, y + 20, each.label, f"bold {classes}") if each.label else ""
    return _rect(each, f"band {classes}", x, width, 10) + name


def _row(each, classes):
    """Cells side by side."""
    x, _, width, _ = each.at
    return "".join(_rect(each, f"cell {classes}", x + k * width, width, 0)
                   + _centred(each, classes, x + k * width, width, [text])
                   for k, text in enumerate(each.texts))


def _head(end, before, classes):
    """The head of an arrow that comes to `end` from `before`."""
    dx, dy = end[0] - before[0], end[1] - before[1]
    long = (dx * dx + dy * dy) ** 0.5 or 1
    ux, uy = dx / long, dy / long
    back = (end[0] - 9 * ux, end[1] - 9 * uy)
    points = [end, (back[0] - 4 * uy, back[1] + 4 * ux), (back[0] + 4 * uy, back[1] - 4 * ux)]
    return (f'<polygon class="head {classes}" points="'
            + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')


def _path(each, classes):
    """A line through some points, with its heads."""
    points = list(zip(each.at[::2], each.at[1::2]))
    shape = "M" + " L".join(f"{x} {y}" for x, y in points)
    drawn = f'<path class="line {classes}" d="{shape}"/>'
    if each.kind == "arrow":
        drawn += _head(points[-1], points[-2], classes)
        if "both" in each.classes:
            drawn += _head(points[0], points[1], classes)
    return drawn


def _text_element(each, classes):
    """Words without a box."""
    x, y = each.at
    return "".join(_text(x, y + k * (each.size + 4), text, classes)
                   for k, text in enumerate(each.texts))


_DRAW = {"band": _band, "box": _box, "pill": _box, "step": _box, "row": _row, "line": _path,
         "arrow": _path, "text": _text_element, "chain": lambda each, classes: ""}


def is_new(figure, each, stage):
    """Whether this stage's picture marks it: in the first, where all is new, nothing is."""
    return figure.first < stage == each.since


def _links(figure, stage):
    """The arrows between the steps of each chain that this stage has."""
    drawn, last = [], None
    for each in figure.elements:
        if each.kind == "chain":
            last = None if "loose" not in each.classes else False
        elif each.kind == "step" and each.there(stage) and last is not False:
            if last:
                middle = each.at[1] + each.at[3] / 2
                arrow = Element("arrow", frozenset(), 1, 9, (last.at[0] + last.at[2], middle,
                                                             each.at[0], middle), "", 0)
                new = is_new(figure, each, stage) or is_new(figure, last, stage)
                drawn.append(_path(arrow, "new" if new else ""))
            last = each
    return "".join(drawn)


_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8").strip()


def _legend(figure, stage):
    """What the colour means, where there is something new."""
    if stage == figure.first:
        return ""
    x, y = figure.width - 152, figure.height - 18
    return (f'<rect class="new" x="{x}" y="{y - 10}" width="16" height="12" rx="3"/>'
            + _text(x + 24, y, "new in this stage", "small dim"))


def _depth(each):
    """Parts of the program lie below paths, and these below what they lead to."""
    return 0 if each.kind == "band" else 1 if each.kind in _PATHS else 2


def drawn(figure, stage):
    """The shapes of a stage's picture, those first that lie below others."""
    shapes = []
    for each in sorted(figure.elements, key=_depth):
        if each.there(stage):
            classes = sorted(each.classes - {"both", "loose"})
            classes += ["new"] if is_new(figure, each, stage) else []
            classes += ["step"] if each.kind == "step" else []
            shapes.append(_DRAW[each.kind](each, " ".join(classes)))
    return shapes


def svg(figure, stage):
    """The picture of a stage, fit for a file of its own and for a page."""
    ident = f"figure-{figure.name}-{stage}"
    return framed(ident, figure.full_title(stage), figure.desc(stage), (figure.width,
                  figure.height), [*drawn(figure, stage), _links(figure, stage),
                                   _legend(figure, stage)])


def framed(ident, title, desc, size, shapes, style=""):
    """Shapes as a picture with a title, and with our style and what is added to it."""
    width, height = size
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" aria-labelledby="{ident}-title {ident}-desc">',
        f'<title id="{ident}-title">{escape(title)}</title>',
        f'<desc id="{ident}-desc">{escape(desc)}</desc>',
        f"<style>{_STYLE}{style}</style>", *shapes, "</svg>"])


# What is checked


def symbols(text):
    """The names that a label says are code."""
    return re.findall(r"[A-Za-z_]\w*", " ".join(part for code, part in pieces(text) if code))


def _room(each):
    """(text, how wide it may be) of each text of a box."""
    if each.kind not in ("box", "pill", "row"):
        return []
    return [(text, each.at[2] - 2 * PADDING) for text in each.texts]


def _extent(each):
    """The points that must lie in the picture."""
    if each.kind in _PATHS:
        return list(zip(each.at[::2], each.at[1::2]))
    if each.kind == "chain":
        return []
    if each.kind == "text":
        wide = max(text_width(text, each.size) for text in each.texts) if each.texts else 0
        left = {"mid": wide / 2, "right": wide}
        x = each.at[0] - next((left[c] for c in left if c in each.classes), 0)
        return [(x, each.at[1]), (x + wide, each.at[1])]
    x, y, width, height = each.at
    return [(x, y), (x + width * (len(each.texts) if each.kind == "row" else 1), y + height)]


def layout_problems(figure):
    """(line, what) of what does not fit."""
    for each in figure.elements:
        for text, room in _room(each):
            if text_width(text, each.size) > room:
                yield each.line, f"does not fit into its box: {text}"
        for x, y in _extent(each):
            if not (0 <= x <= figure.width and 0 <= y <= figure.height):
                yield each.line, f"lies outside of the picture: {each.label or each.kind}"
                break


def symbol_problems(figure, stage, known):
    """(line, what) of names that the stage's code, whose names are `known`, does not have."""
    for each in figure.elements:
        if each.there(stage):
            for name in dict.fromkeys(symbols(each.label)):
                if name not in known:
                    yield each.line, f"{name} is no symbol of stage {stage}"


def new_symbols(figure, stage):
    """The names in what a stage's picture marks as new."""
    return {name for each in figure.elements if is_new(figure, each, stage)
            for name in symbols(each.label)}
