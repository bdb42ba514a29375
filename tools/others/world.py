"""Where programs run to be judged: on loopback, in a folder of their own, with one library or
another; nothing of it is left afterwards."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from others import needs

PATIENCE = 60  # seconds that anything may take to begin, to answer, or to end


class Wrong(Exception):
    """A program did not do what it is there to do."""


def listening(port):
    """Asks whether something does."""
    def asked():
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0
    return asked


def says(log, text, times=1):
    """Asks whether a server has written that to its log so often."""
    return lambda: log.read_text().count(text) == times


def wait_until(holds, what, alive=lambda: True):
    """Looks again and again; Wrong when it has not come about, and cannot any more."""
    until = time.monotonic() + PATIENCE
    while not holds():
        if not alive() or time.monotonic() > until:
            raise Wrong(f"{what} has not come about")
        time.sleep(0.02)


def number(pattern, text):
    """The first number that the pattern finds, which has to be there."""
    found = re.search(pattern, text)
    if not found:
        raise Wrong(f"'{pattern}' is not in: {text[-500:]}")
    return int(found[1])


def session(pid):
    """{process: its ticks of CPU}, of those in the session that this one has opened."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if fields[3] == str(pid):
                found[int(folder.name)] = int(fields[11]) + int(fields[12])
    return found


def cpu(pid):
    """Seconds of CPU that a server and its children have taken."""
    return sum(session(pid).values()) / os.sysconf("SC_CLK_TCK")


class Side:
    """One of the two libraries, and a folder for what programs write."""

    def __init__(self, name, folder, libraries=None):
        self.name, self.folder, self.libraries = name, folder, libraries
        self.env = needs.environment(libraries) if libraries else dict(os.environ)
        self.env["PATH"] = needs.search_path()

    def write(self, name, text):
        """A file of the folder; its path."""
        path = self.folder / name
        path.write_text(text)
        return path

    def _popen(self, command, **options):
        return subprocess.Popen([str(word) for word in command], env=self.env, cwd=self.folder,
                                stdin=subprocess.DEVNULL, start_new_session=True,
                                **{"stderr": subprocess.STDOUT} | options)

    def run(self, *command, **options):
        """What it prints; Wrong unless it ends soon, with status 0."""
        process = self._popen(command, stdout=subprocess.PIPE, text=True, **options)
        try:
            said, _ = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise Wrong(f"{command[0]} has not ended after {PATIENCE} s") from None
        finally:
            _kill(process)
        if process.returncode != 0:
            raise Wrong(f"{command[0]} ends with status {process.returncode}: {said[-500:]}")
        return said

    @contextlib.contextmanager
    def server(self, *command, ready, end=signal.SIGTERM, ours=True, counted=None, **options):
        """A process that is ready, and has to end well when it is told to; without `end`, it is
        killed. `ours` is whether it uses libevent, `counted` a file for its calls of epoll_ctl."""
        name = Path(command[0]).name
        if counted:
            command = ("strace", "-D", "-f", "--seccomp-bpf", "-c", "-U", "name,calls", "-e",
                       "trace=epoll_ctl", "-o", counted, *command)
        log = self.folder / f"{name}.log"
        with log.open("w") as output:
            process = self._popen(command, stdout=output, **options)
        try:
            wait_until(ready, f"that {name} is ready", lambda: process.poll() is None)
            if ours:
                self.must_be_used_by(process.pid)
            yield process
            if end:
                process.send_signal(end)
                if status := process.wait(PATIENCE):
                    raise Wrong(f"{name} ends with status {status}")
        except Wrong as wrong:
            raise Wrong(f"{name} on {self.name}: {wrong}; its log: "
                        f"{log.read_text()[-500:]}") from None
        except subprocess.TimeoutExpired:
            raise Wrong(f"{name} has not ended {PATIENCE} s after its signal") from None
        finally:
            if counted and process.poll() is not None:
                _wait_for_summary(counted)
            _kill(process)

    def must_be_used_by(self, pid):
        """Wrong unless the process has this side's library, and not the other's."""
        self.must_be(Path(f"/proc/{pid}/maps").read_text())

    def must_be(self, maps):
        """The same, of the lines of /proc/PID/maps."""
        used = {Path(path).parent for path in re.findall(r"(/\S*libevent\S*)", maps)}
        if not used or (self.libraries in used) != bool(self.libraries) or len(used) > 1:
            raise Wrong(f"the library is not {self.name}'s, but in {sorted(map(str, used))}")


def _wait_for_summary(file):
    """The tracer outlives the process that it traces, by the time to write that."""
    with contextlib.suppress(Wrong):
        wait_until(lambda: file.exists() and "total" in file.read_text(), "strace's summary")


def _kill(process):
    """The whole session, as far as something of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def calls(file):
    """How often strace has seen epoll_ctl."""
    return number(r"(?m)^\s*epoll_ctl\s+(\d+)$", file.read_text())
