"""Runs Doxygen, with its warnings as errors."""

import re
import subprocess
from pathlib import Path

from command import Failed

THEME = Path("/usr/share/doxygen-awesome-css")
_STYLES = ["doxygen-awesome.css"]
_OURS = ["shell", "reference", "code", "narrow"]
_SCRIPTS = ["doxygen-awesome-darkmode-toggle.js", "doxygen-awesome-fragment-copy-button.js",
            "doxygen-awesome-paragraph-link.js", "doxygen-awesome-interactive-toc.js"]


def theme(root):
    """The settings that dress a site: the theme's files, and ours."""
    ours = root / "docs" / "book"
    return {
        "HTML_EXTRA_STYLESHEET": [*(THEME / name for name in _STYLES), ours / "book.css",
                                  *(ours / f"{name}.css" for name in _OURS)],
        "HTML_EXTRA_FILES": [THEME / name for name in _SCRIPTS],
    }


def _line(name, value):
    """One setting as Doxygen reads it."""
    values = value if isinstance(value, list) else [value]
    quoted = ('"{}"'.format(str(each).replace('"', r'\"')) for each in values)
    return f"{name} = {' '.join(quoted)}\n"


def start(root, settings):
    """A Doxygen that runs with the common settings and these."""
    lines = [_line("@INCLUDE", root / "docs" / "book" / "Doxyfile"),
             *(_line(*each) for each in settings.items())]
    process = subprocess.Popen(["doxygen", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdin.write("".join(lines))
    process.stdin.close()
    process.stdin = None
    return process


def end(process):
    """Kills it if it still runs, as after Ctrl-C."""
    process.kill()
    process.wait()


def finish(process, what, staged):
    """Waits for it; its warnings name our files, not the copies below `staged`."""
    try:
        _, said = process.communicate()
    finally:
        end(process)
    if process.returncode != 0 or said.strip():
        raise Failed(f"doxygen, on {what}:\n" + re.sub(rf"{re.escape(str(staged))}/?", "", said))
