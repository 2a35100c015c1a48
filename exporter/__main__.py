"""How is the agent started, told to reload, and ended?"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from exporter.agent import Agent, set_log_level
from exporter.blackbox.opening import open_blackbox
from exporter.declared import read_declaration
from exporter.peers import Peers
from exporter.settings import Settings
from exporter.view import View
from probes import datagram
from probes.documents.load import DocumentError, load
from probes.swarm.engine import Engine
from probes.swarm.events import EventWatch

_USAGE_ERROR = 2
#: At once: the Engine's events, a question to the Engine, a page of metrics, a configuration.
_BLOCKING_CALLS = 4
#: The name of the service that the agent was deployed as; the stack file sets it.
_SERVICE_VARIABLE = "SWARMSCOPE_SERVICE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the agent until SIGTERM or SIGINT; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(options.config, Settings) if options.config else Settings()
        read_declaration(settings)
        if options.check_config:
            open_blackbox(settings.blackbox, View, Peers(settings.listen.port, lambda: ""))
            print(f"{options.config or 'the default configuration'} is good")  # noqa: T201
            return 0
        logging.basicConfig(
            level=logging.WARNING,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        set_log_level(settings.log_level)
        with datagram.stamping():
            return asyncio.run(_serve(settings, options.config))
    except DocumentError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 -- there is no log before the settings are known
        return _USAGE_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="swarmscope-agent",
        description="Watches a Docker Swarm's network from this node.",
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration (YAML)")
    parser.add_argument(
        "--check-config",
        action="store_true",
        help="say whether the configuration is good, and end",
    )
    parser.add_argument(
        "--version", action="version", version=f"swarmscope {version('swarmscope')}"
    )
    return parser


async def _serve(settings: Settings, config: Path | None) -> int:
    agent = Agent(
        settings,
        config,
        os.environ.get(_SERVICE_VARIABLE, ""),
        Engine(settings.engine, settings.netns_folder),
        partial(EventWatch, settings.engine),
    )
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.set_default_executor(_Threads(max_workers=_BLOCKING_CALLS))
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    reloads: set[asyncio.Task[str]] = set()

    def reload() -> None:
        task = loop.create_task(agent.reload())
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    loop.add_signal_handler(signal.SIGHUP, reload)
    await agent.run(stop, lambda: logging.getLogger("exporter").info("ready"))
    return 0


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for: a call to an Engine that hangs must not hold the end back."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 -- the base class's signature
        del wait, cancel_futures
        super().shutdown(wait=False, cancel_futures=True)


def start() -> NoReturn:
    """Run the agent as the process that it is in, and end that with its status."""
    status = main()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # sys.exit would wait for such a thread after all


if __name__ == "__main__":
    start()
