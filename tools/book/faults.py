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
    ("a heap below the fold", "panes", "is below the fold", page.replay_page(3),
     _inserted("<style>#heap { margin-top: 900px }</style>")),
    ("another function than the one that runs", "panes", "or another line of it", "replay.js",
     lambda text: text.replace("steps[k].at.length - 1", "Math.max(0, steps[k].at.length - 2)")),
    ("a history that playing fills", "address", "filled the history", "replay_player.js",
     lambda text: text.replace("history[push ? 'pushState' : 'replaceState']", "history.pushState")
     .replace("const quick = Date.now() - written < RUN", "const quick = false")),
    ("a way back that is lost", "address", "entries of the history", "replay_player.js",
     lambda text: text.replace("history[push ? 'pushState' : 'replaceState']",
                               "history.replaceState")),
    ("a mark of a sleep at another step", "jumps", "where there is no", page.replay_page(3),
     lambda text: re.sub(r'"sleep":\[\d+', '"sleep":[2', text)),
    ("a speed that changes nothing", "speed", "leads to step", "replay_player.js",
     lambda text: text.replace("PACE / Number(at('pace').value)", "PACE")),
    ("a frame that moves though it must not", "frame", "with motion: ", "replay_player.js",
     lambda text: text.replace("=== 'embed' && !still", "=== 'embed'")),
    ("a frame with all of the page", "frame", "to be seen", "replay_player.js",
     lambda text: text.replace("other.hidden = true", "other.hidden = false")),
    ("a side of two that is a step behind", "pairs", "is not at step", "replay_pair.js",
     lambda text: text.replace("${k + 1}", "${k}")),
    ("a link to another moment", "moments", "does not show", page.chapter_page(3, 10),
     lambda text: re.sub(r"(replay_03\.html#)\d+('|\")(>Watch <code>)", r"\g<1>1\2\3", text)),
    ("a state that a phone does not show", "hands", "is not to be seen", "replay.css",
     lambda text: text.replace(".states { display: block;", ".states { display: none;")),
    ("a page that is wider than a phone", "phone", "wider than the window", "glossary.html",
     _inserted('<p style="width: 900px">planted</p>')),
)
