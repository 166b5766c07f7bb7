"""Run a module in a process that does not outlive its parent.

    python -m flows.child MODULE ARGUMENT…

The parent holds the other end of our standard input. When that closes, however the parent died, this process and
all that it started are killed at once: artifacts and loads are made to be cut off anywhere. It has to lead a
process group of its own.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Run the module that the command line names."""
    if os.getpgrp() != os.getpid():
        sys.exit("flows.child: start it in a session of its own")
    threading.Thread(target=_die_with_parent, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _die_with_parent() -> None:
    await_parents_end()
    os.killpg(0, signal.SIGKILL)


def await_parents_end() -> None:
    """Wait until the parent, which holds the other end of our standard input, is gone."""
    # Not through sys.stdin: at its end, Python waits for a lock that a blocked read holds.
    while os.read(0, 1024):
        pass


if __name__ == "__main__":
    main()
