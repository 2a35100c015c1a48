"""What do the Engine and the agent answer on a worker? Documents served over a Unix socket."""

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

Documents = Mapping[str, tuple[int, Any]]


@contextmanager
def served(path: Path, documents: Documents) -> Iterator[None]:
    """Serve *documents*: the end of a URL's path -> status and what goes out as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.path.partition("?")[0]
            found = (documents[end] for end in documents if asked.endswith(end))
            status, document = next(found, (404, {"message": f"no such page: {asked}"}))
            body = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return str(path)

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
