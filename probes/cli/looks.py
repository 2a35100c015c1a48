"""What does a command that looks do? Returns the exit status."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from probes.cli import show, show_looks
from probes.cli.options import Addresses, LookOptions
from probes.cli.progress import progress
from probes.cli.taking import Taking
from probes.looks.asking import Answer
from probes.looks.errors import CannotLookError, CommandError
from probes.looks.session import Session
from probes.looks.wants import Want
from probes.model.result import Verdict

Show = Callable[[list[Answer]], None]


def look(addresses: Addresses, options: LookOptions, want: Want) -> int:
    """Take the looks that are wanted, and print how they ended."""
    session = Session()
    try:
        taking = Taking(addresses, options, want)
        with _showing(options, session) as shown, _waiting(options):
            _repeat(taking, options, session, shown)
        if not session.places:
            raise CannotLookError("interrupted before the first look ended")
    except CommandError as exc:
        return exc.status if options.quiet else show.told(exc)
    if not options.quiet:
        _print_end(options, session)
    return session.status


def _repeat(taking: Taking, options: LookOptions, session: Session, shown: Show) -> None:
    """Look again and again until there have been enough, one failed, or somebody stops it."""
    taken, due = 0, time.monotonic()
    try:
        while options.count is None or taken < options.count:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due, time.monotonic()) + options.interval_seconds
            answers = _look_once(taking, session)
            taken += 1
            shown(answers)
            if options.until_fail and any(item.verdict is Verdict.FAILED for item in answers):
                return
    except KeyboardInterrupt:
        return


def _look_once(taking: Taking, session: Session) -> list[Answer]:
    try:
        answers = session.add(taking.look())
    except CommandError as exc:
        if not session.places:
            raise
        answers = session.miss(str(exc))
    if any(answer.verdict is not Verdict.WORKED for answer in answers):
        taking.look_around_anew()
    return answers


@contextmanager
def _showing(options: LookOptions, session: Session) -> Iterator[Show]:
    """Show looks while they are taken, where there may be many."""
    if not options.repeats or options.quiet or options.json:
        yield _show_nothing
    elif options.watch and sys.stdout.isatty():
        from probes.cli.live import live_display  # noqa: PLC0415 -- nobody else waits for it

        title = f"from {options.source}, every {options.interval_seconds:g} s; Ctrl-C ends"
        with live_display(session, title) as display:
            yield lambda _: display.show()
    else:
        yield _show_lines


def _show_nothing(_: list[Answer]) -> None:
    """Wait for the end."""


def _show_lines(answers: list[Answer]) -> None:
    for answer in answers:
        show_looks.print_line(answer)
    sys.stdout.flush()


@contextmanager
def _waiting(options: LookOptions) -> Iterator[None]:
    """Show that something goes on, where nothing else does."""
    if options.quiet or (options.repeats and not options.json):
        yield
    else:
        with progress(f"looking from {options.source} ..."):
            yield


def _print_end(options: LookOptions, session: Session) -> None:
    places = session.places
    latest = [place.answers[-1] for place in places]
    if options.json:
        from probes.looks.documents import look_document  # noqa: PLC0415 -- nobody else needs it

        show.print_json(look_document(session, options.source))
        return
    if len(latest) == 1 and not options.repeats and not session.left_out:
        show_looks.print_one(latest[0])
        return
    if options.repeats:
        show_looks.print_summary(session)
    else:
        show_looks.print_places(session)
    show_looks.print_hints(latest)
