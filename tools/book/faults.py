"""What the browser must find: each fault spoils one file of a copy of the book.

Each is what it is, the check that finds it, a word of what that says, the file, and the change.
"""

import re

from book import page


def _inserted(text, before="</body>"):
    """A change that puts something before the end of a page."""
    return lambda page_text: page_text.replace(before, text + before)


FAULTS = (
    ("an error on the console", "chapters", "console error: planted", page.chapter_page(3),
     _inserted("<script>console.error('planted')</script>")),
    ("a script that dies", "chapters", "uncaught: planted", page.chapter_page(3),
     _inserted("<script>throw new Error('planted')</script>")),
    ("a request to somewhere else", "chapters", "request to http://127.0.0.1:9/planted",
     page.chapter_page(3), _inserted('<img alt="" src="http://127.0.0.1:9/planted">')),
    ("a script that is not there", "chapters", "ERR_FILE_NOT_FOUND", page.chapter_page(3),
     _inserted('<script src="planted.js"></script>')),
    ("a chapter without its title", "chapters", "the title is", page.chapter_page(3),
     lambda text: text.replace('<div class="title">Stage', '<div class="title">Planted')),
    ("a block that is not shown", "chapters", "blocks are shown", page.chapter_page(3),
     _inserted("<style>#told1 { display: none }</style>")),
    ("a picture that is gone", "chapters", "pictures", page.chapter_page(3),
     lambda text: re.sub(r"<svg.*?</svg>", "", text, count=1, flags=re.S)),
    ("a page with nothing on it", "pages", "says only", "glossary.html",
     lambda text: re.sub(r'(<div class="contents">).*(?=</div><!-- contents -->)', r"\1", text,
                         flags=re.S)),
    ("a page without a way back", "pages", "no way back", page.diff_page(3),
     lambda text: text.replace("index.html", "planted.html")),
    ("an index that finds nothing", "search", "finds nothing", "search/searchdata.js",
     lambda text: ""),
    ("a dead button for the dark mode", "dark", "does not switch",
     "doxygen-awesome-darkmode-toggle.js",
     lambda text: text.replace("static disableDarkMode", "static planted")
     .replace("toggleDarkMode() {", "toggleDarkMode() { return;")),
    ("comments that are too faint", "colours", "the contrast of", "book.css",
     lambda text: text.replace("--fragment-comment: #5b6670", "--fragment-comment: #969696")),
    ("comments that are too faint in the dark", "colours", "the contrast of", "book.css",
     lambda text: text.replace("--fragment-comment: #a3a9b0", "--fragment-comment: #777777")),
    ("a dead button for folding", "diffs", "not all files unfold", "diffs.js", lambda text: ""),
    ("a dead key in a replay", "replays", "ArrowLeft leads to step", page.replay_page(3),
     _inserted("<script>addEventListener('keydown', (e) => { if (e.key === 'ArrowLeft') "
               "e.stopImmediatePropagation(); }, true)</script>", "</head>")),
    ("a page that is wider than a phone", "phone", "wider than the window", "glossary.html",
     _inserted('<p style="width: 900px">planted</p>')),

    # the front page, charts and pictures: front.mjs
    ("a door that leads elsewhere", "front", "the doors lead to", "index.html",
     lambda text: text.replace("using-evolve.html", "glossary.html")),
    ("a front page without the loop", "front", "of the loop one sees only", "index.html",
     lambda text: re.sub(r'(<div class="picture" id="picture-loop">).*?</svg>', r"\1", text,
                         flags=re.S)),
    ("a time to read that nobody has counted", "front", "to read, not", "index.html",
     lambda text: re.sub(r"\d+ min *</td>", "1 min</td>", text)),
    ("a gain that was not measured", "front", "a gain that was not measured", "index.html",
     lambda text: re.sub(r"<b>[\d.]+ times", "<b>9.99 times", text)),
    ("a glimpse that stands still", "glimpse", "does not play by itself", "glimpse.js",
     lambda text: text.replace("timer = wanted && seen", "timer = false")),
    ("a glimpse that plays for nobody", "glimpse", "out of view", "glimpse.js",
     lambda text: text.replace("entry.isIntersecting", "true")),
    ("a glimpse that goes on when it is paused", "glimpse", "cannot be paused", "glimpse.js",
     lambda text: text.replace("clearInterval(timer);", "if (wanted) clearInterval(timer); "
                               "else return;")),
    ("a glimpse that moves for whom nothing should", "glimpse", "although nothing should",
     "glimpse.js", lambda text: text.replace("reduced-motion: reduce", "reduced-motion: planted")),
    ("a glimpse that marks another line", "glimpse", "is marked, not", "glimpse.js",
     lambda text: text.replace("toggle('running', String(i)", "toggle('running', String(i + 1)")),
    ("a chart in dark ink on dark paper", "charts", "the contrast of its words", "front.css",
     lambda text: text.replace("color-scheme: dark", "color-scheme: light")),
    ("a chart that is not there", "charts", "charts", "benchmarks.html",
     lambda text: text.replace('src="w3.svg"', 'src="stage01.png"')),
    ("a chart that is too small on a phone", "charts", "a chart is only", "front.css",
     lambda text: text.replace("width: 700px", "width: 100%")),
    ("a table that loses what it is about", "charts", "scrolls out of its table", "front.css",
     lambda text: text.replace("position: sticky", "position: static")),
    ("a picture in README that stands still", "drawings", "does not move", "replay.svg",
     lambda text: text.replace("animation: turn", "animation: planted")),
    ("a picture in README that moves for whom nothing should", "drawings",
     "although nothing should", "replay.svg",
     lambda text: text.replace("(prefers-reduced-motion: no-preference)", "all")),
)
