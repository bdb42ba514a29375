"""The rule that what a chapter shows of a run is what a run shows.

A transcript is a ```console fence of a chapter:

    $ ./evolve run 4 echo 0 &
    listening on 127.0.0.1:40123
    $ printf 'hello' | nc -N 127.0.0.1 40123
    hello
    $ kill -INT %1

A line that begins with `$ ` is a command, one that ends in a backslash goes on in the next (which
may begin with `> `); all other lines are what the commands print, errors too. The commands of a
fence are given one by one to one sh, in the root of the repository, on a terminal of their own,
with job control and an empty input. The next command waits until the lines shown below the last
one have come, so that a transcript may start something in the background and then talk to it. A
port that the machine chose stands for the one that it chooses this time, in later commands too.
While something runs in the background, the lines below one command may come in any order.

What differs from run to run is not compared: ports, process ids, times with their unit (`12.3 ms`),
addresses, the folders of absolute paths, the shell's words on jobs, what a build says of itself.
A fence has to end what it started, and to take less than two seconds, builds not counted.
"""

import contextlib
import difflib
import fcntl
import os
import re
import select
import signal
import subprocess
import termios
import time
from dataclasses import dataclass, field
from typing import NamedTuple

from checks.chapters import Text
from checks.core import rule

FAST = 2.0       # seconds that a transcript may take beside its builds
PATIENCE = 3.0   # seconds without a line before what is missing is taken as missing
BUILDING = 90.0  # the same while a build is going on
ENDING = 1.0     # seconds that what was killed has to end
ENDLESS = 10.0   # seconds after which a command that goes on printing will not end

_MARK = "\x1e"
_DRIVER = """
set -m
while IFS= read -r line; do
  eval "$line" </dev/null
  printf '\\036\\n'
done
printf '\\036\\n'
jobs -p
wait
printf '\\036\\n'
"""

_BUILD = re.compile(r"(?:\./)?evolve: (?:building|configuring)|ninja: |\[ *\d+(?:/\d+|%)\]"
                    r"|g?make(?:\[\d+\])?: |Consolidate compiler|Scanning dependencies"
                    r"|-- (?:Configuring|Generating|Build files|The |Detecting|Check|Found)")
_BUILT = re.compile(r"\[ *\d+(?:/\d+|%)\] Building ")
_JOB = re.compile(r"\[\d+\][+ -]*(?:\d+\s*$|Done|Running|Exit|Terminated|Interrupt|Killed|Stopped)"
                  r"|(?:Terminated|Interrupt|Killed|Hangup)\s*$")
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+|(?<=localhost:)\d+|(?<=\bport )\d+|(?<=0\.0\.0\.0:)\d+")
_NORMAL = [
    (_PORT, "PORT"),
    (re.compile(r"\b(pid|process)([ =:]+)\d+", re.I), r"\1\2PID"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.I), "ADDRESS"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:\.\d+)?\b"), "TIME"),
    (re.compile(r"\b\d+(?:\.\d+)?(\s?)(ns|us|µs|ms|s|sec|seconds?)\b"), r"TIME\1\2"),
    (re.compile(r"(?<![\w.:/])(?:/[\w.+@-]+)+/(?=[\w.+@-])"), "/.../"),
]


class Step(NamedTuple):
    """A command, where it stands in the chapter, and the lines shown below it."""

    line: int
    command: str
    shown: list


def steps(body, first):
    """The Steps of a fence whose body's first line has this number, and why it cannot be read."""
    found, going_on, problem = [], False, None
    for k, text in enumerate(body, first):
        if going_on:
            last = found[-1]
            found[-1] = last._replace(command=last.command[:-1] + text.removeprefix("> "))
        elif text.startswith("$ "):
            found.append(Step(k, text[2:], []))
        elif found:
            found[-1].shown.append((k, text))
        else:
            problem = k, "a transcript begins with a command: `$ ...`"
        going_on = bool(found) and not found[-1].shown and found[-1].command.endswith("\\")
    return found, problem


def normal(text):
    """A line without what differs from run to run."""
    for pattern, word in _NORMAL:
        text = pattern.sub(word, text)
    return text.rstrip()


def _is_said(text):
    """Whether a line is the program's, not a build's or the shell's about its jobs."""
    return not _BUILD.match(text) and not _JOB.match(text)


def _become_session():
    """In the child: the terminal is its own, so that sh has job control as a reader's has; and
    Ctrl-C means what it does there, also when a script in the background has started all this."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


class Shell:
    """One sh on a terminal, and what it has printed."""

    def __init__(self, root):
        """Starts it in the tree's root."""
        self.screen, terminal = os.openpty()
        mode = termios.tcgetattr(terminal)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSANOW, mode)
        env = {**os.environ, "TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "CLICOLOR": "0"}
        self.process = subprocess.Popen(
            ["sh", "-c", _DRIVER], cwd=root, env=env, stdin=subprocess.PIPE, stdout=terminal,
            stderr=terminal, start_new_session=True, preexec_fn=_become_session)
        os.close(terminal)
        self.rest = b""
        self.lines = []
        self.built = False
        self.told = 0.0
        self.building = 0.0

    def say(self, command):
        self.told = time.monotonic()
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def read(self, patience):
        """Takes the lines that come within this time; whether there were any."""
        if not select.select([self.screen], [], [], patience)[0]:
            return False
        try:
            data = os.read(self.screen, 65536)
        except OSError:
            data = b""
        alone = re.sub(rb"(?<=[^\n])\x1e", b"\n\x1e", self.rest + data)
        *whole, self.rest = alone.split(b"\n")
        new = [line.decode("utf-8", "replace").rstrip("\r") for line in whole]
        if any(map(_BUILD.match, new)):
            self.building += time.monotonic() - self.told
            self.told = time.monotonic()
        self.lines += new
        return bool(data)

    def take(self, enough, patience=PATIENCE):
        """The lines until `enough` says of them that they are, or no more come."""
        since = time.monotonic()
        while not enough(self.lines) and time.monotonic() - since < ENDLESS:
            building = bool(self.lines) and bool(_BUILD.match(self.lines[-1]))
            if not self.read(BUILDING if building else patience):
                break
            since = time.monotonic() if building else since
        return self._taken()

    def _taken(self):
        """Hands out what has come so far."""
        taken, self.lines = self.lines, []
        self.built = self.built or any(_BUILT.match(line) for line in taken)
        return taken

    def rest_of(self):
        """Ends the commands; the lines that still come, and the jobs that do not end."""
        self.process.stdin.close()
        taken = self.take(lambda lines: lines.count(_MARK) == 2, ENDING)
        between = taken[taken.index(_MARK) + 1:] if _MARK in taken else []
        jobs = [line for line in between if line.isdigit()]
        said = [line for line in taken if line != _MARK and line not in jobs]
        return said, [] if between[-1:] == [_MARK] else jobs

    def end(self):
        """Kills what is left in the session, and waits for it."""
        for pid in [*_groups_of(self.process.pid), self.process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        os.close(self.screen)


def _groups_of(session):
    """The process groups of a session, where the system lists its processes in /proc."""
    groups = set()
    for pid in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc") else []):
        with contextlib.suppress(ProcessLookupError):
            if os.getsid(int(pid)) == session:
                groups.add(os.getpgid(int(pid)))
    return groups


@dataclass
class Run:
    """What came of a transcript: the lines below each command, and the seconds without builds."""

    said: list = field(default_factory=list)
    hung: int | None = None
    left: list = field(default_factory=list)
    seconds: float = 0.0
    built: bool = False


def _enough(count):
    """Says of a list of lines whether the command has ended and printed this many."""
    def judge(taken):
        return _MARK in taken and sum(map(_is_said, taken)) - 1 >= count
    return judge


def _in_background(transcript):
    """Whether one of these Steps leaves something running."""
    return any(re.search(r"(?<![&>])&\s*(?:$|[^&>\d\s])", step.command) for step in transcript)


def _learn(ports, shown, said):
    """Notes which port of this run stands for which one that the chapter shows."""
    for one, two in zip(shown, said):
        if normal(one) == normal(two):
            ports.update(zip(_PORT.findall(one), _PORT.findall(two)))


def _with_ports(text, ports):
    """A text with other ports in place of those that it names."""
    return re.sub(r"\b\d+\b", lambda m: ports.get(m.group(), m.group()), text)


def _perform_step(shell, step, ports, background):
    """Gives the shell one command; the lines that it prints, and whether it ended.

    What runs in the background may print after the command has ended, so that is waited for.
    """
    shown = [text for _, text in step.shown if _is_said(text)]
    shell.say(_with_ports(step.command, ports))
    taken = shell.take(_enough(len(shown) if background else 0))
    said = [line for line in taken if _is_said(line) and line != _MARK]
    _learn(ports, shown, said)
    chapters_own = {two: one for one, two in ports.items()}
    return [_with_ports(line, chapters_own) for line in said], _MARK in taken


def perform(transcript, root):
    shell, run, ports = Shell(root), Run(), {}
    start = time.monotonic()
    for k, step in enumerate(transcript):
        said, ended = _perform_step(shell, step, ports, _in_background(transcript[:k + 1]))
        run.said.append(said)
        if not ended:
            run.hung = step.line
            break
    else:
        rest, run.left = shell.rest_of()
        run.said[-1] += filter(_is_said, rest)
    shell.end()
    run.seconds, run.built = time.monotonic() - start - shell.building, shell.built
    return run


def _brief(texts):
    """Some lines in one."""
    more = [f"... ({len(texts)} lines)"] if len(texts) > 5 else []
    return " / ".join([*texts[:5], *more]) or "nothing"


def _differences(step, said, any_order):
    """(line, problem) for what a command printed otherwise than shown; the first one says most."""
    shown = [(k, normal(text)) for k, text in step.shown if _is_said(text)]
    came = [normal(text) for text in said]
    if any_order:
        shown, came = sorted(shown, key=lambda one: one[1]), sorted(came)
    texts = [text for _, text in shown]
    for tag, a, b, c, d in difflib.SequenceMatcher(None, texts, came, False).get_opcodes():
        if tag != "equal":
            line = shown[a][0] if a < b else step.line
            yield line, (f"`{step.command}` prints {_brief(came[c:d])}; "
                         f"shown is {_brief(texts[a:b])}")
            return


def _judge(transcript, run):
    """(line, problem) for everything that is wrong with a run."""
    for k, (step, said) in enumerate(zip(transcript, run.said)):
        yield from _differences(step, said, _in_background(transcript[:k]))
    if run.hung:
        yield run.hung, "this command does not end"
    elif run.left:
        yield transcript[-1].line, "something started here still runs at the end: `kill` it, `wait`"
    if run.seconds > FAST and not run.hung:
        yield transcript[0].line, f"takes {run.seconds:.1f} s, {FAST:g} s at most"


def _answers(transcript, root):
    """The problems of a transcript; one that had to build, or met a busy machine, runs again."""
    for _ in range(3):
        run = perform(transcript, root)
        if run.hung or not (run.built or run.seconds > FAST):
            break
    return _judge(transcript, run)


@rule("every ```console block of a chapter is run, and prints what is shown", builds=True)
def transcripts(tree):
    for stage in tree.stages:
        path = stage / "README.md"
        text = Text(path)
        for start, end, kind in text.fences:
            if kind != "console":
                continue
            found, problem = steps(text.lines[start + 1:end], start + 2)
            answers = [problem] if problem else _answers(found, tree.root) if found else []
            for line, why in answers:
                yield tree.problem(path, line, why)
