"""Has a real browser look at the built book: what it is to find, and whether it would find faults.

The browser is Debian's Chromium, driven by playwright-core; browser/prove.mjs says how. What the
pages must show is taken from the chapters here, not from the pages.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import stages
import told
from book import front, glimpse, markdown, page, pairs, pictures, reference, site
from book.faults import FAULTS

_HERE = Path(__file__).resolve().parent / "browser"
# The first has no windows of its own: it draws a page in half the CPU time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


class Missing(Exception):
    """Something that the proof needs is not there."""


def _browser():
    """The program to look with."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise Missing(f"there is no browser to prove the book with: none of {', '.join(_NAMES)}")
    return found


def _driver(folder):
    """The script in a folder of its own, with what it needs from npm."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (_HERE / "package.json").read_text()
    for path in [_HERE / "package.json", *_HERE.glob("*.mjs")]:
        shutil.copy(path, folder)
    stamp = folder / "installed.json"
    if not stamp.is_file() or stamp.read_text() != wanted:
        run = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                              "--loglevel=error"], cwd=folder, capture_output=True, text=True)
        if run.returncode:
            raise Missing(f"npm install in {folder} failed: {run.stderr.strip()}")
        stamp.write_text(wanted)
    return folder / "prove.mjs"


def _chapter(root, text):
    """What a page of a chapter must show."""
    return {"file": text.file, "title": text.title,
            "blocks": sum(1 for _ in told.fences(told.lines_of(text.text))),
            "pictures": len(pictures.of_text(root, text))}


def _page_with(root, stage, picture):
    """The page of a chapter that has a picture."""
    return next(text.file for text in site.parts(stages.by_number(stage, root))
                if picture in {placed.name for placed in pictures.of_text(root, text)})


def _reference(root, last):
    """What the front page of the reference must show, and what none of its pages may."""
    told = reference.guide(root)
    text = "".join((stages.by_number(last, root) / header).read_text() for header in told.headers)
    private = set(re.findall(r"\b[a-z]\w*_(?=[;{]| = )", text))
    return {"front": page.reference_page(last), "tasks": [task["title"] for task in told.tasks],
            "inside": sorted(private)}


def _sources(root):
    """A name at the end of an earlier chapter, of a function that its stage declares and defines."""
    for n, name in ((2, "evmap::add"), (4, "evsig::open"), (6, "kqueue::open")):
        end = site.parts(stages.by_number(n, root))[-1]
        if name in markdown.codes(end.text):
            yield {"chapter": end.file, "name": name, "stage": stages.by_number(n, root).name}


def _source(stage, header):
    """The page of a header as it is."""
    return f"file_{stage.name}-evolve-{header.replace('.', '-')}.html"


def _told(root):
    """The told blocks of the first and the middle page of each chapter that has some."""
    found = []
    for stage in stages.stages(root):
        pages = [(text.file, blocks) for text in site.parts(stage)
                 if (blocks := told.parse(text.text))]
        for file, blocks in dict([pages[0], pages[len(pages) // 2]]).items():
            lines = [{"file": each.file, "line": each.changes()[0].new + 1} for each in blocks]
            found.append({"file": file, "blocks": lines})
    return found


def _code(root):
    """What the pages of code must show, and lead to."""
    last = stages.number(stages.stages(root)[-1])
    tied = [text.file for text in site.chapters(root)
            if any(r"\libevent{" in line for block in told.parse(text.text) for line in block.body)]
    return {"told": _told(root), "named": [_page_with(root, 2, "evmap"), page.diff_page(3, 1)],
            "ties": [tied[0], tied[-1], page.diff_page(3, 1),
                     _source(stages.stages(root)[-1], "event.h")],
            "marked": [page.diff_page(3), page.diff_page(8)],
            "narrow": [f"{text.label}.html" for text in site.essays(root, site.BEFORE + site.BEHIND
                                                                    + site.LOOK_UP)]
            + [page.chapter_page(n) for n in range(1, last + 1)]
            + [_page_with(root, 3, "heap"), page.chapter_page(3, 1)]}


def _entry(root):
    """What the front page must show, and the charts and pictures that are files."""
    with_chart = next(text for text in site.chapters(root) if "](../docs/bench/" in text.text)
    shown = [name for _, name in markdown.images((root / "docs" / "benchmarks.md").read_text())]
    return {"doors": [[page.chapter_page(1), "how-to-follow.html"],
                      ["libevent-map.html", "defects.html"], ["using-evolve.html"]],
            "times": [(page.chapter_page(n), front.spoken(count))
                      for n, count in front.times(root).items()],
            "measured": f"{front.PAGE.stem}.html", "withChart": with_chart.file,
            "charts": (f"{markdown.CHARTS}.html", shown),
            "glimpse": [(step.number, step.line) for step in glimpse.excerpt(glimpse.run(root))],
            "drawings": [*front.drawn(root)], "moving": "replay.svg", "pace": glimpse.PACE}


# What is searched for: a name, and where its page is; words, a page that they lead to, and what is
# marked in the piece of its text.
_SOUGHT_NAMES = [["evmap", "file_stage"], ["event_base", "stage"], ["min_heap", "file_stage"],
                 ["event_add", "libevent-map.html"], ["event_base_loop", "libevent-map.html"]]
_SOUGHT_WORDS = [["descriptor reused", "", "reused"], ["starved descriptors", "", "starve"],
                 ["a heap instead of a list", page.chapter_page(3, 5), "heap"],
                 ["epoll_ctl", "", "epoll_ctl"],
                 ["coalescing", "glossary.html#term-coalescing", "coalescing"],
                 ["活动队列", "glossary.html#term-active-queue", "活动队列"],
                 ["惰性", "glossary.html#term-mending", "惰性修正"]]


def _shells(own, newest):
    """A page of each kind, each with the same frame around it."""
    kinds = ("chapter02", "step03", "diff_03_", "diff_04", "replay", "file_stage", "libevent")
    first = [next((name for name in own if name.startswith(kind)), None) for kind in kinds]
    reference = page.reference_page(newest)
    return ["index.html", *filter(None, first), reference,
            reference.replace("index", "classevolve_1_1event__base")]


def _beside(own):
    """The pages that are no chapter's; of the sources of a library, which are alike, the first."""
    kinds = {re.match(r"file_stage\w+-evolve-|.*", name)[0]: name for name in own[::-1]}
    return [name for name in sorted(kinds.values()) if not name.startswith(("chapter", "step"))]


def plan(root, out, shots):
    """What the browser is to open, and to find there."""
    numbers = [stages.number(stage) for stage in stages.stages(root)]
    own = sorted(path.name for path in out.glob("*.html"))
    looks = [("front", "index.html"), ("glimpse", "index.html#mainpage-watch-it-run"),
             ("gains", "index.html#mainpage-what-unbound-gained"),
             ("charts", f"{markdown.CHARTS}.html#{markdown.CHARTS}-how-it-grows"),
             ("chapter", page.chapter_page(2)),
             ("loop", f"{page.chapter_page(4)}#picture-loop"),
             ("heap", f"{_page_with(root, 3, 'heap')}#picture-heap"),
             ("diff", page.diff_page(5)), ("replay", page.replay_page(3) + "#64"),
             ("pair", page.replay_pair_page(1, 5) + "#40"),
             ("map", "libevent-map.html"), ("reference", page.reference_page(numbers[-1])),
             ("class", page.reference_page(numbers[-1]).replace(
                 "index", "classevolve_1_1event__base")),
             ("sources", page.sources_page(3)),
             ("source", "file_stage03_timers-evolve-event_base-cpp.html#L104")]
    return {"site": str(out), "shots": shots and str(shots), "browser": _browser(), "front": "index.html",
            "chapters": [_chapter(root, text) for text in site.chapters(root)],
            "code": [_page_with(root, 2, "evmap"), page.chapter_page(3, 1), page.diff_page(3),
                     page.replay_page(3), "file_stage03_timers-evolve-event_base-h.html"],
            "diffs": [page.diff_page(n) for n in numbers],
            "replays": [page.replay_page(n) for n in numbers],
            "pairs": [pairs.file(pair) for pair in pairs.of(root)],
            "pages": _beside(own)
            + sorted(f"{path.parent.name}/{path.name}" for path in out.glob("stage*/*.html"))
            + [page.reference_page(numbers[-1])],
            "shells": _shells(own, numbers[-1]), "names": _SOUGHT_NAMES,
            "searches": _SOUGHT_WORDS, "toc": site.parts(stages.by_number(3, root))[-1].file,
            "reference": _reference(root, numbers[-1]), "sources": [*_sources(root)],
            "looks": looks, "entry": _entry(root), **_code(root)}


def _run(script, what, checks=()):
    """Runs the browser on a plan; (status, what it said)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(what, file)
        file.flush()
        run = subprocess.run(["node", script, file.name, *checks], text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.returncode, run.stdout


def prove(root, site, shots):
    """Looks at the book; 0 if nothing is wrong. Screenshots are written to `shots`, if given."""
    script = _driver(site.parent / "browser")
    status, said = _run(script, plan(root, site, shots))
    print(said, end="")
    if status == 0 and shots:
        print(f"screenshots: {shots}")
    return status


def _try(script, what, site, fault):
    """Plants one fault in a copy of the book; why it was not found, or empty."""
    _, check, word, file, change = fault
    with tempfile.TemporaryDirectory(dir=site.parent) as holder:
        copy = Path(holder) / "book"
        shutil.copytree(site, copy, copy_function=os.link)
        old = (copy / file).read_text(encoding="utf-8")
        if change(old) == old:
            return f"cannot be planted: {file} is another than was thought"
        (copy / file).unlink()
        (copy / file).write_text(change(old), encoding="utf-8")
        status, said = _run(script, what | {"site": str(copy)}, [check])
    return "" if status == 1 and word in said else f"status {status}: {said.strip()}"


def self_test(root, site):
    """Plants every fault; 0 if all of them were found."""
    script, what = _driver(site.parent / "browser"), plan(root, site, None)
    missed = 0
    for fault in FAULTS:
        why = _try(script, what, site, fault)
        print(f"{'FAIL' if why else 'ok  '} {fault[1]:10}{fault[0]}" + (f": {why}" if why else ""),
              flush=True)
        missed += bool(why)
    print(f"{len(FAULTS) - missed} of {len(FAULTS)} planted faults found")
    return 1 if missed else 0
