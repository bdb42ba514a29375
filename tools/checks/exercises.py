"""The rule that an exercise is one: its test fails on the stage, and its solution mends that.

docs/exercises/stageNN holds what a reader of stage NN gets and, folded away, the answer:

    exercise_test.cpp   a GoogleTest file that goes into the stage's test/. It fails there; if it
                        fails by not compiling, its first line is `// red: does not compile`
    solution.patch      a unified diff for `patch -p1` in the stage's folder, test/ left alone

Two copies of the stage are kept from run to run: one with the exercise's tests alone, one with the
solution and all tests. Only what changed is written to them, so that only that is compiled. What
was found good is not built again as long as every file that went into it is the same.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

import stages
from checks.core import Problem, below, rule
from command import Failed, configure

TEST = "exercise_test.cpp"
PATCH = "solution.patch"
NOT_COMPILING = b"// red: does not compile"
LONGEST = 60  # seconds that the exercise's own tests may take


class Broken(Exception):
    """What is wrong with an exercise, and in which of its files."""

    def __init__(self, file, why):
        super().__init__(why)
        self.file = file


def _content(folder):
    """The bytes of every file of a stage, by name, its README and build output left out."""
    found = {p.relative_to(folder).as_posix(): p.read_bytes() for p in below(folder, ".")}
    return {name: data for name, data in found.items()
            if name != "README.md" and not name.startswith("build/")}


def _write(folder, content):
    """Makes a folder hold exactly this, and leaves alone what it holds already."""
    for path in below(folder, "."):
        if path.relative_to(folder).as_posix() not in content:
            path.unlink()
    for name, data in content.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _tail(text, count=12):
    """What a program's output ends with, set in; of a compiler's, the errors."""
    all_lines = text.strip().split("\n")
    shown = [line for line in all_lines if " error: " in line] or all_lines
    return "".join(f"\n       | {line}" for line in shown[-count:])


def _solved(content, patch):
    """The content of a stage with the solution applied."""
    if touched := re.search(rb"^\+\+\+ [^/]*/(test/\S+)", patch.read_bytes(), re.MULTILINE):
        file = touched.group(1).decode()
        raise Broken(PATCH, f"changes {file}; a solution leaves the tests alone")
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder).resolve() / "stage"
        _write(folder, content)
        run = subprocess.run(["git", "apply", "-p1", "--whitespace=nowarn", patch.resolve()],
                             cwd=folder, capture_output=True, text=True,
                             env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)})
        if run.returncode:
            raise Broken(PATCH, f"does not apply to the stage:{_tail(run.stderr)}")
        return _content(folder)


def _compiled(source, build, target, *definitions):
    """Configures and builds one target; the finished run, whose output tells what failed."""
    try:
        configure(source, build, "CMAKE_BUILD_TYPE=Debug", "CMAKE_COMPILE_WARNING_AS_ERROR=ON",
                  *definitions)
    except Failed as failure:
        raise Broken("", f"the copy cannot be configured:{_tail(str(failure))}") from None
    command = ["cmake", "--build", build, "--target", target, "-j", str(os.cpu_count() or 2)]
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _run_tests(program):
    """Runs a test program; its output and exit status, None when it does not end."""
    try:
        run = subprocess.run([program, "--gtest_brief=1"], text=True, timeout=LONGEST,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace")
        return run.stdout, run.returncode
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode("utf-8", "replace"), None


def _expect_red(name, place, content):
    """The exercise's tests fail on the stage as it stands."""
    source, build = place / "red" / name, place / "red-build" / name
    own = re.compile(r"test/\w+_(?:test|nocompile)\.cpp")
    _write(source, {file: data for file, data in content.items()
                    if not own.fullmatch(file) or file == f"test/{TEST}"})
    run = _compiled(source, build, f"{name}_test", "CMAKE_DISABLE_PRECOMPILE_HEADERS=ON")
    if content[f"test/{TEST}"].startswith(NOT_COMPILING):
        if run.returncode == 0:
            raise Broken(TEST, "says that it does not compile on the stage, but does")
        if not re.search(rf"{re.escape(TEST)}:\d+:\d+: error:", run.stdout):
            raise Broken(TEST, f"something else does not compile:{_tail(run.stdout)}")
        return
    if run.returncode:
        raise Broken(TEST, "does not compile on the stage; if that is meant, its first line says "
                     f"`{NOT_COMPILING.decode()}`:{_tail(run.stdout)}")
    output, status = _run_tests(build / f"{name}_test")
    if status == 0:
        raise Broken(TEST, "passes on the stage as it stands: there is nothing to solve")
    if status is None:
        raise Broken(TEST, f"runs longer than {LONGEST} s on the stage; it has to fail")
    if "[  FAILED  ]" not in output:
        raise Broken(TEST, f"ends with status {status} and no failed test:{_tail(output)}")


def _expect_green(name, place, content):
    """With the solution, the exercise's tests and all of the stage's pass."""
    source, build = place / "green" / name, place / "green-build" / name
    _write(source, content)
    run = _compiled(source, build, "all")
    if run.returncode:
        raise Broken(PATCH, f"the stage does not compile with it:{_tail(run.stdout)}")
    others = ["ctest", "--test-dir", build, "-j", str(os.cpu_count() or 2), "--label-exclude",
              "single", "--no-tests=error", "--output-on-failure"]
    for command in ([build / f"{name}_test", "--each"], others):
        run = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             errors="replace")
        if run.returncode:
            failed = re.findall(r"^(?:FAILED |\s+\d+ - )(.+)$", run.stdout, re.MULTILINE)
            raise Broken(PATCH, "with it, tests fail: "
                         f"{', '.join(failed[:5]) or _tail(run.stdout)}\n       | to see why: "
                         f"{' '.join(map(str, command))}")


def _digest(red, green):
    """What names a verdict: all that went into the copies, the compiler, and this rule."""
    compiler = subprocess.run([os.environ.get("CXX", "c++"), "--version"], capture_output=True)
    digest = hashlib.sha256(compiler.stdout + Path(__file__).read_bytes())
    for content in (red, green):
        digest.update(b"copy")
        for name, data in sorted(content.items()):
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


@contextlib.contextmanager
def _alone(place):
    """Holds the copies: two checks at once would build each other's files."""
    place.mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _judge(stage, folder, place):
    """Raises Broken for the first thing that is wrong with an exercise."""
    for file in (TEST, PATCH):
        if not (folder / file).is_file():
            raise Broken(file, "missing")
    red = {**_content(stage), f"test/{TEST}": (folder / TEST).read_bytes()}
    green = _solved(red, folder / PATCH)
    verdict = place / "verdicts" / _digest(red, green)
    if verdict.exists():
        return
    _expect_red(stage.name, place, red)
    _expect_green(stage.name, place, green)
    verdict.parent.mkdir(exist_ok=True)
    verdict.touch()


@rule("every exercise's test fails on its stage and passes with its solution, as all others do",
      builds=True)
def exercise(tree):
    """Judges the exercise of every stage."""
    place = tree.build / "exercise"
    for stage in tree.stages:
        folder = tree.root / "docs/exercises" / f"stage{stages.number(stage):02}"
        try:
            with _alone(place):
                _judge(stage, folder, place)
        except Broken as broken:
            yield Problem(tree.name(folder / broken.file), 0, str(broken))
