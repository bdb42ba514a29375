"""Whether a program runs on the libraries of dropin/: what it is, and what its linker says."""

import contextlib
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # where servers are, and no user's PATH leads
HEAD = 20  # bytes of an ELF file; its class, byte order and machine are among them


class Refused(Exception):
    """Why a program does not run here, for its user."""


def search_path():
    """PATH, and where servers are."""
    postgres = map(str, Path("/usr/lib/postgresql").glob("*/bin"))
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN, *postgres])


def which(name):
    return shutil.which(name, path=search_path())


def find(name):
    """Where the program lies that a shell would take for this name."""
    found = which(name)
    if found:
        return Path(found).absolute()
    if Path(name).is_dir():
        raise Refused(f"{name} is a folder, not a program")
    if Path(name).exists() and "/" in name:
        raise Refused(f"{name} cannot be executed: that is not allowed to you")
    raise Refused(f"there is no program {name}: it is not installed, or not in PATH")


def be_plain(program, library):
    """Refuses what the linker cannot, or will not, give another library."""
    try:
        with program.open("rb") as one, library.open("rb") as other:
            head, ours = one.read(HEAD), other.read(HEAD)
    except OSError as error:
        raise Refused(f"{program} cannot be read: {error.strerror}") from None
    if head[:4] != b"\x7fELF":
        what = "a script" if head[:2] == b"#!" else "no ELF file"
        raise Refused(f"{program} is {what}; the program itself is needed, whose libraries can "
                      "be exchanged")
    if (head[4:6], head[18:]) != (ours[4:6], ours[18:]):
        raise Refused(f"{program} is for another kind of processor")
    be_unprivileged(program)


def be_unprivileged(program):
    """Refuses a program with more rights than its user: the linker ignores LD_LIBRARY_PATH."""
    mode = program.stat().st_mode
    rights = [name for name, bit in (("setuid", stat.S_ISUID), ("setgid", stat.S_ISGID))
              if mode & bit]
    with contextlib.suppress(OSError):  # not every file system knows of them
        if "security.capability" in os.listxattr(program):
            rights.append("file capabilities")
    if rights:
        raise Refused(f"{program} has more rights than its user ({', '.join(rights)}), so the "
                      "linker ignores LD_LIBRARY_PATH; a copy without them would run")


def environment(libraries):
    """The one in which the linker looks here first."""
    before = os.environ.get("LD_LIBRARY_PATH")
    path = os.pathsep.join([str(libraries), *([before] if before else [])])
    return {**os.environ, "LD_LIBRARY_PATH": path}


def linked(program, libraries):
    """({soname: path or None}, undefined symbols), of the program and all libraries of its."""
    done = subprocess.run(["ldd", "-r", program], env=environment(libraries) | {"LC_ALL": "C"},
                          capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = {name: None if path == "not" else Path(path)
             for name, path in re.findall(r"^\s*(\S+) => (\S+)", said, re.M)}
    if not found and not re.search("not a dynamic executable|statically linked", said):
        raise Refused(f"the linker cannot load {program} with the libraries in {libraries}; "
                      f"ldd says: {' '.join(said.split()) or 'nothing'}")
    return found, sorted(set(re.findall(r"undefined symbol: (\w+)", said)))


def _by_part(symbols):
    """How many of them each part of libevent has, with an example."""
    parts = {}
    for symbol in symbols:
        parts.setdefault(symbol.partition("_")[0], []).append(symbol)
    return [f"{part}_* ({len(of)}, as {of[0]})" if len(of) > 1 else of[0]
            for part, of in parts.items()]


def be_enough(program, libraries):
    """Refuses a program that does not use libevent, or more of it than is there."""
    found, symbols = linked(program, libraries)
    uses = {name: path for name, path in found.items() if re.match(r"libevent[-_.]", name)}
    if not uses:
        raise Refused(f"{program} does not use libevent, or has it compiled in")
    missing = [name for name in uses if not (libraries / name).exists()]
    missing += _by_part(s for s in symbols if re.match(r"(ev[a-z]*|bufferevent)_", s))
    if missing:
        raise Refused(f"{program} needs parts of libevent that are not here: {', '.join(missing)}")
    for name, path in uses.items():
        if path and not path.resolve().is_relative_to(libraries.resolve()):
            raise Refused(f"{program} takes {name} from {path.parent}, as its RPATH says")


def judge(name, libraries):
    """The path of a program that runs on these libraries; Refused says why it does not."""
    library = next(libraries.glob("libevent_core*.so*"), None)
    if not library:
        raise Refused(f"there is no libevent_core in {libraries}")
    program = find(name)
    be_plain(program, library)
    be_enough(program, libraries)
    return program
