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
    ("a search without names", "names", "is not among the names", "search-index.js",
     lambda text: text.replace('"names":[', '"names":[],"planted":[')),
    ("an index that finds nothing", "text", "finds nothing", "search-index.js", lambda text: ""),
    ("a search that marks nothing", "text", ": marks '", "search.js",
     lambda text: text.replace("element('mark'", "element('b'")),
    ("results that are wider than a phone", "panel", "is outside of the window", "shell.css",
     lambda text: text + "#found { width: 60rem !important }"),
    ("results that are too faint", "panel", "in what is found is", "shell.css",
     lambda text: text + "#found .snippet { color: #9a9a9a }"),
    ("a dead slash", "keys", "/ does not go to the search", "shell.js",
     lambda text: text.replace("event.key === '/'", "event.key === 'planted'")),
    ("a search that one cannot leave", "keys", "Escape does not leave", "search.js",
     lambda text: text.replace("opened(false); box.blur(); },", "opened(false); },")),
    ("a page without a menu", "shell", "is not in the bar", page.diff_page(4),
     lambda text: text.replace('class="menu-button"', 'class="planted"')),
    ("a menu that does not mark the page", "shell", "is not marked in the menu", "shell.js",
     lambda text: text.replace("if (holds)", "if (!at)")),
    ("a title that is cut", "shell", "is cut", "shell.css",
     lambda text: text + "#book-menu a { white-space: nowrap; overflow: hidden }"),
    ("a chapter of another name", "titles", "is called", "book-menu.js",
     lambda text: text.replace("Stage 3: timers", "Stage 3: planted")),
    ("a dead key for the next page", "arrows", " leads to ", "shell.js",
     lambda text: text.replace("ArrowRight: 'next'", "planted: 'next'")),
    ("an arrow that leaves a replay", "arrows", "leaves the replay", "shell.js",
     lambda text: text.replace("'#recording'", "'#planted'")),
    ("a table of contents that stands still", "contents", "the marked heading is",
     "doxygen-awesome-interactive-toc.js",
     lambda text: text.replace("position < DoxygenAwesomeInteractiveToc.topOffset", "false")),
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
)
