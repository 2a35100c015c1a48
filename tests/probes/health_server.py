"""What does a gRPC server with the health service (v1) answer? A small one, made with h2."""

import asyncio
from collections.abc import Mapping

import h2.config
import h2.connection
import h2.events

from tests.probes.servers import Handler

SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"


def health(statuses: Mapping[str, bytes], asked: list[Mapping[str, str]]) -> Handler:
    """Serve `grpc.health.v1.Health`; who is not in *statuses* is not found."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        http.initiate_connection()
        writer.write(http.data_to_send())
        body = b""
        while data := await reader.read(4096):
            for event in http.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    asked.append({str(key): str(value) for key, value in event.headers or ()})
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data or b""
                elif isinstance(event, h2.events.StreamEnded):
                    _answer(http, statuses, body)
            writer.write(http.data_to_send())

    return handle


def _answer(http: h2.connection.H2Connection, statuses: Mapping[str, bytes], body: bytes) -> None:
    assert body[0] == 0
    assert int.from_bytes(body[1:5]) == len(body) - 5
    message = body[5:]
    service = message[2:].decode() if message else ""
    assert message[:1] in {b"", b"\x0a"}
    assert len(service.encode()) == (message[1] if message else 0)
    head = [(":status", "200"), ("content-type", "application/grpc")]
    if service not in statuses:
        trailers = [*head, ("grpc-status", "5"), ("grpc-message", "unknown service")]
        http.send_headers(1, trailers, end_stream=True)
        return
    answer = statuses[service]
    http.send_headers(1, head)
    http.send_data(1, b"\0" + len(answer).to_bytes(4) + answer)
    http.send_headers(1, [("grpc-status", "0")], end_stream=True)
