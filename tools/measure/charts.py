"""Which charts there are, and what each shows of the results."""

from dataclasses import dataclass

from measure import suite, svg

TITLES = {
    "W1": "W1: descriptors",
    "W1_setup": "W1: all events deleted and added again",
    "W2": "W2: timers",
    "W3": "W3: events deleted and added",
    "W4": "W4: other threads",
    "W5": "W5: an echo server on TCP",
    "W6": "W6: signals",
    "W7": "W7: memory",
}
GROWTH = {
    "descriptors": "Ten descriptors are ready: what one costs, among how many",
    "timers": "Re-arming one timer among how many",
    "echo": "What a message costs an echo server, with how many connections",
}


FLOOR = "the floor, a loop written by hand on epoll's bare system calls"


@dataclass(frozen=True)
class OfStage:
    """The chart of a stage: rows and metrics of the family `stages`, and whom it compares."""

    title: str
    bars: tuple  # (label, row, metric)
    names: tuple


STAGES = {
    2: OfStage("100 of 100 are ready: what one costs, with poll here, with epoll in libevent",
               (("event", "W1 level N=100 A=100", "event_ns"),),
               ("stage 1", "stage 2", "libevent")),
    3: OfStage("Timers, 100 000 of them",
               (("insert", "W2 n=100000", "insert_ns"), ("cancel", "W2 n=100000", "cancel_ns"),
                ("re-arm", "W2 n=100000", "rearm_ns"), ("fire", "W2 n=100000", "fire_ns"),
                ("one duration, plainly", "W2 one duration, plainly", "rearm_ns"),
                ("one duration, common", "W2 one duration, common timeout", "rearm_ns")),
               ("floor", "stage 3", "libevent")),
    4: OfStage("A signal, from raise() to the callback",
               (("signal", "W6 signal", "raise_ns"),), ("floor", "stage 4", "libevent")),
    5: OfStage("Ten of 10 000 descriptors are ready: what one costs",
               (("event", "10 of 10 000 ready", "event_ns"),),
               ("floor", "stage 4", "stage 5", "libevent")),
    6: OfStage("An event deleted and added: what each change costs with epoll",
               (("the same one", "W3 same", "pair_ns"), ("sixteen", "W3 self", "pair_ns"),
                ("a real change", "W3 move", "pair_ns")),
               ("floor", "stage 5", "stage 6", "libevent")),
    7: OfStage("An event deleted and added, without and with a changelist",
               (("the same one", "W3 same", "pair_ns"), ("sixteen", "W3 self", "pair_ns"),
                ("a real change", "W3 move", "pair_ns")),
               ("floor", "stage 6", "stage 7", "libevent", "libevent +changelist")),
    8: OfStage("The price of the lock",
               (("ready event", "W1 level N=100 A=100", "event_ns"),
                ("del and add", "W3 self", "pair_ns"),
                ("insert a timer", "W2 n=100000", "insert_ns"),
                ("cancel it", "W2 n=100000", "cancel_ns"),
                ("re-arm it", "W2 n=100000", "rearm_ns")),
               ("stage 7", "stage 8", "evolve +lock")),
}


def of_workload(results, workload):
    """All implementations as dots, in ratios to the floor; memory as bars."""
    setup = workload == "W1_setup"
    chosen = [r for r in results if r.family == "peers" and r.row.startswith(workload[:2])
              and (r.metric == "setup_ns") == setup]
    if not chosen:
        return None
    if workload == "W7":
        names = [n for n in chosen[0].samples if not n.startswith(("evolve ", "libevent "))]
        groups = [(suite.RESULTS[r.metric][0], {n: r.median(n) for n in names}) for r in chosen]
        return svg.bars(TITLES[workload], "bytes for each", groups)
    lines = [(r.label.removeprefix(workload[:2] + " "), _ratios(r))
             for r in chosen if r.metric not in suite.MORE_IS_BETTER]
    return svg.dots(TITLES[workload], "times as much as the floor", lines)


def _ratios(result):
    """{name: ratio to the floor}, of what went well."""
    ratios = {name: result.ratio(name, "floor") for name in result.samples
              if name not in result.failed and not name.startswith("floor")}
    return {name: value for name, value in ratios.items() if value}


def of_growth(results, family, names=None):
    """A line for each implementation, over how much there is."""
    chosen = [r for r in results if r.family == family and r.metric not in suite.MORE_IS_BETTER]
    if len(chosen) < 2:
        return None
    series = {}
    for r in chosen:
        for name in r.samples:
            if (names is None or name in names) and r.median(name):
                series.setdefault(name, []).append((float(r.row), r.median(name)))
    return svg.curves(GROWTH[family], suite.SCALES[family], "ns for each", series)


def _groups(results, chart):
    """(label, {name: median}) of what a stage's chart shows; empty when it was not measured."""
    found = {(r.row, r.metric): r for r in results if r.family == "stages"}
    groups = []
    for label, row, metric in chart.bars:
        r = found.get((row, metric))
        values = {name: r.median(name) for name in chart.names if r and r.median(name)}
        if values:
            groups.append((label, values))
    return groups


def of_stage(results, number):
    """(chart, caption) of a stage, or nothing."""
    if number == 1:
        chart = of_growth(results, "descriptors", ("floor", "stage 1", "stage 1 select"))
        title = GROWTH["descriptors"]
        return chart and (chart, f"{title}, with poll, with select and with {FLOOR}")
    groups = _groups(results, STAGES[number]) if number in STAGES else []
    if not groups:
        return None
    label, values = groups[0]
    numbers = ", ".join(f"{name} {svg.short(value)}" for name, value in values.items())
    title = STAGES[number].title
    return svg.bars(title, "ns for each", groups), f"{title} ({label}: {numbers} ns)"


def all_charts(results, stages):
    """{file name: chart}, and {stage: caption}, of everything that was measured."""
    charts = {f"{name.lower()}.svg": of_workload(results, name) for name in TITLES}
    charts |= {f"scale_{name}.svg": of_growth(results, name) for name in GROWTH}
    captions = {}
    for number in stages:
        drawn = of_stage(results, number)
        if drawn:
            charts[f"stage{number:02}.svg"], captions[number] = drawn
    return {name: chart for name, chart in charts.items() if chart}, captions
