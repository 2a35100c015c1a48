"""Which pages arrived? A webhook for Alertmanager, in the place of a pager."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.lab.layout import MACHINE_ADDRESS

#: What a person is woken for, and what waits for the morning: the receivers' names.
PAGE, TICKET = "page", "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of a notification."""

    name: str
    firing: bool
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What one call of the webhook said."""

    #: Unix seconds.
    at: float
    receiver: str
    #: Alertmanager's name for what belongs together: an incident, to a pager.
    group: str
    alerts: tuple[Alert, ...]
    #: As it came.
    document: Mapping[str, Any] = field(compare=False)

    @property
    def firing(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.alerts if alert.firing)


class Pager:
    """Listens on this machine's address in the lab's fabric, and keeps what arrives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received: list[Notification] = []
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pager.take(json.loads(body), time.time())
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((str(MACHINE_ADDRESS), 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where Alertmanager finds it."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/"

    def take(self, document: Mapping[str, Any], at: float) -> None:
        """Keep a notification."""
        alerts = tuple(
            Alert(
                name=alert["labels"]["alertname"],
                firing=alert["status"] == "firing",
                labels=alert["labels"],
                annotations=alert["annotations"],
            )
            for alert in document["alerts"]
        )
        notification = Notification(
            at=at,
            receiver=document["receiver"],
            group=document["groupKey"],
            alerts=alerts,
            document=document,
        )
        with self._lock:
            self._received.append(notification)

    def since(self, moment: float) -> list[Notification]:
        """List what arrived at or after *moment*, in Unix seconds."""
        with self._lock:
            return [item for item in self._received if item.at >= moment]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
