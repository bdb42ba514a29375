#!/usr/bin/env python3
"""Many TCP clients at once, to see whether an echo server returns every byte, in order.

A server that works for one client in one terminal may still lose bytes when its answer does not fit
into the socket, mix up connections, or starve some of them. So these clients send seeded random
bytes in pieces of very uneven size, some of them read slowly and through a small window, and every
second one says that it has sent everything while its answer is still on the way.
"""

import argparse
import asyncio
import random
import socket
import sys
import time
from dataclasses import dataclass

UNITS = {"KiB": 1024, "MiB": 1024**2}


@dataclass
class Client:
    """One connection: what it sends, and how it behaves."""

    name: str
    data: bytes
    dice: random.Random
    slow: bool
    half_closes: bool


class Wrong(Exception):
    """The server did not do what an echo server does."""


def size(text):
    """Reads a number of bytes such as 4096, 64KiB or 1MiB."""
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * factor
    return int(text)


def pieces(total, dice):
    """Cuts `total` bytes into ranges from one byte to 64 KiB, small ones as likely as big ones."""
    start = 0
    while start < total:
        end = min(total, start + dice.randint(1, 2 ** dice.randint(0, 16)))
        yield start, end
        start = end


async def send_all(sock, client):
    """Sends the data piece by piece; ends this half of the connection if the client does that."""
    loop = asyncio.get_running_loop()
    for start, end in pieces(len(client.data), client.dice):
        await loop.sock_sendall(sock, client.data[start:end])
    if client.half_closes:
        sock.shutdown(socket.SHUT_WR)


def compare(client, at, got):
    """Raises Wrong, naming the first byte that is not the one sent."""
    want = client.data[at : at + len(got)]
    if got == want:
        return
    for i, (g, w) in enumerate(zip(got, want)):
        if g != w:
            raise Wrong(f"byte {at + i} is {g:#04x}, but {w:#04x} was sent")
    raise Wrong(f"{len(got) - len(want)} bytes more than were sent")


async def receive_all(sock, client):
    """Reads until all has come back, comparing as it goes; a slow client dawdles between reads."""
    loop = asyncio.get_running_loop()
    at = 0
    while at < len(client.data) or client.half_closes:
        got = await loop.sock_recv(sock, 8192 if client.slow else 65536)
        if not got:
            break
        compare(client, at, got)
        at += len(got)
        if client.slow:
            await asyncio.sleep(0.005)
    if at < len(client.data):
        raise Wrong(f"the connection ended after {at} of {len(client.data)} bytes")


async def converse(address, client):
    """One client from connect to close."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if client.slow:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(sock, address)
        sending = asyncio.create_task(send_all(sock, client))
        try:
            await receive_all(sock, client)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def outcome(address, client, timeout):
    """None if all went well, else a sentence about what went wrong."""
    try:
        await asyncio.wait_for(converse(address, client), timeout)
    except (TimeoutError, asyncio.TimeoutError):
        return f"{client.name}: not done after {timeout:g} s"
    except (Wrong, OSError) as error:
        return f"{client.name}: {error}"
    return None


def make_clients(count, length, slow, seed):
    """Clients whose data differ, though they are cut from one block to save memory and time."""
    block = random.Random(seed).randbytes(length)
    for i in range(count):
        dice = random.Random(seed * 1_000_003 + i)
        cut = dice.randrange(length) if length else 0
        yield Client(f"client {i}", block[cut:] + block[:cut], dice, i < slow, i % 2 == 1)


async def talk(address, clients, timeout):
    """Runs all clients at once; returns the complaints and the seconds that it took."""
    start = time.monotonic()
    results = await asyncio.gather(*(outcome(address, c, timeout) for c in clients))
    return [r for r in results if r], time.monotonic() - start


def run(port, count=200, length=1024**2, slow=20, seed=1, timeout=60.0):
    """Runs the clients against 127.0.0.1:port; returns the complaints and a line of summary."""
    clients = list(make_clients(count, length, slow, seed))
    wrong, seconds = asyncio.run(talk(("127.0.0.1", port), clients, timeout))
    total = (count - len(wrong)) * length
    rate = total / 1024**2 / seconds
    return wrong, (
        f"{count - len(wrong)} of {count} clients ({min(slow, count)} of them slow) got their "
        f"{length} bytes back in order: {total} bytes in {seconds:.2f} s, {rate:.1f} MiB/s"
    )


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, default=200, help="how many at once (200)")
    parser.add_argument("--bytes", type=size, default=size("1MiB"), help="by each (1MiB)")
    parser.add_argument("--slow", type=int, default=20, help="how many of them read slowly (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the data and the pieces (1)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for each client (60)")
    return parser.parse_args(argv)


def main(argv=None):
    """Prints the complaints and one line of summary; the status is 1 if there is a complaint."""
    args = parse(argv)
    wrong, summary = run(
        args.port, args.clients, args.bytes, args.slow, args.seed, args.timeout
    )
    for line in wrong[:10]:
        print(line, file=sys.stderr)
    print(summary)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
