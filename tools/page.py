"""Reads docs/using-evolve.md as a user does who tries everything that it says.

- A block under a line that ends in a file's name and a colon, as `lines.cpp`:, is that file, in the
  folder of the user's program. One of the same name takes its place.
- A ```sh block is run word for word: under the heading "Install" in a clone of the project, else in
  the folder of the user's program.
- All other ```cpp blocks are pieces of a program: they have to compile, one behind the other, behind
  the first lines of the program that the page shows whole, down to its last `using`.

A file that is not there yet when a command is run that needs it is written before that command; so
the page may show the program after the commands that build it.
"""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

PROGRAM = "lines.cpp"
USUAL = "poll.h", "algorithm", "list", "memory", "optional", "vector"  # what pieces need besides


class Broken(Exception):
    """What the page says does not work."""


class Block(NamedTuple):
    """A fence: the line of its beginning, its language, the heading above, the file that it is."""

    line: int
    kind: str
    heading: str
    file: str
    text: str


_FENCE = re.compile(r"```(\w*)$")
_NAMED = re.compile(r"`([\w.]+\.\w+)`:$")


def blocks(text):
    """The Blocks of a page, those in lists left out."""
    found, heading, file, opened, body = [], "", "", None, []
    for k, line in enumerate(text.split("\n"), 1):
        if opened:
            if line == "```":
                found.append(Block(opened[0], opened[1], heading, file, "\n".join(body) + "\n"))
                file, opened = "", None
            else:
                body.append(line)
        elif fence := _FENCE.match(line):
            opened, body = (k, fence[1]), []
        elif line.strip():
            heading = line.lstrip("# ") if line.startswith("#") else heading
            named = _NAMED.search(line)
            file = named[1] if named else ""
    if opened:
        raise Broken(f"line {opened[0]}: this block has no end")
    return found


def program(found):
    """The whole program that a page shows."""
    for block in found:
        if block.file == PROGRAM:
            return block
    raise Broken(f"the page shows no `{PROGRAM}`:")


def head(text):
    """A program's lines down to its last using, which pieces of it are compiled behind."""
    lines = text.split("\n")
    last = max((k for k, line in enumerate(lines) if line.startswith("using ")), default=-1)
    if last < 0:
        raise Broken(f"`{PROGRAM}` has no line that begins with `using `")
    return "\n".join([*(f"#include <{each}>" for each in USUAL), *lines[:last + 1], ""])


def pieces(found):
    """The blocks of C++ that are no files."""
    return [block for block in found if block.kind == "cpp" and not block.file]


def check_pieces(found, compiler, options):
    """Compiles the pieces behind the head of the program."""
    source = head(program(found).text) + "".join(
        f'#line {block.line + 1} "using-evolve.md"\n{block.text}' for block in pieces(found))
    command = [compiler, "-std=c++20", "-fsyntax-only", "-x", "c++", *options, "-"]
    done = subprocess.run(command, input=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise Broken(f"a piece does not compile:\n{done.stdout}")


def _needed(found, block):
    """The files that have to be there when a block is run: for each name, the last one above; or,
    where there is none, the first one below."""
    files = {}
    for each in reversed(found):
        if each.file and each.line > block.line:
            files[each.file] = each.text
    for each in found:
        if each.file and each.line < block.line:
            files[each.file] = each.text
    return files


def run_block(found, block, clone, folder, env):
    """Runs a block of commands where the page says, and returns what they print; their status has
    to be 0."""
    in_clone = block.heading == "Install"
    for name, text in {} if in_clone else _needed(found, block).items():
        (Path(folder) / name).write_text(text, encoding="utf-8")
    done = subprocess.run(["sh", "-eux", "-c", block.text], cwd=clone if in_clone else folder,
                          env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode:
        raise Broken(f"line {block.line}: these commands end with status {done.returncode}:\n"
                     f"{done.stdout}")
    return done.stdout


def commands(found):
    """The blocks of commands."""
    return [block for block in found if block.kind == "sh"]
