"""Writes the tables of docs/someone-elses-program.md and README.md anew."""

import datetime
import re

from measure import machine, tables
from others import needs, prove
from stages import ROOT

PAGE = ROOT / "docs" / "someone-elses-program.md"
README = ROOT / "README.md"
DIFFERENCES = ROOT / "dropin" / "differences.md"  # which the tests of the library read
ON_FIRST_SCREEN = ("unbound", "memcached")
SHORT = ["measured", *prove.HEADER[4:]]
MADE = "Measured by `./evolve dropin --prove --full --write-docs`"


def put(file, table):
    """Puts a table, a text, in the place of the file's that has the same header."""
    head = re.escape(table.split("\n", 1)[0])
    text, count = re.subn(head + r"\n(\|.*\n)+", lambda _: table.strip() + "\n", file.read_text())
    if count != 1:
        raise needs.Refused(f"{file} has {count} tables that begin with {head}")
    file.write_text(text)


def put_measured(file, header, lines):
    """The same for what was measured; and below it, when and on what."""
    put(file, tables.markdown(header, lines).replace("---:", "---"))
    made = f"{MADE} on {datetime.date.today()}:\n{machine.processor()}, {machine.system()}, " \
           f"libevent {machine.versions().get('libevent', '')}."
    file.write_text(re.sub(re.escape(MADE) + r"(?s:.*?)\n\n", made + "\n\n", file.read_text()))


def write(done):
    """What these Rows measured, if there are any; and the deliberate differences. Refused where a
    program failed, on libevent too: a table of results has no place for it."""
    failed = [row.program.name for row in done if any(said.startswith("WRONG") for said in row.said)]
    if failed:
        raise needs.Refused(f"nothing is written, as something failed: {', '.join(failed)}")
    put(PAGE, DIFFERENCES.read_text())
    if done:
        put_measured(PAGE, prove.HEADER, [row.cells() for row in done])
        put_measured(README, SHORT, [[f"{row.program.name}, {m.load}", *m.cells()]
                                     for name in ON_FIRST_SCREEN for row in done
                                     if row.program.name == name for m in row.measured])
