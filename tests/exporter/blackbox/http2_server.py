"""A server that speaks HTTP/2: a page, and gRPC's health service."""

import asyncio

import h2.config
import h2.connection
import h2.events

#: What each service says of itself; the numbers are health.proto's.
HEALTH = {b"": 1, b"good": 1, b"bad": 2, b"unsure": 0}


class Http2Server:
    """Answers each request as it is complete."""

    def __init__(self) -> None:
        self._requests: dict[int, tuple[dict[bytes, bytes], bytearray]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        while True:
            writer.write(connection.data_to_send())
            data = await reader.read(65536)
            if not data:
                return
            for event in connection.receive_data(data):
                self._take(connection, event)

    def _take(self, connection: h2.connection.H2Connection, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = {bytes(name): bytes(value) for name, value in event.headers}
            self._requests[event.stream_id] = headers, bytearray()
        elif isinstance(event, h2.events.DataReceived):
            self._requests[event.stream_id][1].extend(event.data)
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._answer(connection, event.stream_id, *self._requests.pop(event.stream_id))

    def _answer(
        self,
        connection: h2.connection.H2Connection,
        stream: int,
        headers: dict[bytes, bytes],
        body: bytearray,
    ) -> None:
        if headers[b":path"] == b"/grpc.health.v1.Health/Check":
            self._tell_health(connection, stream, bytes(body[7:]), headers.get(b"x-key", b""))
            return
        page = b"over HTTP/2"
        length = str(len(page)).encode()
        connection.send_headers(stream, [(b":status", b"200"), (b"content-length", length)])
        connection.send_data(stream, page, end_stream=True)

    def _tell_health(
        self, connection: h2.connection.H2Connection, stream: int, service: bytes, key: bytes
    ) -> None:
        head = [(b":status", b"200"), (b"content-type", b"application/grpc")]
        status = b"16" if service == b"locked" and key != b"open" else b"0"
        number = 1 if service == b"locked" else HEALTH.get(service)
        if number is None:
            status = b"5"
        if status != b"0":
            failed = [*head, (b"grpc-status", status), (b"grpc-message", b"not%20known")]
            connection.send_headers(stream, failed, end_stream=True)
            return
        message = bytes((0x08, number)) if number else b""
        connection.send_headers(stream, head)
        connection.send_data(stream, b"\0" + len(message).to_bytes(4) + message)
        connection.send_headers(stream, [(b"grpc-status", b"0")], end_stream=True)
