"""clients.py: content with an honest server only."""

import asyncio
import contextlib
import random
import threading
import unittest

import clients
from testing import said

HALF = 50_000


def honest(data, seen):
    """What an echo server sends back for a piece before which `seen` bytes came."""
    return data


def flips(data, seen):
    """One bit is wrong, far into the connection."""
    if seen <= HALF < seen + len(data):
        return data[:-1] + bytes([data[-1] ^ 1])
    return data


def repeats(data, seen):
    """The end of a connection is said twice."""
    return data + data[-1:] if seen + len(data) == 2 * HALF else data


def hangs_up(data, seen):
    """None: the connection ends early."""
    return data if seen + len(data) < HALF else None


class Server:
    """Sends back what `answer` makes of the data; in a thread of its own, on a port of its own."""

    def __init__(self, answer):
        self.answer = answer
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    async def _serve(self, reader, writer):
        seen = 0
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(8192):
                back = self.answer(data, seen)
                seen += len(data)
                if back is None:
                    break
                writer.write(back)
                await writer.drain()
        writer.close()

    def stop(self):
        """Ends the thread; connections that are left go with it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


class Clients(unittest.TestCase):
    """Few clients, as what is tested is what they notice."""

    def run_against(self, answer):
        """(the status, what was printed) of eight clients, two of them slow."""
        server = Server(answer)
        self.addCleanup(server.stop)
        options = ["--clients", "8", "--slow", "2", "--bytes", str(2 * HALF), "--timeout", "20"]
        return said(clients.main, [str(server.port), *options])

    def test_an_honest_server_passes(self):
        status, output = self.run_against(honest)
        self.assertEqual(status, 0, output)
        self.assertIn("8 of 8 clients (2 of them slow)", output)
        self.assertIn(f"{8 * 2 * HALF} bytes in", output)

    def test_a_wrong_byte_is_found(self):
        status, output = self.run_against(flips)
        self.assertEqual(status, 1)
        self.assertRegex(output, r"client 0: byte \d+ is 0x.., but 0x.. was sent")

    def test_a_byte_too_many_is_found(self):
        status, output = self.run_against(repeats)
        self.assertEqual(status, 1)
        self.assertIn("1 bytes more than were sent", output)

    def test_a_connection_that_ends_early_is_found(self):
        status, output = self.run_against(hangs_up)
        self.assertEqual(status, 1)
        self.assertIn("0 of 8 clients", output)

    def test_nobody_listening_is_said(self):
        server = Server(honest)
        server.stop()
        wrong, _ = clients.run(server.port, count=1, length=10, slow=0)
        self.assertEqual(len(wrong), 1)

    def test_a_server_that_says_nothing_is_not_waited_for(self):
        server = Server(lambda data, seen: b"")
        self.addCleanup(server.stop)
        wrong, _ = clients.run(server.port, count=1, length=10, slow=0, timeout=0.2)
        self.assertIn("not done after 0.2 s", wrong[0])


class Pieces(unittest.TestCase):
    """How the data is cut."""

    def test_pieces_follow_each_other_and_are_uneven(self):
        cut = list(clients.pieces(10**6, random.Random(1)))
        self.assertEqual(cut[0][0], 0)
        self.assertEqual(cut[-1][1], 10**6)
        self.assertTrue(all(one[1] == two[0] for one, two in zip(cut, cut[1:])))
        lengths = [end - start for start, end in cut]
        self.assertLess(min(lengths), 16)
        self.assertGreater(max(lengths), 16384)

    def test_sizes_have_units(self):
        sizes = [clients.size(text) for text in ("7", "64KiB", "1MiB")]
        self.assertEqual(sizes, [7, 65536, 1048576])
