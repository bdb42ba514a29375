"""docs/benchmarks.md, from the results of a run."""

import json

import stages
from measure import charts, suite, tables, timing

DOCS = stages.ROOT / "docs"
HOW = """\
Each program does the same work on one implementation: the same C++ template, over an adapter. What
is measured is the processor time of the loop's thread; for W4 the clock on the wall, and for W5 the
processor time of the server for each message. Every round runs all implementations, in turns; a
ratio is the median of the ratios within a round, so that a machine that is busy for a while changes
both. [bench/README.md](../bench/README.md) tells what each workload does.

The **floor** is no library: it is a loop written by hand on bare system calls, with one event for a
descriptor, no priorities, no queue of what is due, and timers of 1 ms. `eager` and `keeping` differ
in when they tell the kernel. **evolve** is the newest stage as it is by default; `+lock` after
`make_notifiable()`, `epoll` without the changelist. The smaller, the better, but for messages per
second. Differences below 3 % are not to be seen with these means where the kernel does most; there
the counts tell."""


def parts(data):
    """{family: its Results}."""
    found = {}
    for entry in data["times"]:
        found.setdefault(entry["family"], []).append(timing.from_json(entry))
    return found


def all_tables(data):
    """(title, header, lines) of each table that has lines."""
    found = parts(data)
    peers = found.get("peers", [])
    named = [
        ("What each takes, in ns where nothing else is said", tables.medians(peers)),
        ("How many times as much as the floor", tables.to_floor(peers)),
        ("evolve, as many times as much as the best of the others / as libevent",
         tables.to_best(peers)),
        ("With their own streams", tables.medians(found.get("streams", []))),
        ("Stage by stage", tables.medians(found.get("stages", []))),
        *((f"Among how many {told}", tables.medians(found.get(family, [])))
          for family, told in suite.SCALES.items()),
        ("Instructions in user space", tables.counted(data["counts"], "instructions")),
        ("System calls", tables.counted(data["counts"], "calls")),
    ]
    return [(title, header, lines) for title, (header, lines) in named if lines]


def machine(described):
    """On what it was measured."""
    libraries = ", ".join(f"{name} {version}" for name, version in
                          described["libraries"].items() if name != "valgrind")
    return "\n".join(f"- {line}" for line in (
        described["date"], described["processor"], described["system"], described["compiler"],
        libraries) if line)


def page(data, drawn, captions):
    def images(titles):
        """Those of these that were drawn, by file, each with its title."""
        return "\n\n".join(f"![{title}](bench/{name})"
                           for name, title in titles.items() if name in drawn)

    stage_images = "\n\n".join(f"![stage {n}](bench/stage{n:02}.svg)\n\n{caption}."
                                for n, caption in captions.items())
    shown = "\n\n".join(f"### {title}\n\n{tables.markdown(header, lines)}"
                        for title, header, lines in all_tables(data))
    return "\n\n".join((
        "# Benchmarks",
        f"Made by `./evolve bench --full --peers --write-docs`, {data['rounds']} rounds, on",
        machine(data["machine"]),
        HOW,
        "## evolve and others",
        images({f"{name.lower()}.svg": title for name, title in charts.TITLES.items()}),
        "## How it grows",
        images({f"scale_{name}.svg": title for name, title in charts.GROWTH.items()}),
        "## What each stage bought", stage_images,
        "## Tables", shown)) + "\n"


def write(data):
    """The document, its charts, and for the chapters a caption for each stage's chart."""
    results = [result for family in parts(data).values() for result in family]
    drawn, captions = charts.all_charts(results, map(stages.number, stages.stages()))
    folder = DOCS / "bench"
    folder.mkdir(exist_ok=True)
    for name, chart in drawn.items():
        (folder / name).write_text(chart)
    (DOCS / "benchmarks.md").write_text(page(data, drawn, captions))
    told = {f"stage{number:02}": caption for number, caption in captions.items()}
    (folder / "captions.json").write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    timing.say(f"{DOCS / 'benchmarks.md'} and {len(drawn)} charts are written")
