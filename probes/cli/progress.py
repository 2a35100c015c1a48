"""What does somebody see who waits?"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from probes.cli.show import console_for

#: Nobody minds to wait for so long.
_AFTER_SECONDS = 1.0


@contextmanager
def progress(message: str) -> Iterator[None]:
    """Say on a terminal what is waited for, when the body takes more than a second.

    It goes where errors go, so that output is the same with and without it.
    """
    if not sys.stderr.isatty():
        yield
        return
    status = console_for(stderr=True).status(message)
    timer = Timer(_AFTER_SECONDS, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()
