"""How does a document become a page? By templates in which every value is escaped."""

import gzip
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from exporter.page.chart import BAR_WIDTH, HEIGHT, WIDTH, bars
from exporter.page.page import Page
from exporter.page.pair import PairPage
from exporter.page.state import OF_MARK, OF_VERDICT
from exporter.web import words
from exporter.web.static import SCRIPT, STYLE
from probes.model.path import Walk

#: How often a page without script is loaded again; with script, it renews itself more often.
_REFRESH_SECONDS = 15

_templates = Environment(
    loader=PackageLoader("exporter.web"),
    autoescape=True,  # names and labels come from the network: they are hostile until escaped
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters.update(
    age=words.age, ms=words.milliseconds, clock=words.clock, iso=words.iso, bars=bars
)
_templates.globals.update(
    style=STYLE.url,
    script=SCRIPT.url,
    refresh=_REFRESH_SECONDS,
    chart={"width": WIDTH, "height": HEIGHT, "bar": BAR_WIDTH},
    of_mark=OF_MARK,
    of_verdict=OF_VERDICT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page, ready to be sent many times."""

    plain: bytes
    gzipped: bytes


def render_page(page: Page) -> Rendered:
    """Write the page of the whole Swarm."""
    return _rendered("page.html", page=page)


def render_pair(page: PairPage, walk: Walk | str | None = None) -> Rendered:
    """Write the page of two services, with an explanation or why there is none."""
    return _rendered("pair.html", page=page, walk=walk)


def _rendered(template: str, **values: object) -> Rendered:
    plain = _templates.get_template(template).render(**values).encode()
    return Rendered(plain=plain, gzipped=gzip.compress(plain, compresslevel=5, mtime=0))
