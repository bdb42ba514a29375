"""The rule that keeps the library in layers: who may include whom.

A backend that knows no event and no base can be read, tested and replaced alone; a circle among
headers means that no part can be understood before another.
"""

from pathlib import PurePosixPath

import cpp
from checks.core import Note, below, read, rule

LAYERS = [
    {"bitmask", "fail", "fd", "fd_table", "what", "tailq", "counter", "callback", "clock", "ghosts",
     "unique_fd", "self_pipe", "log", "evthread", "task_queue"},
    {"event", "eventop"},
    {"active_queues", "evmap", "min_heap", "common_timeout", "changelist",
     "poll", "select", "epoll", "epoll_changelist", "kqueue"},
    {"evsig", "notifier", "event_base", "event_config"},
]
LAYER_OF = {name: k for k, names in enumerate(LAYERS) for name in names}
BACKENDS = {"poll", "select", "epoll", "epoll_changelist", "kqueue"}
CLOSED_TO_BACKENDS = {"event", "event_base", "evmap"}


def includes(path):
    """(line, name) of every header of the library that a file includes."""
    return [(k, name) for k, name in cpp.includes(read(path)) if name.startswith("evolve/")]


def _stem(name):
    """`evolve/x.h` as the table of layers knows it."""
    return PurePosixPath(name).stem


def _graph(stage):
    """Every header of a stage with what it includes."""
    return {path.relative_to(stage).as_posix(): includes(path)
            for path in below(stage, "evolve", suffixes=(".h",))}


def _include_problem(name, target, graph):
    """What is wrong with one include of one header; None where it is allowed."""
    one, two = LAYER_OF[_stem(name)], LAYER_OF.get(_stem(target))
    if target not in graph:
        return f'includes "{target}", which this stage does not have'
    if two is not None and two > one:
        return (f'includes "{target}" from layer {two + 1}, but stands in layer {one + 1}: '
                "a forward declaration, or a move of the code, must do")
    return None


def chain(graph, start, wanted):
    """The shortest chain of includes from a header to one that is wanted; empty if none leads."""
    chains, seen = [[start]], set()
    while chains:
        found = chains.pop(0)
        for _, target in graph.get(found[-1], []):
            if wanted(target):
                return [*found, target]
            if target not in seen:
                seen.add(target)
                chains.append([*found, target])
    return []


def _circles(tree, stage, graph):
    """One problem for each header that first closes a circle."""
    told = set()
    for name in graph:
        circle = chain(graph, name, lambda target: target == name)
        if circle and not told & set(circle):
            told |= set(circle)
            line = next(k for k, target in graph[name] if target == circle[1])
            yield tree.problem(stage / name, line, "circle of includes: " + " -> ".join(circle))


def _headers(tree, stage, graph):
    """Problems of single includes, and notes on neighbours in one layer."""
    for name, targets in graph.items():
        if _stem(name) not in LAYER_OF:
            yield tree.problem(stage / name, 1, "this header stands in no layer: enter it in "
                               "LAYERS of tools/checks/layers.py")
            continue
        for line, target in targets:
            if text := _include_problem(name, target, graph):
                yield tree.problem(stage / name, line, text)
            elif LAYER_OF.get(_stem(target)) == LAYER_OF[_stem(name)]:
                yield Note(f"{name} includes {target}, of its own layer")


def _is_closed(name):
    return _stem(name) in CLOSED_TO_BACKENDS


def _backends(tree, stage, graph):
    """Problems of a backend, or of eventop, that sees more than descriptors."""
    for path in below(stage, "evolve", suffixes=(".h", ".cpp")):
        if path.stem in BACKENDS | {"eventop"}:
            for line, target in includes(path):
                seen = [target] if _is_closed(target) else chain(graph, target, _is_closed)
                if seen:
                    way = " -> ".join([path.name, *seen])
                    yield tree.problem(path, line, f"a backend must not see {seen[-1]}: {way}")


@rule("headers include only lower layers, in no circle; backends see no event, base or map")
def layers(tree):
    """Judges the includes of every stage."""
    for stage in tree.stages:
        graph = _graph(stage)
        yield from _headers(tree, stage, graph)
        yield from _circles(tree, stage, graph)
        yield from _backends(tree, stage, graph)
