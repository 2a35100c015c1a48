"""How is an Engine connected to, and what do its failures mean?"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import docker
import docker.errors
import requests

from probes.swarm.errors import EngineError, NotAManagerError

_TIMEOUT_SECONDS = 15
_SERVICE_UNAVAILABLE = 503


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn what the SDK and its HTTP library raise into an EngineError that names *url*."""
    try:
        yield
    except docker.errors.APIError as exc:
        explanation = exc.explanation or str(exc)
        response = exc.response
        if response is not None and response.status_code == _SERVICE_UNAVAILABLE:
            raise NotAManagerError(f"engine {url}: {explanation}") from exc
        raise EngineError(f"engine {url}: {explanation}") from exc
    except (docker.errors.DockerException, requests.RequestException, OSError) as exc:
        raise EngineError(
            f"engine {url} cannot be asked: {_reason(exc)}; is it running, and is its socket "
            "mounted and readable?",
        ) from exc


def _reason(exc: BaseException) -> str:
    """Dig out the system's own words, which the layers above wrap in their own."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return str(exc)


def _knock(url: str) -> None:
    """Find out whether somebody is there: the SDK leaves a socket open when nobody is."""
    scheme, _, path = url.partition("://")
    if scheme == "unix":
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            knocking.settimeout(_TIMEOUT_SECONDS)
            knocking.connect(path)


def connect(url: str) -> docker.APIClient:
    """Make a client that speaks the Engine's own API version.

    Engine 20.10 speaks 1.41 at most; Engine 29 refuses what is below 1.40 or 1.44.
    """
    with translated(url):
        _knock(url)
        return docker.APIClient(base_url=url, version="auto", timeout=_TIMEOUT_SECONDS)
