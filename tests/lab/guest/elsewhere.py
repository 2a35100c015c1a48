"""How do tests run in a second kernel, and count in the session of the first?

One pytest in the guest runs them all, since starting is what is slow there. It writes each report
to a file that the guest shares, and the session here takes them as its own: they pass, fail and
are summed up like any other test's.
"""

import io
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.lab.guest import machine, mailbox
from tests.lab.guest.uml import UserMode

#: In the guest: where to write the reports.
REPORTS = "SWARM_LAB_REPORTS"

#: A guest that is this late is hung: a minute or two for a test is much, and a Swarm comes first.
_LIMIT_SECONDS = 600
_LIMIT_SECONDS_PER_TEST = 180

_PAUSE_SECONDS = 0.2

_PYTEST = (".venv/bin/python", "-m", "pytest", "-p", "no:cacheprovider")


class Reporter:
    """In the guest: write down every report."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config = config
        self._path = path

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Append the report, whole: the machine reads while we write."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with self._path.open("a") as file:
            file.write(json.dumps(data) + "\n")


class _Reports:
    """On the machine: a file's reports, logged as they come."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session
        self._begun = b""
        self.ended: set[str] = set()

    def write(self, added: bytes) -> None:
        *lines, self._begun = (self._begun + added).split(b"\n")
        for line in lines:
            self._log(json.loads(line))

    def _log(self, data: dict[str, object]) -> None:
        hook = self._session.config.hook
        report: pytest.TestReport = hook.pytest_report_from_serializable(
            config=self._session.config, data=data
        )
        if isinstance(report.longrepr, list):  # why it was skipped: JSON knows no tuples
            report.longrepr = tuple(report.longrepr)
        if report.when == "setup":
            hook.pytest_runtest_logstart(nodeid=report.nodeid, location=report.location)
        hook.pytest_runtest_logreport(report=report)
        if report.when == "teardown":
            hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
            self.ended.add(report.nodeid)
            if self._session.shouldfail:
                raise self._session.Failed(self._session.shouldfail)


class Elsewhere:
    """Tests under way in a guest, beside those of this session."""

    def __init__(self, items: Sequence[pytest.Item], kernel: UserMode) -> None:
        self._items = items
        self._kernel = kernel
        self._inbox = _Inbox()
        self._output = io.BytesIO()
        self._why = ""
        self._interrupted = False
        # The guest ends with the thread that booted it; and whoever gives up need not wait for it.
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            status = _run_in_guest(self._items, self._kernel, self._inbox, self._output)
        except Exception as error:  # noqa: BLE001 -- told as each test's failure
            self._why = str(error) or repr(error)
        else:
            self._interrupted = status == pytest.ExitCode.INTERRUPTED
            self._why = f"pytest in the second kernel ended with status {status}"

    def report(self, session: pytest.Session) -> None:
        """Log how the tests end; those of which the guest says nothing have failed."""
        reports = _Reports(session)
        while self._thread.is_alive():
            self._thread.join(_PAUSE_SECONDS)
            reports.write(self._inbox.take())
        reports.write(self._inbox.take())
        if self._interrupted:
            raise KeyboardInterrupt
        said = self._output.getvalue().decode(errors="replace").strip()
        for item in self._items:
            if item.nodeid not in reports.ended:
                _log_failure(item, f"did not run to its end: {self._why}\n{said}".rstrip())


class _Inbox:
    """What one thread writes and another takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = b""

    def write(self, added: bytes) -> None:
        with self._lock:
            self._held += added

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        with self._lock:
            taken, self._held = self._held, b""
            return taken


def _run_in_guest(
    items: Sequence[pytest.Item], kernel: UserMode, inbox: _Inbox, output: io.BytesIO
) -> int:
    with machine.booted(kernel) as folder:
        return mailbox.ask(
            folder,
            (*_PYTEST, *(item.nodeid for item in items)),
            (output, output),
            also=((folder.path / "reports", inbox),),
            # Nobody needs its Swarm to be taken down with care.
            environment={REPORTS: str(folder.path / "reports"), "SWARM_LAB_KEEP": "1"},
            limit=_LIMIT_SECONDS + _LIMIT_SECONDS_PER_TEST * len(items),
        )


def _log_failure(item: pytest.Item, why: str) -> None:
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    report = pytest.TestReport(
        item.nodeid, item.location, keywords={}, outcome="failed", longrepr=why, when="setup"
    )
    item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
