#!/usr/bin/env python3
"""What the newest `echo` has to stand: many clients at once, then Ctrl-C.

Goes through `./evolve run`, since that is the way a reader takes. With EVOLVE_PRESET=asan the exit
status also says that nothing leaked.
"""

import sys

import clients
from command import Failed
from sample import Sample
from stages import ROOT, number, stages


def serve_many():
    """Serves the clients, interrupts the server and returns the clients' summary."""
    newest = number(stages()[-1])
    with Sample(ROOT / "evolve", "run", newest, "echo") as echo:
        wrong, summary = clients.run(echo.port(timeout=600))
        if wrong:
            raise Failed("\n".join([*wrong[:10], summary]))
        echo.interrupt()
        echo.end()
    return summary


def main():
    """Prints what was served; the status is 1 if a byte, a client or the clean end was missing."""
    try:
        print(serve_many())
        print("echo ended with status 0 on SIGINT")
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
