"""What is measured: the implementations, and the rows of each kind of measurement.

A row is a workload with options. The workloads are bench/w*.h; their options are described there.
"""

import re
from dataclasses import dataclass

import stages

PEERS = ("libevent", "libevent +changelist", "libevent +lock", "libev", "libuv", "asio",
         "uv_tcp", "bufferevent")
RESULTS = {  # what a workload reports: (of what, in which unit)
    "event_ns": ("event", "ns"),
    "setup_ns": ("del and add of all", "ns"),
    "iter_ns": ("turn", "ns"),
    "insert_ns": ("insert", "ns"),
    "cancel_ns": ("cancel", "ns"),
    "rearm_ns": ("re-arm", "ns"),
    "fire_ns": ("fire", "ns"),
    "pair_ns": ("del and add", "ns"),
    "send_ns": ("send", "ns"),
    "task_ns": ("task", "ns"),
    "p50_ns": ("round trip, median", "ns"),
    "p99_ns": ("round trip, 99 %", "ns"),
    "cpu_ns": ("CPU a message", "ns"),
    "msg_per_s": ("messages", "/s"),
    "raise_ns": ("signal", "ns"),
    "fd_event_bytes": ("event", "bytes"),
    "fd_timeout_bytes": ("event with timeout", "bytes"),
    "timer_bytes": ("timer", "bytes"),
}
MORE_IS_BETTER = ("msg_per_s",)


@dataclass(frozen=True)
class Implementation:
    """A program, and with which options it is what its name says."""

    name: str
    program: str
    options: str = ""

    @property
    def threads(self):
        """Whether other threads may use the loop."""
        return self.name.endswith("+lock") or self.name in ("floor", "libev", "libuv", "asio")


FLOORS = (
    Implementation("floor", "floor_lazy"),
    Implementation("floor eager", "floor_eager"),
    Implementation("floor keeping", "floor_keeping"),
)

LIBRARIES = (
    Implementation("libevent", "libevent"),
    Implementation("libevent +changelist", "libevent", "--changelist 1"),
    Implementation("libevent +lock", "libevent", "--lock 1"),
    Implementation("libev", "libev"),
    Implementation("libuv", "libuv"),
    Implementation("asio", "asio"),
)

LIBRARIES_ALONE = tuple(who for who in LIBRARIES if not who.options)

STREAMS = (
    Implementation("uv_tcp", "uv_tcp"),
    Implementation("bufferevent", "bufferevent"),
)


def evolve():
    """The newest stage as it is by default, with the lock, and with plain epoll."""
    newest = stages.stages()[-1].name
    return (
        Implementation("evolve", newest),
        Implementation("evolve +lock", newest, "--lock 1"),
        Implementation("evolve epoll", newest, "--method epoll"),
    )


def every_stage():
    """Each stage, as it is by default."""
    return tuple(Implementation(f"stage {stages.number(stage)}", stage.name)
                 for stage in stages.stages())


@dataclass(frozen=True)
class Row:
    """One workload with its options, and which of its results count.

    The rows of a family have their table of implementations: `peers` compares evolve with the other
    libraries, `streams` with what these have for streams, `stages` the stages with each other.
    """

    label: str
    workload: str
    options: str
    metrics: tuple
    family: str = "peers"
    rounds: float = 1  # as many times as many as usual, where every size is measured

    def takes(self, who):
        """Whether `who` has a result here that no other of its kind has already."""
        if who.name in ("floor eager", "floor keeping"):
            return bool(re.search("W3|readd", self.label))
        return self.workload != "w4" or who.threads


def implementations(family):
    """Whom the rows of a family compare, the floor first."""
    if family == "streams":
        return (FLOORS[0], evolve()[0], *STREAMS)
    if family == "stages":
        variants = (who for who in evolve() if who.options)
        return (FLOORS[0], *every_stage(), *variants, *LIBRARIES[:2])
    if family in SCALES:
        return (FLOORS[0], evolve()[0], *_more_at_scale(family), *LIBRARIES_ALONE)
    return (*FLOORS, *evolve(), *LIBRARIES)


def _w1(label, options, *metrics, **more):
    """A row of W1, warmed up once and then measured three times."""
    return Row(f"W1 {label}", "w1", f"{options} --inner 3", metrics or ("event_ns",), **more)


def _chains(full):
    """W1: the descriptors."""
    sizes = ((100, 1000, 9900), (1, 100, 1000)) if full else ((1000,), (1, 100))
    often = 1.4 if full else 1
    for n in sizes[0]:
        for a in sizes[1]:
            if a <= n:
                yield _w1(f"plain N={n} A={a}", f"--n {n} --a {a} --w 40000", rounds=often)
    if full:
        yield _w1("plain N=19500 A=100 eventfds", "--n 19500 --a 100 --w 40000 --kind eventfd",
                  rounds=often)
        yield _w1("plain N=1000 A=100 sockets", "--n 1000 --a 100 --w 40000 --kind sock")
        yield _w1("level N=9900 A=1000", "--mode level --n 9900 --a 1000 --w 400000")
    yield _w1("level N=1000 A=100", "--mode level --n 1000 --a 100 --w 400000")
    yield _w1("level N=1000 A=1", "--mode level --n 1000 --a 1 --w 100000")
    for n in (1000, 9900) if full else (1000,):
        for mode in ("readd", "readd_to", "rearm"):
            yield _w1(f"{mode} N={n}", f"--mode {mode} --n {n} --a 100 --w 30000 --setup 1",
                      "event_ns", "setup_ns")
    yield Row("W1 idle", "w1", "--mode idle --n 100 --w 200000", ("iter_ns",))


def _timers(full):
    """W2: the timers."""
    phases = ("insert_ns", "cancel_ns", "rearm_ns", "fire_ns")
    for n, ops in ((100_000, 400_000), (1_000_000, 1_000_000))[:1 + full]:
        yield Row(f"W2 n={n}", "w2", f"--n {n} --ops {ops}", phases,
                  rounds=1 if n < 1_000_000 else 0.4)
    for pattern, told in (("common", "the library's way"), ("same", "plainly")):
        yield Row(f"W2 one duration, {told}", "w2",
                  f"--pattern {pattern} --n 100000 --ops 400000", ("rearm_ns",))


def _churn():
    for mode in ("same", "self", "move"):
        yield Row(f"W3 {mode}", "w3", f"--mode {mode} --pairs 100000", ("pair_ns",))
    yield Row("W3 reopen", "w3", "--mode reopen --pairs 20000", ("pair_ns",))


def _wakeups():
    yield Row("W4 send", "w4", "--mode send", ("send_ns",))
    yield Row("W4 post", "w4", "--mode post", ("task_ns",))
    for label, options, metrics in (
        ("two CPUs", "--count 4000", ("p50_ns", "p99_ns")),
        ("two CPUs, spinning", "--count 20000 --spin 1", ("p50_ns",)),
        ("one CPU", "--count 20000 --cpu2 0", ("p50_ns", "p99_ns")),
    ):
        yield Row(f"W4 ping, {label}", "w4", f"--mode ping {options}", metrics)


def _echoes(full):
    """W5: the server on TCP, also with the others' stream layers."""
    for count in (100, 1000) if full else (100,):
        for idle in (0, 1):
            label = f"W5 {count} clients" + (", idle timeouts" if idle else "")
            options = f"--conns {count} --ms 300 --idle {idle}"
            yield Row(label, "w5", options, ("cpu_ns", "msg_per_s"), rounds=1.4 if full else 1)
    yield Row("W5 100 clients, streams", "w5", "--conns 100 --ms 300", ("cpu_ns",), "streams")


def _stages():
    """What each stage bought."""
    many = "--n 10000 --a 10 --kind eventfd --inner 1 --w"
    yield Row("10 of 10 000 ready", "w1", f"{many} 1000", ("event_ns",), "stages", 0.6)
    yield Row("W1 level N=100 A=100", "w1", "--mode level --n 100 --a 100 --w 400000 --inner 3",
              ("event_ns",), "stages", 0.6)
    for mode in ("same", "self", "move"):
        yield Row(f"W3 {mode}", "w3", f"--mode {mode} --pairs 50000", ("pair_ns",), "stages", 0.6)
    yield Row("W2 n=100000", "w2", "--n 100000 --ops 200000",
              ("insert_ns", "cancel_ns", "rearm_ns", "fire_ns"), "stages", 0.6)
    for pattern, told in (("common", "common timeout"), ("same", "plainly")):
        yield Row(f"W2 one duration, {told}", "w2",
                  f"--pattern {pattern} --n 100000 --ops 200000", ("rearm_ns",), "stages", 0.6)
    yield Row("W6 signal", "w6", "--count 20000", ("raise_ns",), "stages", 0.6)
    yield Row("W7 memory", "w7", "", ("fd_event_bytes", "fd_timeout_bytes", "timer_bytes"),
              "stages")


SCALES = {  # family: what grows
    "descriptors": "descriptors, 10 of them ready",
    "timers": "timers",
    "echo": "connections",
}


def _more_at_scale(family):
    """Who is interesting only there."""
    first, newest = stages.stages()[0].name, stages.stages()[-1].name
    return {
        "descriptors": (Implementation("stage 1", first),
                        Implementation("stage 1 select", first, "--method select")),
        "timers": (),
        "echo": (Implementation("evolve 2 loops", newest, "--loops 2"),),
    }[family]


def scales():
    """One thing after the other grows; a row's label is how much there is of it."""
    for n in (100, 1000, 5000, 10_000, 19_500):
        yield Row(str(n), "w1", f"--n {n} --a 10 --w 1000 --inner 1 --kind eventfd", ("event_ns",),
                  "descriptors", 0.6)
    for n in (1000, 10_000, 100_000, 1_000_000):
        yield Row(str(n), "w2", f"--n {n} --ops 200000 --fire 0", ("rearm_ns",), "timers", 0.6)
    for n in (10, 100, 1000, 5000):
        yield Row(str(n), "w5", f"--conns {n} --ms 250", ("cpu_ns", "msg_per_s"), "echo", 0.6)


def rows(full):
    """All that is timed: every size, or one of each."""
    yield from _chains(full)
    yield from _timers(full)
    yield from _churn()
    yield from _wakeups()
    yield from _echoes(full)
    yield Row("W6 signal", "w6", "--count 20000", ("raise_ns",))
    yield Row("W6 burst of 10", "w6", "--count 20000 --burst 10", ("raise_ns",))
    yield Row("W7 memory", "w7", "", ("fd_event_bytes", "fd_timeout_bytes", "timer_bytes"))
    yield from _stages()


@dataclass(frozen=True)
class Count:
    """A row of counts: where callgrind counts how many units, and for system calls the option that
    makes the run longer."""

    label: str
    workload: str
    options: str
    instructions: tuple = ()  # (options, units)
    calls: tuple = ()  # (option, shorter, longer, units for each step)
    gate: bool = False

    takes = Row.takes

    @property
    def alone(self):
        """Whether no other process has a clock that has to agree."""
        return self.workload != "w5"


def _chain(mode, active, **more):
    """W1 with so many of a thousand events active."""
    words = f"--mode {mode} --n 1000 --a {active} --inner 1"
    units = 20000 if active > 1 else 10000
    wide = (5000, 25000) if mode == "level" else (2000, 6000) if active > 1 else (1000, 2000)
    return Count(f"W1 {mode} A={active}", "w1", words, (f"--w {units - active}", units),
                 ("w", *wide, 2), **more)


def _timer(label, options, units, **more):
    """W2 with 100 000 timers, counting one phase."""
    return Count(f"W2 {label}", "w2", f"--n 100000 {options}", ("", units), **more)


def _pairs(mode, **more):
    """W3 with 16 pairs to a turn."""
    return Count(f"W3 {mode}", "w3", f"--mode {mode} --batch 16", ("--pairs 16000", 16000),
                 ("pairs", 1600, 4800, 1), **more)


def _batches(mode, **more):
    """W4 in one thread, with 16 of them to a turn."""
    return Count(f"W4 {mode}", "w4", f"--mode {mode} --batch 16", ("--count 16000", 16000), **more)


COUNTS = (
    _chain("plain", 100, gate=True),
    _chain("plain", 1),
    _chain("level", 100, gate=True),
    _chain("readd", 100, gate=True),
    _chain("readd_to", 100),
    _chain("rearm", 100),
    Count("W1 idle turn", "w1", "--mode idle --n 100", ("--w 20000", 20000),
          ("w", 1000, 3000, 1), gate=True),
    _timer("insert", "--ops 1000 --fire 0 --collect insert", 100_000, gate=True),
    _timer("cancel", "--ops 1000 --fire 0 --collect cancel", 50_000, gate=True),
    Count("W2 re-arm", "w2", "--n 100000 --fire 0 --collect rearm", ("--ops 100000", 100_000),
          ("ops", 10_240, 51_200, 1), gate=True),
    _timer("fire", "--ops 1000 --collect fire", 100_000, gate=True),
    _timer("one duration, common", "--pattern common --ops 100000 --collect rearm", 100_000),
    _timer("one duration, plain", "--pattern same --ops 100000 --collect rearm", 100_000),
    _pairs("same", gate=True),
    _pairs("self", gate=True),
    _pairs("move"),
    _batches("send", gate=True),
    _batches("post", gate=True),
    Count("W4 round trip", "w4", "--mode ping", (), ("count", 500, 1500, 1)),
    Count("W5 echo 100", "w5", "--conns 100 --ms 500", ("", "messages")),
    Count("W6 signal", "w6", "", ("--count 5000", 5000), ("count", 500, 1500, 1), gate=True),
)
