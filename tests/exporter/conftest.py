"""Real agents on loopback, each with an Engine that says what the test wants."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.agent import Agent
from exporter.settings import Settings
from probes.documents.load import load
from tests.exporter.fakes import FakeEngine, FakeWatch
from tests.exporter.running import Running, Start


@pytest.fixture
async def start(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Start]:
    """Start agents; ends them when the test does, and sees that they leave nothing."""
    running: list[tuple[Running, asyncio.Task[None]]] = []

    async def begin(engine: FakeEngine, host: str = "127.0.0.1", config: str = "") -> Running:
        number = len(running)
        token = tmp_path / "token"
        token.write_text("secret\n")
        file = tmp_path / f"agent{number}.yml"
        socket = tmp_path / f"agent{number}.sock"
        file.write_text(
            f"listen: {host}:{unused_tcp_port}\nsocket: {socket}\ntoken_file: {token}\n"
            f"netns_folder: {tmp_path}\n{config}",
        )
        stop, ready, watch = asyncio.Event(), asyncio.Event(), FakeWatch()
        agent = Agent(load(file, Settings), file, "", engine, lambda: watch)
        task = asyncio.create_task(agent.run(stop, ready.set))
        begun = Running(agent, engine, watch, socket, stop)
        running.append((begun, task))
        if not engine.broken:
            await asyncio.wait_for(ready.wait(), 10)
        return begun

    yield begin  # type: ignore[misc]
    for begun, task in reversed(running):
        begun.stop.set()
        await asyncio.wait_for(task, 5)
        assert not begun.socket.exists()
