"""Programs that prove the libraries: each is started, asked for much, and told to end.

A program says in `prove` what came of it, or raises Wrong. `serve` is a context in which the server
runs, (process, port). One with `loads` is also measured: `ask` puts load on it and says how many
queries were answered, and from that come its calls of epoll_ctl for each query, held below a bound,
and its queries for each second of CPU.
"""

import contextlib
import getpass
import json
import os
import re
import signal
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from others.world import PATIENCE, Wrong, calls, cpu, listening, number, says, session, wait_until
from sample import free_port

HERE = Path(__file__).resolve().parent


class Load(NamedTuple):
    """Options of what asks the server, and what evolve has to keep: most calls of epoll_ctl for a
    query, and how many times libevent's queries a second of CPU at least."""

    options: str
    most_calls: float
    least_ratio: float
    outstanding: int = 1  # queries at once, where the calls are counted
    rounds: int = 1  # how often its CPU time is compared at least


class Program:
    """One of them; `parts` is all that has to be installed, by the names of tools/packages.sh."""

    parts = ()
    checked = ""
    loads = {}
    full = False  # whether it is for --full alone

    @property
    def name(self):
        return type(self).__name__.lower()

    def a_cpu_second(self, side, load):
        """Queries for each second of CPU that the server takes."""
        with self.serve(side) as (process, port):
            before = cpu(process.pid)
            queries = self.ask(side, port, load.options)
            return queries / (cpu(process.pid) - before)

    def epoll_ctl(self, side, load):
        """Its calls of that for each query."""
        file = side.folder / "calls"
        file.unlink(missing_ok=True)
        with self.serve(side, counted=file) as (_, port):
            queries = self.ask_counted(side, port, load)
        return calls(file) / queries

    def ask_counted(self, side, port, load):
        """Asks while calls are counted."""
        return self.ask(side, port, load.options)


class Memcached(Program):
    """Threads with a base each; events inside of structures, assigned again and again."""

    parts = ("memcached", "memcaslap", "strace")
    uses = ("memcached", "memcaslap")
    checked = "4 threads; memcaslap, on the same library, sets, gets and compares; SIGINT"
    loads = {"32 clients": Load("", 0.02, 0.9, rounds=7)}

    @contextlib.contextmanager
    def serve(self, side, **options):
        port = free_port()
        with side.server("memcached", "-l", "127.0.0.1", "-p", port, "-t", 4, "-u",
                         getpass.getuser(), ready=listening(port), end=signal.SIGINT,
                         **options) as process:
            yield process, port

    def ask(self, side, port, options):
        said = side.run("memcaslap", "-s", f"127.0.0.1:{port}", "-t", "2s", "-T", 2, "-c", 32,
                        "-v", 0.5)
        for count in ("get_misses", "verify_misses", "verify_failed"):
            if number(rf"{count}: (\d+)", said):
                raise Wrong(f"memcaslap has {count}: {said[-500:]}")
        return number(r"cmd_get: (\d+)", said) + number(r"cmd_set: (\d+)", said)

    def prove(self, side):
        with self.serve(side) as (_, port):
            queries = self.ask(side, port, "")
            with socket.create_connection(("127.0.0.1", port)) as sock:
                sock.sendall(b"stats\r\nquit\r\n")
                stats = sock.makefile().read()
            if number(r"STAT threads (\d+)", stats) != 4 or number(r"get_misses (\d+)", stats):
                raise Wrong(f"memcached's statistics say: {stats}")
        return f"{queries} right, status 0"


STEPPED = 600  # queries that are asked in steps


def question(number, name):
    """A query for the address of a name, as DNS has it over TCP."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!2H", 1, 1)
    return struct.pack("!H", len(query)) + query


def read_answer(stream):
    """The number of the query that it answers with one address."""
    size = int.from_bytes(stream.read(2), "big")
    answer = stream.read(size)
    if len(answer) < 8:
        raise Wrong("the connection ends without an answer")
    number, flags, _, addresses = struct.unpack_from("!4H", answer)
    if not flags & 0x8000 or flags & 0xf or addresses != 1:
        raise Wrong(f"the answer has the flags {flags:x}, and {addresses} addresses")
    return number


def ask_in_steps(port, names, outstanding):
    """Asks on one connection, so many queries at once, and reads their answers before it goes on.
    How many queries that were."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock, \
            sock.makefile("rb") as stream:
        for first in range(0, STEPPED, outstanding):
            step = range(first, first + outstanding)
            sock.sendall(b"".join(question(k, names[k % len(names)]) for k in step))
            if (answered := {read_answer(stream) for _ in step}) != set(step):
                raise Wrong(f"asked {step}, got answers to {answered}")
    return STEPPED


class OfNames(Program):
    """A server of DNS, which is asked over TCP. Its CPU time is taken while dnsperf asks, on 20
    connections. How many queries are outstanding then at a moment is left to chance, and so would
    be the calls of epoll_ctl; these are counted while a client asks in steps."""

    parts = ("dnsperf", "strace")
    names = [f"a{k}.example." for k in range(100)]

    @staticmethod
    def loads_of(bounds):
        """{name: Load}, of (most calls, least ratio) for each number of queries outstanding."""
        return {f"{count} outstanding": Load(f"-m tcp -c 20 -q {20 * count}", *bound, count)
                for count, bound in bounds.items()}

    def ask_counted(self, side, port, load):
        return ask_in_steps(port, self.names, load.outstanding)

    def ask(self, side, port, options):
        queries = side.write("queries", "".join(f"{name} A\n" for name in self.names))
        said = side.run("dnsperf", "-s", "127.0.0.1", "-p", port, "-d", queries, "-l", 2, "-t", 30,
                        *options.split())
        sent = number(r"Queries sent: +(\d+)", said)
        if number(r"NOERROR (\d+)", said) != sent or not sent:
            raise Wrong("not all queries were answered: "
                        + " ".join(re.findall(r"  (?:Queries|Response).*", said)))
        return sent


class Unbound(OfNames):
    """Writes into its events; deletes and adds an event twice for each query over TCP."""

    parts = ("unbound", *OfNames.parts)
    uses = ("unbound",)
    checked = "dnsperf over TCP and UDP; a silent client is cut off; SIGHUP, SIGTERM"
    # A step is a change of direction, there and back, whatever is answered in between: one call for
    # each query and one more for each step. So with one query outstanding it is two.
    loads = OfNames.loads_of({10: (1.12, 1.3), 2: (1.52, 1.1), 1: (2.02, 1.1)})
    begun = "start of service"

    @contextlib.contextmanager
    def serve(self, side, **options):
        port = free_port()
        data = "".join(f'local-data: "{name} A 10.0.0.1"\n' for name in self.names)
        conf = side.write("unbound.conf", f"""server:
interface: 127.0.0.1@{port}
do-daemonize: no
use-syslog: no
username: ""
chroot: ""
directory: "{side.folder}"
pidfile: ""
num-threads: 1
incoming-num-tcp: 100
tcp-idle-timeout: 3000
module-config: "iterator"
local-zone: "example." static
{data}remote-control:
control-enable: no
""")
        with side.server("unbound", "-d", "-c", conf, **options,
                         ready=says(side.folder / "unbound.log", self.begun)) as process:
            yield process, port

    def prove(self, side):
        with self.serve(side) as (process, port):
            queries = self.ask(side, port, "-m tcp -c 20 -q 1000")
            process.send_signal(signal.SIGHUP)
            wait_until(says(side.folder / "unbound.log", self.begun, 2), "that it reloads")
            with socket.create_connection(("127.0.0.1", port), timeout=30) as silent:
                queries += self.ask(side, port, "-m udp")
                if silent.recv(1):
                    raise Wrong("a client that asks nothing is answered")
        return f"{queries} right, status 0"


class Gearmand(Program):
    """In C++; four threads, which activate events of each other."""

    parts = ("gearmand", "gearman")
    uses = ("gearmand",)
    checked = "4 threads; 60 jobs in the foreground, 40 in the background; SIGTERM"

    def prove(self, side):
        port, kept = free_port(), side.write("kept", "")
        client = ("gearman", "-h", "127.0.0.1", "-p", port)
        worker = {"ready": lambda: True, "end": None, "ours": False}
        with side.server("gearmand", "-L", "127.0.0.1", "-p", port, "-t", 4, "-u",
                         getpass.getuser(), "-l", "stderr", ready=listening(port)), \
                side.server(*client, "-w", "-f", "big", "--", "tr", "a-z", "A-Z", **worker), \
                side.server(*client, "-w", "-f", "keep", "--", "tee", "-a", kept, **worker), \
                ThreadPoolExecutor(10) as pool:
            said = list(pool.map(lambda k: side.run(*client, "-f", "big", f"job {k}"), range(60)))
            list(pool.map(lambda k: side.run(*client, "-b", "-f", "keep", f"<{k}>"), range(40)))
            wait_until(lambda: kept.read_text().count(">") == 40, "that 40 jobs are done")
        if said != [f"JOB {k}" for k in range(60)]:
            raise Wrong(f"the jobs say {said}")
        if sorted(kept.read_text().replace("><", "> <").split()) != \
                sorted(f"<{k}>" for k in range(40)):
            raise Wrong(f"the jobs in the background have kept {kept.read_text()}")
        return "60 and 40 right, status 0"


class OpenMPI(Program):
    """Has events activated from other threads, and priorities."""

    parts = ("mpicc", "mpirun")
    uses = ("mpirun",)
    checked = "4 ranks on TCP; 3000 Allreduce, sums compared"

    def prove(self, side):
        program = side.folder / "allreduce"
        side.run("mpicc", "-o", program, HERE / "allreduce.c")
        said = side.run("mpirun", "--allow-run-as-root", "--oversubscribe", "-np", 4, "--mca",
                        "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo", program)
        side.must_be(said)
        if "4 ranks, 3000 sums right" not in said:
            raise Wrong(f"the sums are wrong: {said[-500:]}")
        return "3000 right, status 0"


class NSD(OfNames):
    """Forks servers with a base each."""

    parts = ("nsd", *OfNames.parts)
    uses = ("nsd",)
    full = True
    loads = OfNames.loads_of({10: (1.05, 1.3), 2: (1.05, 1.1), 1: (1.05, 1.1)})
    checked = "2 processes; dnsperf over TCP; new ones with SIGHUP; SIGTERM"

    def write_zone(self, side, serial):
        """What it serves; a new number says that it has to be read again."""
        side.write("zone", f"$ORIGIN example.\n@ 60 SOA a0 a0 {serial} 60 60 60 60\n@ 60 NS a0\n"
                   + "".join(f"{name} 60 A 10.0.0.1\n" for name in self.names))

    def reload(self, side, process):
        """Has it read a new zone; waits until two new servers are in the place of the old ones."""
        old = set(session(process.pid))
        self.write_zone(side, 2)
        process.send_signal(signal.SIGHUP)

        def new():
            now = set(session(process.pid))
            return len(now) == len(old) and len(now - old) == 2
        wait_until(new, "that it reloads")

    @contextlib.contextmanager
    def serve(self, side, **options):
        port = free_port()
        self.write_zone(side, 1)
        conf = side.write("nsd.conf", f"""server:
ip-address: 127.0.0.1@{port}
server-count: 2
username: ""
chroot: ""
zonesdir: "{side.folder}"
pidfile: "{side.folder}/pid"
xfrdfile: ""
xfrdir: "{side.folder}"
zonelistfile: "{side.folder}/zones"
database: ""
remote-control:
control-enable: no
zone:
name: example.
zonefile: zone
""")
        with side.server("nsd", "-d", "-c", conf, **options,
                         ready=says(side.folder / "nsd.log", "nsd started")) as process:
            yield process, port

    def prove(self, side):
        with self.serve(side) as (process, port):
            queries = self.ask(side, port, "-m tcp -c 20 -q 1000")
            self.reload(side, process)
            queries += self.ask(side, port, "-m tcp -c 5 -q 50")
        return f"{queries} right, status 0"


class Webdis(Program):
    """Threads with a base each, between HTTP and Redis."""

    parts = ("webdis", "redis-server")
    uses = ("webdis",)
    full = True
    checked = "3 threads; 2000 keys set and got by 10 clients over HTTP; SIGTERM"

    @contextlib.contextmanager
    def serve(self, side):
        store, port = free_port(), free_port()
        conf = side.write("webdis.json", json.dumps({
            "redis_host": "127.0.0.1", "redis_port": store, "http_host": "127.0.0.1",
            "http_port": port, "threads": 3, "daemonize": False, "database": 0,
            "logfile": str(side.folder / "webdis.out")}))
        with side.server("redis-server", "--port", store, "--bind", "127.0.0.1", "--save", "",
                         ready=listening(store), ours=False), \
                side.server("webdis", conf, ready=listening(port)) as process:
            yield process, port

    @staticmethod
    def talk(port, client):
        """Sets and gets 200 keys on one connection; how many came back."""
        right = 0
        http = HTTPConnection("127.0.0.1", port, timeout=60)
        for key in (f"{client}-{k}" for k in range(200)):
            for path in (f"/SET/{key}/v{key}", f"/GET/{key}"):
                http.request("GET", path)
                said = http.getresponse().read()
            right += json.loads(said) == {"GET": f"v{key}"}
        http.close()
        return right

    def prove(self, side):
        with self.serve(side) as (_, port), ThreadPoolExecutor(10) as pool:
            right = sum(pool.map(lambda client: self.talk(port, client), range(10)))
        if right != 2000:
            raise Wrong(f"{right} of 2000 keys came back")
        return "2000 right, status 0"


class PgBouncer(Program):
    """Timers, and connections that come and go. Neither server runs as root."""

    parts = ("pgbouncer", "initdb")
    uses = ("pgbouncer",)
    full = True
    checked = "pgbench with lasting connections, then with one for each transaction; SIGINT"
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    name_of_user = "postgres" if user else getpass.getuser()

    @contextlib.contextmanager
    def database(self, side):
        """A new one, and its port."""
        data, port = side.folder / "data", free_port()
        side.run("initdb", "-D", data, "-A", "trust", "--no-sync", **self.user)
        with side.server("postgres", "-c", "fsync=off", "-D", data, "-p", port, "-h", "127.0.0.1",
                         "-k", side.folder, ours=False, end=signal.SIGINT, **self.user,
                         ready=says(side.folder / "postgres.log", "ready to accept")):
            yield port

    @contextlib.contextmanager
    def serve(self, side):
        port = free_port()
        with self.database(side) as behind:
            users = side.write("users", f'"{self.name_of_user}" ""\n')
            conf = side.write("pgbouncer.ini", f"""[databases]
postgres = host=127.0.0.1 port={behind}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = 5
server_lifetime = 1
""")
            with side.server("pgbouncer", conf, ready=listening(port), end=signal.SIGINT,
                             **self.user) as process:
                yield process, port

    def prove(self, side):
        side.folder.chmod(0o777)
        done = 0
        with self.serve(side) as (_, port):
            for options in ("-i -q", "-n -c 10 -t 100", "-n -S -C -c 10 -t 20"):
                said = side.run("pgbench", "-h", "127.0.0.1", "-p", port, "-U", self.name_of_user,
                                *options.split(), "postgres", **self.user)
                done += sum(map(int, re.findall(r"actually processed: (\d+)", said)))
        if done != 1200:
            raise Wrong(f"{done} of 1200 transactions went well")
        return "1200 right, status 0"


ALL = (Memcached(), Unbound(), Gearmand(), OpenMPI(), NSD(), Webdis(), PgBouncer())
