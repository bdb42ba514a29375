"""Runs a sample as a person at a terminal would: reads what it prints, ends it with Ctrl-C."""

import queue
import re
import signal
import socket
import subprocess
import threading

from command import Failed


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Sample:
    """A running sample.

    **Lifetime.** As a context manager it never outlives its block, however the block is left.
    """

    def __init__(self, *command, **options):
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, text=True, bufsize=1, **options
        )
        self._lines = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _read(self):
        """A thread of its own, because a pipe cannot be read with a time limit."""
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, timeout=60):
        """The next line that it prints; None at the end of its output, however often asked."""
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise Failed(f"{self} printed nothing for {timeout} s") from None
        if line is None:
            self._lines.put(None)
        return line

    def port(self, timeout=60):
        """Waits for the line that names the port it listens on."""
        line = self.line(timeout)
        found = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)", line or "")
        if not found:
            raise Failed(f"{self} did not say where it listens, but: {line}")
        return int(found[1])

    def interrupt(self):
        """What Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)

    def end(self, timeout=60):
        """Waits for its end, which has to be a success; returns the lines not yet read."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self} still runs after {timeout} s") from None
        if status != 0:
            raise Failed(f"{self} ended with status {status}")
        return list(iter(self.line, None))

    def __str__(self):
        return " ".join(self.command)
