"""What tests share: a folder of their own, and what a command says."""

import contextlib
import gc
import io
import tempfile
import unittest
from pathlib import Path


class InFolder(unittest.TestCase):
    """A test with an empty folder, `root`."""

    def setUp(self):
        self.root = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="evolve-test.")))

    def write(self, name, text=""):
        """A file of the folder, whose path is returned."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


def said(command, *words):
    """(status, output) of a function that is the main one of a program."""
    output = io.StringIO()
    gc.collect()  # what other tests have left may have something to say
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            status = command(*words)
        except SystemExit as end:
            status = end.code
    return status, output.getvalue()
