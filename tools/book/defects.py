"""The index of libevent's defects: what proves that each is none of ours.

docs/book/defects.toml says what is wrong, the stage where it is right here, and the tests that
show it; or the reason why there is no test. A test that does not exist is an error.
"""

import tomllib
from html import escape

import stages
from book import names, sources


class Wrong(Exception):
    """The index says something that is not so."""


def _complaints(defect, tests_of):
    name, stage = defect.get("id", "an entry without id"), defect.get("stage")
    tests = defect.get("tests", [])
    if not defect.get("libevent", "").strip():
        yield f"{name}: it is not said what libevent does"
    if bool(tests) == bool(defect.get("reason", "").strip()):
        yield f"{name}: needs tests, or else a reason why there are none"
    if tests and stage not in tests_of:
        yield f"{name}: there is no stage {stage}"
    for test in tests:
        if test not in tests_of.get(stage, {}):
            yield f"{name}: stage {stage} has no test {test}"


def load(path, tests_of):
    """The entries of the file; `tests_of` has, by stage, its tests' names."""
    entries = tomllib.loads(path.read_text())["defect"]
    found = [why for defect in entries for why in _complaints(defect, tests_of)]
    numbers = [defect.get("id") for defect in entries]
    if numbers != [f"D{k + 1}" for k in range(len(numbers))]:
        found.append("the numbers are not D1, D2, … in order")
    if found:
        raise Wrong("\n".join(f"{path.name}: {why}" for why in found))
    return entries


def all_tests(root):
    """By stage: its tests' names, with file and line."""
    return {stages.number(stage): sources.tests(stage) for stage in stages.stages(root)}


def _proof(defect, tests_of, address):
    """Links to the tests, or why there are none."""
    if not defect.get("tests"):
        return escape(defect["reason"])
    links = []
    for test in defect["tests"]:
        path, line = tests_of[defect["stage"]][test]
        links.append(f'<a href="{address(path, line)}"><code>{names.breakable(test)}</code></a>')
    return "<br>".join(links)


def table(entries, tests_of, address):
    """The index as a table; `address` says where a line of a file is shown."""
    rows = []
    for defect in entries:
        n = defect.get("stage")
        rows.append([f'<span class="number" id="{defect["id"]}">{defect["id"]}</span>',
                     escape(defect["libevent"]),
                     f'<a href="chapter{n:02}.html">{n}</a>' if n else "–",
                     _proof(defect, tests_of, address)])
    return names.table(["", "libevent", "stage", "here"], rows)
