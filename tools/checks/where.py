"""The rule on docs/what-is-where.md: it leaves nothing out, and names nothing that is not there."""

import re

from checks.core import RULES, Problem, lines, rule

PAGE = "docs/what-is-where.md"
_FIRST_CELL = re.compile(r"^\| \[?`([^`]+)`")


def _entries(tree):
    """What stands in the root and in docs, and the folders of tools, as paths."""
    found = set()
    for path in tree.files:
        parts = path.relative_to(tree.root).parts
        deep = 2 if parts[0] == "docs" or parts[0] == "tools" and len(parts) > 2 else 1
        found.add("/".join(parts[:deep]))
    stages = {tree.name(stage) for stage in tree.stages}
    return sorted(found - stages - {"docs", "tools", PAGE})


@rule(f"{PAGE} names what is in the root and in docs, the folders of tools, and every rule")
def where(tree):
    """A map is trusted as long as it is whole."""
    path = tree.root / PAGE
    if not path.is_file():
        yield Problem(PAGE, 0, "there is no such page")
        return
    text = lines(path)
    named = {name.rstrip("/") for line in text for name in re.findall(r"`([^`]+)`", line)}
    for name in _entries(tree):
        if name not in named:
            yield Problem(PAGE, 0, f"does not say what {name} is")
    for name in RULES:
        if name not in named:
            yield Problem(PAGE, 0, f"does not say what the rule {name} guards")
    for k, line in enumerate(text, 1):
        found = _FIRST_CELL.match(line)
        if found and not any(tree.root.glob(found.group(1).rstrip("/"))):
            yield Problem(PAGE, k, f"there is no {found.group(1)}")
