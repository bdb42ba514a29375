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
    ("a told block without a bar", "bars", "told blocks have a bar", page.chapter_page(3, 1),
     lambda text: text.replace('<div class="bar">', '<div class="planted">', 1)),
    ("a bar with another file", "bars", "a bar says", page.chapter_page(3, 1),
     lambda text: text.replace('"what"><code>evolve/clock.h', '"what"><code>planted', 1)),
    ("a bar that leads to another block", "bars", "which tells of", page.chapter_page(3, 1),
     lambda text: re.sub(r'(<a href="diff_03_01.html#told)\d+', r"\g<1>4", text, count=1)),
    ("a name that leads to another thing", "names", "leads to", page.diff_page(3, 1),
     lambda text: re.sub(r'(<a class="known" href=")stage[^"]*',
                         r"\1stage03/classevolve_1_1select.html", text, count=1)),
    ("names that lead nowhere", "names", "no name leads anywhere", page.diff_page(3, 1),
     lambda text: text.replace('class="known"', 'class="planted"')),
    ("markup in code", "markup", "shows", page.diff_page(3, 1),
     lambda text: text.replace("<span hidden>", "<span>")),
    ("an empty line at the end of a block", "markup", "end in an empty line",
     page.diff_page(3, 1),
     _inserted('<div class="fragment cpp"><div class="line">a</div>'
               '<div class="line"> </div></div>')),
    ("a dead key in a diff", "changes", "leads to '", "diffs.js",
     lambda text: text.replace("n: 1", "x: 1")),
    ("a dead button in a diff", "changes", "leads to '", "diffs.js",
     lambda text: text.replace("button[data-go]", "button[data-planted]")),
    ("a list of files that scrolls away", "changes", "the list is at", "diffs.css",
     lambda text: text.replace("position: sticky", "position: relative", 1)),
    ("a list that marks no file", "changes", "the list marks", "diffs.js",
     lambda text: text.replace("link.hash === `#${here.id}`", "false")),
    ("a list that stays open on a phone", "changes", "the list covers", "diffs.js",
     lambda text: text.replace("if (!wide.matches) list.open = false;", "")),
    ("changed words without a mark", "changes", "no changed word", page.diff_page(3),
     lambda text: text.replace('<b class="changed">', "<b>")),
    ("marks that are not seen in the dark", "changes", "is not seen", "code.css",
     lambda text: text.replace("#1e4027", "#14331f").replace("#5a292b", "#3b1d22")),
    ("marks that are too dark to read", "colours", "the contrast of", "code.css",
     lambda text: text.replace("--added-word: #b8e8c2", "--added-word: #3f8a50")),
    ("a bar that is too faint", "colours", "the contrast of", "code.css",
     _inserted("div.contents div.bar span.where { color: #9aa0a6; }", "div.bar .where,")),
    ("words that are broken", "narrow", "breaks", "narrow.css",
     lambda text: text.replace("word-break: normal", "word-break: break-all")),
    ("cells without their labels", "narrow", "has no label for", "narrow.css",
     lambda text: text.replace("(max-width: 720px)", "(max-width: 7px)")),
    ("a picture that does not show that it scrolls", "narrow", "a picture is cut", "narrow.css",
     lambda text: text.replace("linear-gradient", "planted")),
    ("tint that ends before its line", "narrow", "tints too little", "code.css",
     lambda text: text.replace("minmax(max-content, 1fr)", "minmax(0, 1fr)")),
)
