"""On what was measured: without this, numbers say nothing."""

import datetime
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from measure import programs

PACKAGES = {"libevent": "libevent-dev", "libev": "libev-dev", "libuv": "libuv1-dev",
            "asio": "libasio-dev", "valgrind": "valgrind"}


def first_line(*command):
    """The first line of what a command says, or nothing."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout.splitlines() or [""])[0]


def compiler():
    """The compiler of the build tree, as it calls itself."""
    cache = (programs.TREE / "CMakeCache.txt").read_text()
    path = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache, re.M).group(1)
    return first_line(path, "--version")


def processor():
    info = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.+)$", info.read_text(), re.M) if info.exists() else None
    return found.group(1) if found else platform.machine()


def system():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()


def versions():
    """Of the other libraries, where the system's packages tell."""
    shown = {name: first_line("dpkg-query", "-W", "-f", "${Version}", package)
             for name, package in PACKAGES.items()}
    return {name: version for name, version in shown.items() if version}


def describe():
    """All of it."""
    return {
        "date": datetime.date.today().isoformat(),
        "processor": f"{processor()}, {os.cpu_count()} CPUs",
        "system": f"{system()}, Linux {platform.release()}",
        "compiler": f"{compiler()}, -O2",
        "libc": " ".join(platform.libc_ver()),
        "libraries": versions(),
    }
