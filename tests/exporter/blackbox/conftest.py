"""Debian's blackbox_exporter, our own endpoint, and what both look at."""

import shutil
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.exporter.blackbox.targets import Certificates, make_certificates, running
from tests.probes.servers import listener

PROGRAM = "prometheus-blackbox-exporter"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Make the certificates once; the authority's lies in a file of its folder."""
    made = make_certificates()
    made.authority.cert_pem.write_to_path(str(tmp_path_factory.getbasetemp() / "authority.pem"))
    return made


@pytest.fixture(scope="session")
def configurations(
    certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Write both configurations, with the authority's file where they name it."""
    assert certificates
    folder = tmp_path_factory.mktemp("modules")
    authority = str(tmp_path_factory.getbasetemp() / "authority.pem")
    written = {}
    for source in sorted((Path(__file__).parent / "modules").glob("*.yml")):
        path = folder / source.name
        path.write_text(source.read_text().replace("AUTHORITY", authority))
        written[source.stem] = path
    return written


@pytest.fixture(scope="session")
def blackbox_exporters(configurations: dict[str, Path]) -> Iterator[dict[str, str]]:
    """Run one for each configuration; gives their addresses by its name."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"needs {PROGRAM}, which Debian has")
    addresses, processes = {}, []
    try:
        for name, path in configurations.items():
            with listener() as free:
                port = free.getsockname()[1]
            log = (path.parent / f"{name}.log").open("wb")
            with log:
                command = [
                    PROGRAM,
                    f"--config.file={path}",
                    f"--web.listen-address=127.0.0.1:{port}",
                ]
                processes.append(subprocess.Popen(command, stdout=log, stderr=log))
            addresses[name] = f"http://127.0.0.1:{port}"
        for address in addresses.values():
            _wait_until_healthy(address)
        yield addresses
    finally:
        for process in processes:
            process.terminate()
            process.wait(10)


def _wait_until_healthy(address: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    ends_at = time.monotonic() + 20
    while True:
        try:
            direct.open(f"{address}/-/healthy", timeout=1).close()
        except OSError:
            assert time.monotonic() < ends_at, f"no blackbox_exporter at {address}"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
async def ports(certificates: Certificates) -> AsyncIterator[dict[str, int]]:
    """Run what is looked at."""
    async with running(certificates) as found:
        yield found
