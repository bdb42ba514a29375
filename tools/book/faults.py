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
    ("a task that is gone", "reference", "the tasks are", page.reference_page(8),
     lambda text: re.sub(r'<section class="task".*?</section>', "", text, count=1, flags=re.S)),
    ("a name without a word on it", "reference", "has no line beside it", page.reference_page(8),
     lambda text: re.sub(r"(</a>) <span>.*?</span></li>", r"\1 <span></span></li>", text, count=1)),
    ("tasks that are too wide", "reference", "the tasks are wider", "stage08/reference.css",
     lambda text: text + "section.task { min-width: 500px }"),
    ("a name that leads elsewhere", "reference", "does not lead to post()",
     page.reference_page(8), lambda text: re.sub(r'href="[^"]*"(><code>event_<wbr>base::<wbr>post<)',
                                                 r'href="classevolve_1_1event.html"\1', text)),
    ("a private member in the reference", "reference", "shows what is private",
     "stage08/classevolve_1_1event__base.html",
     _inserted("<p>The evsel_ of a base</p>", "</div><!-- contents -->")),
    ("members before what the class is for", "reference", "before its members",
     "stage08/classevolve_1_1event__base.html",
     lambda text: text.replace("A turn has two phases", "planted")),
    ("a source that is elsewhere", "reference", "is not where the reference says",
     "stage08/classevolve_1_1event__base.html",
     lambda text: re.sub(r'(class="source" href="[^"]*#L)\d+', r"\g<1>1", text)),
    ("a name in a chapter that leads to another line", "sources", "leads to", "step03_04.html",
     lambda text: re.sub(r"(file_stage03_timers-evolve-event-h.html#L)\d+", r"\g<1>1", text)),
    ("a line at the window's edge", "sources", "is not to be seen", "reference.css",
     lambda text: text.replace("scroll-margin-top: 35vh", "scroll-margin-top: 0")),
    ("names in the code that lead nowhere", "sources", "its names lead nowhere",
     "file_stage03_timers-evolve-event-cpp.html",
     lambda text: text.replace('<a class="code"', "<a")),
    ("a page that is wider than a phone", "phone", "wider than the window", "glossary.html",
     _inserted('<p style="width: 900px">planted</p>')),
)
