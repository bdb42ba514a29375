#!/usr/bin/env python3
"""Shows the newest stage at work: `./evolve tour` builds its samples and then calls this.

Lines with a bar in front are what the programs themselves print; the rest is the guide.
"""

import select
import signal
import socket
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import clients
from command import Failed
from sample import Sample
from stages import number

PATIENCE = 300  # milliseconds that `idle` is told to wait


class Guide:
    """Knows where the samples are, and tells what they do."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.stage = self.folder.name

    def has(self, name):
        return self._program(name).exists()

    def start(self, name, *arguments):
        """Starts a sample, after showing the command with which a reader can."""
        words = ["./evolve", "run", number(self.stage), name, *arguments]
        print("\n  $", *words, flush=True)
        return Sample(self._program(name), *arguments)

    def tell(self, text):
        print("\n" + textwrap.fill(" ".join(text.split()), 78), flush=True)

    def quote(self, *lines):
        for line in lines:
            print("  |", line, flush=True)

    def measured(self, text):
        """What the guide itself did or saw."""
        print("  >", text, flush=True)

    def _program(self, name):
        return self.folder / f"{self.stage}_{name}"


def echo(guide):
    """Real connections."""
    guide.tell(
        """One thread, no blocking: echo sends back to every client what it sends. 200 clients
        connect at once and send 256 KiB each in uneven pieces; 20 of them read slowly, and make
        only themselves wait."""
    )
    serve_many(guide, "echo")


def fifo(guide):
    """Any descriptor will do."""
    guide.tell(
        """Any descriptor will do. fifo waits for lines that others write into a FIFO; here the
        other is this tour."""
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tour"
        with guide.start("fifo", path) as sample:
            guide.quote(*(sample.line() for _ in range(3)))
            guide.measured(f"echo hello > {path}")
            path.write_text("hello\n")
            guide.quote(sample.line())
            guide.measured(f"echo quit > {path}")
            path.write_text("quit\n")
            guide.quote(*sample.end())


def tick(guide):
    """Timers."""
    guide.tell(
        """Timers: with nothing to read, the loop sleeps until the next deadline is there. It is
        never early; how late it is, tick says."""
    )
    quote_all(guide, "tick", 4, 250)


def idle(guide):
    """Timers and descriptors in one event."""
    guide.tell(
        f"""A descriptor with a timeout: idle is an echo server that drops a client after
        {PATIENCE} ms of silence. Of two clients, one says something every 100 ms."""
    )
    with guide.start("idle", 0, PATIENCE) as sample:
        address = ("127.0.0.1", sample.port())
        guide.quote(f"listening on {address[0]}:{address[1]}")
        with socket.create_connection(address) as talker:
            dropped = talk_beside_a_silent_client(talker, address)
            guide.measured(f"the silent client was dropped after {dropped * 1000:.0f} ms")
            for _ in range(10):
                time.sleep(0.1)
                talk(talker)
            guide.measured("one second later the other one is still being served")
        finish(guide, sample)


def talk_beside_a_silent_client(talker, address):
    """Talks until a client that says nothing is dropped; returns the seconds that it took."""
    with socket.create_connection(address) as silent:
        start = time.monotonic()
        while not select.select([silent], [], [], 0.1)[0]:
            talk(talker)
        return time.monotonic() - start


def talk(client):
    """Says something, and waits for the answer."""
    client.settimeout(30)
    client.sendall(b"x")
    if client.recv(1) != b"x":
        raise Failed("idle dropped a client that was not idle")


def ctrl_c(guide):
    """Signals."""
    guide.tell(
        """Signals: a signal interrupts a program anywhere, but the loop makes it an event like
        any other, whose callback may do what it likes. Three times SIGUSR1, then Ctrl-C twice."""
    )
    with guide.start("ctrl_c") as sample:
        guide.quote(sample.line())
        for kind in (signal.SIGUSR1,) * 3 + (signal.SIGINT,):
            guide.measured(f"kill -{kind.name.removeprefix('SIG')} {sample.process.pid}")
            sample.process.send_signal(kind)
            guide.quote(sample.line())
        finish(guide, sample)


def crowd(guide):
    """A kernel that remembers."""
    guide.tell(
        """A crowd of descriptors, of which few are busy: with poll the kernel walks through all of
        them in every turn; epoll is told once, and remembers."""
    )
    quote_all(guide, "crowd", "2000")


def churn(guide):
    """Changes that are merged."""
    guide.tell(
        """What is deleted and added again before the next wait need not be told twice: the same
        work, once with each change told at once, once with the changes merged."""
    )
    quote_all(guide, "churn")


def quote_all(guide, name, *arguments):
    """Runs a sample that ends by itself."""
    with guide.start(name, *arguments) as sample:
        while (line := sample.line()) is not None:
            guide.quote(line)
        sample.end()


def workers(guide):
    """Several loops."""
    guide.tell(
        """A loop for each core, all on one port: the kernel deals out the connections. Ctrl-C is
        an event of the first loop, which hands the others, in their threads, the work of leaving."""
    )
    serve_many(guide, "workers", more=1)


def serve_many(guide, name, more=0):
    """200 clients at a sample, which says so many lines more after the one with its port."""
    with guide.start(name) as sample:
        port = sample.port()
        guide.quote(f"listening on 127.0.0.1:{port}", *(sample.line() for _ in range(more)))
        wrong, summary = clients.run(port, length=clients.size("256KiB"))
        guide.measured(summary)
        if wrong:
            raise Failed(wrong[0])
        finish(guide, sample)


def finish(guide, sample):
    """Ctrl-C, and what the sample says to it."""
    sample.interrupt()
    guide.measured("Ctrl-C")
    guide.quote(*sample.end())


def what_next(guide):
    """Where to go from here."""
    serve = f"./evolve run {number(guide.stage)} echo 7000"
    guide.tell("That was the newest stage. From here:")
    print()
    for where, why in (
        ("stage01_reactor/README.md", "the first chapter"),
        ("./evolve diff 2", "what the second stage adds to the first"),
        ("./evolve test", "builds all stages and runs their tests"),
        (serve, "serves you; talk to it with: nc 127.0.0.1 7000"),
    ):
        print(f"  {where:27} {why}")


def main():
    """Shows each sample that the stage has; the status is 1 if one did not do what it should."""
    if len(sys.argv) != 2:
        print("usage: ./evolve tour", file=sys.stderr)
        return 2
    guide = Guide(sys.argv[1])
    try:
        for show in (echo, fifo, tick, idle, ctrl_c, crowd, churn, workers):
            if guide.has(show.__name__):
                show(guide)
    except (Failed, OSError) as failure:
        print(f"./evolve tour: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    what_next(guide)
    return 0


if __name__ == "__main__":
    sys.exit(main())
