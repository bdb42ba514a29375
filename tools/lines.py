#!/usr/bin/env python3
"""Puts the line server of docs/using-evolve.md to the test.

    lines.py PROGRAM    what it has to stand: many clients, slow ones, silent ones, deaf ones, clients
                        that vanish, more of them than it has descriptors for, and Ctrl-C

A program that is built with AddressSanitizer also says by its status that nothing has leaked.
"""

import argparse
import concurrent.futures
import contextlib
import os
import random
import resource
import select
import socket
import struct
import sys
import threading
import time
from pathlib import Path

from command import Failed
from sample import Sample, free_port

SOON = 30  # seconds after which what has not come will not come
PATIENCE = 5  # the server's, in seconds
DESCRIPTORS = 24  # for a server that has too few
CROWD = 40  # clients of that


def require(holds, what):
    """Raises Failed unless something holds."""
    if not holds:
        raise Failed(what)


def connect(port, receives=None):
    """A connection to the server; one that `receives` so many bytes at a time, at most."""
    sock = socket.socket()
    sock.settimeout(SOON)
    if receives:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    sock.connect(("127.0.0.1", port))
    return sock


def connect_at_last(port):
    """The first connection to a server that is only starting."""
    for _ in range(SOON * 50):
        with contextlib.suppress(ConnectionRefusedError):
            return connect(port)
        time.sleep(0.02)
    raise Failed("the server does not listen")


def receive(sock, size):
    """Exactly so many bytes, or what came before the end."""
    got = b""
    while len(got) < size and (more := sock.recv(size - len(got))):
        got += more
    return got


def lines(seed, count, longest):
    """Lines of random bytes, up to so many in one."""
    dice = random.Random(seed)
    for _ in range(count):
        yield dice.randbytes(dice.randint(0, longest)).replace(b"\n", b".") + b"\n"


def whole_lines_are_answered(port):
    """A line that has not ended yet is not answered, but it is when its end comes."""
    with connect(port) as sock:
        sock.sendall(b"one\ntw")
        require(receive(sock, 4) == b"ONE\n", "the first line does not come back")
        sock.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            raise Failed(f"half a line is answered: {sock.recv(10)!r}")
        sock.settimeout(SOON)
        sock.sendall(b"o\n")
        require(receive(sock, 4) == b"TWO\n", "a line that came in two pieces does not come back")


def converse(port, sent, pause=0.0):
    """Sends lines and ends; reads the answers meanwhile, but at first lets them wait."""
    with connect(port, 4096 if pause else None) as sock:
        def send():
            with contextlib.suppress(OSError):  # then the answers are missing, too
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send)
        sender.start()
        time.sleep(pause)
        got = []
        while more := sock.recv(65536):
            got.append(more)
        sender.join()
    want, got = sent.upper(), b"".join(got)
    at = next((k for k, (g, w) in enumerate(zip(got, want)) if g != w), min(len(got), len(want)))
    require(got == want, f"byte {at} of {len(want)} is wrong; {len(got)} came")


def many_are_answered(port):
    """Each gets what is its own."""
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda seed: converse(port, b"".join(lines(seed, 100, 1000))), range(20)))


def a_slow_reader_gets_every_byte(port):
    """Though there is more than the kernel keeps for it, and the server's writes are partial."""
    converse(port, b"".join(lines(99, 400, 60000)), pause=1.5)


def the_silent_is_sent_away(port):
    """After the server's patience, and not before; whether it has said nothing, half a line, or a
    whole one and has got its answer."""
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(port)) for _ in range(3)]
        silent[1].sendall(b"half a li")
        silent[2].sendall(b"word\n")
        require(receive(silent[2], 5) == b"WORD\n", "a line does not come back")
        for sock in silent:
            require(sock.recv(1) == b"", "a client that says nothing is told something")
            took = time.monotonic() - start
            require(took > PATIENCE - 0.5, f"a silent client is sent away after {took:.2f} s")


def the_deaf_is_sent_away(port):
    """Who takes no answer, and the server cannot get rid of it."""
    with connect(port, 4096) as sock:
        try:
            while True:
                sock.sendall(b"word\n" * 10000)
        except TimeoutError:
            raise Failed("a client that does not read is never sent away") from None
        except OSError:
            pass


def endless_lines_are_refused(port):
    """Else one client could fill the server's memory."""
    with connect(port) as sock, contextlib.suppress(ConnectionError):
        for _ in range(64):
            sock.sendall(b"x" * 65536)
        start = time.monotonic()
        sock.recv(1)
        took = time.monotonic() - start
        require(took < PATIENCE - 1, "4 MB without the end of a line are taken")


def the_vanished_do_no_harm(port):
    """They say that they have ended, and then are gone, with a reset, before all is answered: the
    next write is one to a broken pipe."""
    for _ in range(50):
        with connect(port) as sock:
            sock.sendall(b"word\n" * 12000)
            sock.shutdown(socket.SHUT_WR)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


TRIALS = [whole_lines_are_answered, many_are_answered, a_slow_reader_gets_every_byte,
          the_silent_is_sent_away, the_deaf_is_sent_away, endless_lines_are_refused,
          the_vanished_do_no_harm]


def cpu_seconds(pid):
    """What a process has used of a processor, as Linux tells."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def a_crowd_is_served(server, port):
    """More clients than descriptors: some wait, the server does not spin, and all are answered."""
    crowd = [connect(port) for _ in range(CROWD)]
    for sock in crowd:
        sock.sendall(b"x\n")
    used = cpu_seconds(server.process.pid)
    time.sleep(2)
    used = cpu_seconds(server.process.pid) - used
    require(used < 0.1, f"a server without descriptors uses {used:.2f} s of a processor in two")
    answered = select.select(crowd, [], [], 0)[0]
    require(0 < len(answered) < CROWD, f"{len(answered)} of {CROWD} clients are answered with "
            f"{DESCRIPTORS} descriptors")
    for sock in answered + [one for one in crowd if one not in answered]:
        require(receive(sock, 2) == b"X\n", "a client is sent away for want of descriptors")
        sock.close()


@contextlib.contextmanager
def served(program, descriptors=None):
    """(the server, its port) for a block; it has to end well on Ctrl-C, clients or not."""
    def limit():
        if descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    port = free_port()
    with Sample(program, port, preexec_fn=limit) as server:
        with connect_at_last(port) as guest:
            yield server, port
            require(server.process.poll() is None, f"the server has ended: {server.process.poll()}")
            with contextlib.suppress(ConnectionError):
                guest.sendall(b"last words\n" * 1000)
            server.interrupt()
            server.end()


def attempt(trial, port):
    """Makes one trial; raises Failed with its name."""
    try:
        trial(port)
    except (Failed, OSError) as failure:
        raise Failed(f"{trial.__name__.replace('_', ' ')}: {failure}") from failure


def try_all(program):
    """Raises Failed for the first thing that the server does not stand."""
    with served(program) as (_, port), concurrent.futures.ThreadPoolExecutor(len(TRIALS)) as pool:
        for future in [pool.submit(attempt, trial, port) for trial in TRIALS]:
            future.result()
    with served(program, DESCRIPTORS) as (server, port):
        a_crowd_is_served(server, port)


def main(words=None):
    """Prints what was tried; the status is 1 if something failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", help="the server, built")
    args = parser.parse_args(words)
    try:
        try_all(args.program)
    except Failed as failure:
        print(f"{args.program}: {failure}", file=sys.stderr)
        return 1
    print(f"{args.program}: {len(TRIALS) + 2} trials, all passed: "
          + ", ".join(trial.__name__.replace("_", " ") for trial in TRIALS)
          + ", a crowd is served, Ctrl-C ends it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
