"""Runs commands that have to succeed, CMake's among them."""

import os
import shutil
import subprocess
from pathlib import Path


class Failed(Exception):
    """What was to be done could not be done; says why."""


def run(*command, **options):
    """What a command prints; Failed, with that, when its status is not 0."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, **options)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\nends with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def generator(tree):
    """What has CMake build a new tree by Ninja, if that is there and nothing else is asked for.

    A tree that is there keeps its own.
    """
    chosen = "CMAKE_GENERATOR" in os.environ or (Path(tree) / "CMakeCache.txt").exists()
    return [] if chosen or not shutil.which("ninja") else ["-G", "Ninja"]


def configure(source, tree, *definitions):
    """Prepares a build tree."""
    run("cmake", "-S", source, "-B", tree, *generator(tree), *(f"-D{each}" for each in definitions))


def build(tree, *targets):
    """Builds all of a tree, or these targets."""
    run("cmake", "--build", tree, "-j", os.cpu_count() or 2, *(["--target"] if targets else []),
        *targets)
