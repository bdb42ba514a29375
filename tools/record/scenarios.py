"""What the samples are made to do while they are recorded: a sample of each stage, and a script.

A script lets the program come to rest between any two acts, so that a recording made again is told
in the same order.
"""

import contextlib
import signal
import socket
from typing import Callable, NamedTuple

from command import Failed


class Scenario(NamedTuple):
    """A run: the sample with its arguments, its script, and what the page says about it."""

    sample: str
    arguments: tuple
    play: Callable
    story: str
    stand_in: bool = False


def _client(port):
    made = socket.create_connection(("127.0.0.1", port), timeout=20)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return contextlib.closing(made)


def _say(run, client, text):
    """A client says something, and gets it back."""
    client.sendall(text)
    got = b""
    while len(got) < len(text):
        piece = client.recv(100)
        if not piece:
            raise Failed(f"the sample has closed the connection, and owes {text!r}")
        got += piece
    run.rest()


def _two_clients(run):
    """Two clients come, speak, and go."""
    port = run.port()
    run.rest()
    with _client(port) as first:
        run.rest()
        _say(run, first, b"hello")
        with _client(port) as second:
            run.rest()
            _say(run, second, b"me too")
        run.rest()
    run.rest()


def _echo(run):
    _two_clients(run)
    run.kill(signal.SIGTERM)


def _echo_interrupted(run):
    _two_clients(run)
    run.kill(signal.SIGINT)


def _fifo(run):
    run.line(r"write into")
    run.rest()
    for text in ("hello\n", "two lines\nin one piece\n", "quit\n"):
        with open(run.folder / "lines", "w", encoding="utf-8") as fifo:
            fifo.write(text)
        run.rest()


def _idle(run):
    """Three clients; one of them says something, and so has more time than the others."""
    port = run.port()
    run.rest()
    with _client(port) as first, _client(port), _client(port):
        run.rest()
        _say(run, first, b"I am here")
        for _ in range(3):
            run.line(r"client \d+ ")
        run.rest()
    run.kill(signal.SIGTERM)


def _ctrl_c(run):
    run.line(r"pid \d+")
    run.rest()
    for signo in (signal.SIGUSR1, signal.SIGUSR1, signal.SIGINT, signal.SIGINT):
        run.kill(signo)
        run.rest()


def _workers(run):
    """A client, then Ctrl-C."""
    port = run.port()
    run.rest()
    with _client(port) as client:
        run.rest()
        _say(run, client, b"hello")
    run.rest()
    run.kill(signal.SIGINT)


def _alone(run):
    """The sample needs nobody."""


SCENARIOS = {
    1: Scenario("echo", (), _echo, "Two clients connect, each says something, gets it back and "
                "leaves; then SIGTERM ends the server, which knows nothing of signals yet."),
    2: Scenario("fifo", ("lines",), _fifo, "Three writers open the FIFO one after the other: with "
                "a line, with two lines in one piece, and with the line that ends the program."),
    3: Scenario("idle", ("0", "700"), _idle, "Three clients connect to a server that drops a "
                "client that says nothing for 700 ms. One of them speaks, once."),
    4: Scenario("ctrl_c", (), _ctrl_c, "SIGUSR1 twice, then Ctrl-C, which asks the loop to leave "
                "in five seconds, and Ctrl-C again, which has it leave at once."),
    5: Scenario("echo", (), _echo_interrupted, "Two clients connect, each says something, gets it "
                "back and leaves; then Ctrl-C ends the server, in order."),
    6: Scenario("echo", (), _echo_interrupted, "Two clients connect, each says something, gets it "
                "back and leaves; then Ctrl-C ends the server, in order.", stand_in=True),
    7: Scenario("churn", ("1", "1"), _alone, "One descriptor, and two loops one after the other, "
                "one on epoll, one on epoll with changelist: nothing changes; then an event is "
                "deleted and added again before the wait; then one is added and deleted again."),
    8: Scenario("workers", (), _workers, "Two loops, each in a thread of its own, and a client, "
                "which the kernel gives to one of them. Then Ctrl-C: the first loop hears of it, "
                "and posts to both that they are to leave."),
}
