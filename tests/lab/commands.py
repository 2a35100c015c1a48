"""How does the lab run a command?"""

import os
import subprocess
from collections.abc import Mapping

from tests.lab.errors import CommandError

#: Where Debian keeps what the lab starts: a user's PATH may lack the sbin folders, and may have
#: folders of a checkout in it.
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def run(
    *argv: str,
    input: str | bytes | None = None,  # noqa: A002 -- as in subprocess
    check: bool = True,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
) -> str:
    """Run *argv* and return its standard output; with *check*, a failure is a CommandError."""
    data = input.encode() if isinstance(input, str) else input
    try:
        done = subprocess.run(
            argv,
            input=data,
            stdin=subprocess.DEVNULL if data is None else None,
            capture_output=True,
            check=False,
            timeout=timeout,
            env={**os.environ, "PATH": search_path()} if env is None else env,
        )
    except FileNotFoundError as error:
        raise CommandError(argv, "is not installed", str(error)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandError(argv, f"did not end in {timeout:g} s", "") from error
    output = done.stdout.decode(errors="replace")
    if check and done.returncode != 0:
        said = done.stderr.decode(errors="replace") + output
        raise CommandError(argv, f"ended with status {done.returncode}", said)
    return output


def search_path() -> str:
    """Return the user's PATH with the system's folders after it."""
    return f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}".lstrip(":")
