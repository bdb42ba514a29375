"""What was made of the same things before is not made again.

What something is made of is its key: the inputs that its maker names, and for all of them the
tools themselves, Doxygen's settings and the versions of the programs that the tools run. One entry
is kept for each name; those that a build has not asked for are thrown away at its end.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pygments
from book import doxygen

_HERE = Path(__file__).resolve().parent.parent


def _feed(sha, part):
    """Adds one input: a file, a folder with all that is in it, or plain data."""
    if not isinstance(part, Path):
        sha.update(json.dumps(part, sort_keys=True).encode())
    elif part.is_dir():
        for path in sorted(part.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                sha.update(path.relative_to(part).as_posix().encode() + b"\0")
                _feed(sha, path)
    else:
        held = part.read_bytes()
        sha.update(f"{len(held)} ".encode() + held)
    sha.update(b"\n")


def key(*parts):
    """A number that is another one when any of the parts is another."""
    sha = hashlib.sha256()
    for part in parts:
        _feed(sha, part)
    return sha.hexdigest()


def versions():
    """Of the programs that the tools run."""
    said = subprocess.run(["doxygen", "--version"], check=True, capture_output=True, text=True)
    return ["doxygen " + said.stdout.strip(), "Pygments " + pygments.__version__, sys.version]


def _tools():
    """The tools, but for their tests."""
    return [path for path in sorted(_HERE.rglob("*")) if path.is_file()
            and path.suffix != ".pyc" and not path.name.startswith("test_")]


def of_all(root):
    """What everything depends on."""
    return key(versions(), [path.relative_to(_HERE).as_posix() for path in _tools()], *_tools(),
               root / "docs" / "book" / "Doxyfile", doxygen.THEME)


def anew(_name, _inputs, make):
    """In place of Kept.data, where nothing is kept."""
    return make()


class Kept:
    """The things that are kept in a folder."""

    def __init__(self, folder, common):
        """`common` is a part of the key of each; see of_all()."""
        self.where, self.common = Path(folder), common
        self.asked, self.made = set(), []
        self.where.mkdir(parents=True, exist_ok=True)

    def _is(self, name, wanted):
        """Whether it is there, made of the same; notes that it is asked for."""
        stamp = self.where / f"{name}.key"
        self.asked.add(name)
        return stamp.is_file() and stamp.read_text() == wanted

    def _begin(self, name):
        """Half of a thing is never there with its key."""
        self.made.append(name)
        (self.where / f"{name}.key").unlink(missing_ok=True)

    def folder(self, name, inputs, make):
        """The folder that make(folder) has filled."""
        wanted, path = key(self.common, *inputs), self.where / name
        if not self._is(name, wanted):
            self._begin(name)
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
            make(path)
            (self.where / f"{name}.key").write_text(wanted)
        return path

    def data(self, name, inputs, make):
        """What make() has returned, which JSON can tell."""
        wanted, path = key(self.common, *inputs), self.where / name
        if self._is(name, wanted):
            return json.loads(path.read_text(encoding="utf-8"))
        self._begin(name)
        found = json.dumps(make(), ensure_ascii=False, separators=(",", ":"))
        path.write_text(found, encoding="utf-8")
        (self.where / f"{name}.key").write_text(wanted)
        return json.loads(found)

    def sweep(self):
        """Throws away what was not asked for."""
        for path in self.where.iterdir():
            if path.name.removesuffix(".key") not in self.asked:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
