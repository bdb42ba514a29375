"""The stage folders: which there are, and which one comes before which.

Every tool asks here, so that "stage 3" means the same folder to all of them. EVOLVE_ROOT points
the tools at a copy of the tree, which is how checks plant a defect without touching the original.
"""

import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("EVOLVE_ROOT") or Path(__file__).resolve().parent.parent)

_NAME = re.compile(r"stage(\d\d)_[a-z0-9]+")


def build_folder(root=ROOT):
    """Where everything is built: EVOLVE_BUILD, or build/ in the tree, as in any copy of it."""
    own = os.environ.get("EVOLVE_BUILD") if Path(root) == ROOT else None
    return Path(own or Path(root) / "build").absolute()


def number(stage):
    """The number in a stage folder's name."""
    return int(_NAME.fullmatch(Path(stage).name).group(1))


def stages(root=ROOT):
    """All stage folders by number; two with one number are an error, since neither can be meant."""
    found = sorted(p for p in Path(root).iterdir() if p.is_dir() and _NAME.fullmatch(p.name))
    for one, two in zip(found, found[1:]):
        if number(one) == number(two):
            raise SystemExit(f"two folders claim stage {number(one)}: {one.name} and {two.name}")
    return found


def by_number(n, root=ROOT):
    for stage in stages(root):
        if number(stage) == n:
            return stage
    there = ", ".join(str(number(s)) for s in stages(root)) or "none"
    raise SystemExit(f"there is no stage {n} in {root} (stages there: {there})")


def predecessor(stage, root=ROOT):
    """The folder that this stage is a step from; None for the first."""
    n = number(stage)
    return None if n == 1 else by_number(n - 1, root)
