"""The verb `./evolve record`: builds a stage's sample, has it run under gdb, writes the recording.

The build is one of its own, without optimisation, so that each line is where its author wrote it.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sample
import stages
import verb
from command import Failed, run
from record import recording
from record.scenarios import SCENARIOS

_INSIDE = Path(__file__).resolve().parent / "inside.py"
_QUIET = 0.4  # seconds without a note are rest
_PATIENCE = 30


def _stand_in(stage, tree):
    """Compiles the kqueue that the tests have; (compiler's option, what to link)."""
    folder = stage / "test" / "kqueue_on_epoll"
    tree.mkdir(parents=True, exist_ok=True)
    made = tree / "kqueue_on_epoll.o"
    run("c++", "-std=c++20", "-g", f"-I{folder}", "-c", folder / "kqueue_on_epoll.cpp", "-o", made)
    return f"-I{folder}", made


def build(stage, scenario, tree):
    flags, library = _stand_in(stage, tree) if scenario.stand_in else ("", "")
    run("cmake", "-S", stage, "-B", tree, "-DCMAKE_BUILD_TYPE=Debug", "-DBUILD_TESTING=OFF",
        f"-DCMAKE_CXX_FLAGS={flags}", f"-DCMAKE_CXX_STANDARD_LIBRARIES={library}")
    target = f"{stage.name}_{scenario.sample}"
    run("cmake", "--build", tree, "--target", target)
    return tree / target


class Run:
    """A sample that runs under gdb, as its script sees it."""

    def __init__(self, running, folder, steps):
        """`running` is gdb, `steps` the file that it writes to."""
        self.running, self.folder, self.steps = running, folder, steps

    def line(self, pattern):
        """Waits for a line that the sample prints."""
        while (line := self.running.line(_PATIENCE)) is not None:
            if found := re.search(pattern, line):
                return found
        raise Failed(f"the sample ended without a line like {pattern!r}: "
                     + self.steps.read_text()[-2000:])

    def port(self):
        """Where the sample listens."""
        return int(self.line(r"listening on 127\.0\.0\.1:(\d+)")[1])

    def rest(self):
        """Waits until nothing happens any more."""
        size, since = -1, time.monotonic()
        end = since + _PATIENCE
        while time.monotonic() - since < _QUIET:
            if (now := self.steps.stat().st_size) != size:
                size, since = now, time.monotonic()
            if since > end:
                raise Failed("the sample does not come to rest")
            time.sleep(0.05)

    def kill(self, signo):
        pid = re.search(r'"pid": (\d+)', self.steps.read_text())
        os.kill(int(pid[1]), signo)


def _notes(stage, scenario, program):
    """Runs the sample as its scenario says; what was noted."""
    with tempfile.TemporaryDirectory(prefix="evolve-record-") as holder:
        folder = Path(holder)
        steps = folder / "steps"
        steps.touch()
        env = {**os.environ, "EVOLVE_TOOLS": str(_INSIDE.parent.parent), "TERM": "dumb",
               "EVOLVE_STAGE": str(stage), "EVOLVE_STAGE_NUMBER": str(stages.number(stage)),
               "EVOLVE_STEPS": str(steps), "EVOLVE_STAND_IN": "1" if scenario.stand_in else ""}
        command = ["gdb", "-q", "-nx", "-batch", "-x", _INSIDE, "--args", program,
                   *scenario.arguments]
        with sample.Sample(*command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                           stderr=subprocess.STDOUT) as running:
            try:
                scenario.play(Run(running, folder, steps))
                said = running.end(_PATIENCE)
            except (OSError, Failed):
                recording.sorted_out(recording.noted(steps.read_text(), []))  # knows more of it
                raise
        return recording.noted(steps.read_text(), said)


def record(root, number):
    """Records a stage; the file that was written, and how many steps it has."""
    if number not in SCENARIOS:
        raise Failed(f"there is no scenario for stage {number}; "
                     "let tools/record/scenarios.py have one")
    stage, scenario = stages.by_number(number, root).resolve(), SCENARIOS[number]
    program = build(stage, scenario, stages.build_folder(root) / "record" / stage.name)
    about = {"stage": number, "story": scenario.story, "stand_in": scenario.stand_in,
             "sample": " ".join((scenario.sample, *scenario.arguments))}
    made = recording.make(stage, _notes(stage, scenario, program), about)
    count = len(made["steps"])
    if not recording.LEAST <= count <= recording.MOST:
        raise Failed(f"{count} steps: a replay has {recording.LEAST} to {recording.MOST}; "
                     "let tools/record/scenarios.py do more or less")
    file = recording.path(root, number)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(recording.dumps(made), encoding="utf-8")
    return file, count


def main(words=None):
    """What the command line says; bad usage ends here, with status 2."""
    parser = verb.Parser("record", description=__doc__.split("\n")[0])
    parser.add_argument("stage", type=verb.stage_number, nargs="?", metavar="N",
                        help="its number; without one, all")
    chosen = parser.parse_args(words).stage
    known = [stages.number(stage) for stage in stages.stages()]
    for number in known if chosen is None else [chosen]:
        try:
            file, count = record(stages.ROOT, number)
        except Failed as failure:
            sys.exit(f"./evolve record: stage {number}: {failure}")
        print(f"{file.relative_to(stages.ROOT)}: {count} steps", flush=True)
