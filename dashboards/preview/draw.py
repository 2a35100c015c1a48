"""What does each type of panel look like, roughly? Each draws into the axes that it is handed."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from dashboards.grafana import Json
from dashboards.preview import tables
from dashboards.preview.prometheus import Series
from dashboards.preview.values import colour, legend, mapped, text

#: One answer for each query.
Answers = Sequence[Sequence[Series]]
_SMALL = 7
#: In inches.
_ROW_HEIGHT = 0.19
_INK = "#333333"
_GREY = "#bbbbbb"
_MOST_IN_LEGEND = 8
_AROUND_SECONDS = 60


def panel(axes: Axes, said: Json, answers: Answers) -> None:
    """Draw a panel; one that has no data says so."""
    if not any(answers):
        axes.axis("off")
        none = said["fieldConfig"]["defaults"].get("noValue") or "no data"
        axes.text(0.5, 0.5, none, ha="center", va="center", color=_GREY, transform=axes.transAxes)
        return
    _DRAWN[said["type"]](axes, said, answers)


def _named(said: Json, answers: Answers) -> list[tuple[str, Series]]:
    return [
        (legend(target["legendFormat"], series.labels), series)
        for target, answer in zip(said["targets"], answers, strict=True)
        for series in answer
    ]


def _unit(said: Json) -> str:
    unit: str = said["fieldConfig"]["defaults"]["unit"]
    return unit


def _steps(said: Json) -> Sequence[Json]:
    steps: Sequence[Json] = said["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return steps


def _clock(seconds: float, _: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M}"


def _show_time(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(_clock))
    axes.tick_params(labelsize=_SMALL)


def _lines(axes: Axes, said: Json, answers: Answers) -> None:
    named = _named(said, answers)
    for name, series in named:
        axes.plot(series.times, series.values, linewidth=1, label=name)
    drawn = [value for _, series in named for value in series.values if not math.isnan(value)]
    top, bottom = max(drawn, default=0), min(drawn, default=0)
    for step in _steps(said)[1:]:
        # A limit far above would press the lines flat; Grafana leaves it out, too.
        if step["value"] <= top:
            line = colour(step["value"], _steps(said))
            axes.axhline(step["value"], linestyle="--", linewidth=0.8, color=line)
    axes.set_ylim(bottom=min(0, bottom))
    if top < 0:
        axes.set_ylim(top=0)
    unit = _unit(said)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: text(value, unit)))
    axes.grid(visible=True, linewidth=0.3)
    moments = {moment for _, series in named for moment in series.times}
    if len(moments) == 1:
        # Alone it would be stretched over nothing.
        (alone,) = moments
        axes.set_xlim(alone - _AROUND_SECONDS, alone + _AROUND_SECONDS)
    _show_time(axes)
    left_out = len(named) - _MOST_IN_LEGEND
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[:_MOST_IN_LEGEND],
        labels[:_MOST_IN_LEGEND],
        fontsize=_SMALL - 1,
        ncols=2,
        loc="upper left",
        framealpha=0.6,
        title=f"and {left_out} more" if left_out > 0 else None,
        title_fontsize=_SMALL - 1,
    )


def _figures(axes: Axes, said: Json, answers: Answers) -> None:
    axes.axis("off")
    named = _named(said, answers)
    mappings = said["fieldConfig"]["defaults"]["mappings"]
    for index, (_, series) in enumerate(named):
        word = mapped(series.last, mappings)
        shown = word[0] if word else text(series.last, _unit(said))
        ground = word[1] if word else colour(series.last, _steps(said))
        left = index / len(named)
        axes.add_patch(Rectangle((left, 0), 1 / len(named), 1, color=ground))
        axes.text(left + 0.5 / len(named), 0.5, shown, ha="center", va="center", fontsize=14)


def _table(axes: Axes, said: Json, answers: Answers) -> None:
    turned = any(item["id"] == "groupingToMatrix" for item in said["transformations"])
    grid = tables.matrix(said, answers[0]) if turned else tables.table(said, answers)
    axes.axis("off")
    height = axes.get_window_extent().height / axes.figure.dpi / _ROW_HEIGHT
    room = max(1, int(height) - 1)
    rows = grid.rows[:room]
    share = min(1.0, (len(rows) + 1) / height)
    drawn = axes.table(
        cellText=[[cell.text for cell in row] for row in rows],
        cellColours=[[cell.colour for cell in row] for row in rows],
        colLabels=list(grid.head),
        cellLoc="left",
        bbox=Bbox.from_bounds(0, 1 - share, 1, share),
    )
    drawn.auto_set_font_size(value=False)
    drawn.set_fontsize(_SMALL)
    for cell in drawn.get_celld().values():
        cell.set_linewidth(0.2)
    if len(grid.rows) > room:
        more = f"and {len(grid.rows) - room} more rows"
        axes.text(1, 0, more, fontsize=_SMALL, ha="right", color=_GREY, transform=axes.transAxes)


def _states(axes: Axes, said: Json, answers: Answers) -> None:
    named = sorted(_named(said, answers), key=lambda item: item[0], reverse=True)
    mappings = said["fieldConfig"]["defaults"].get("mappings", ())
    for index, (_, series) in enumerate(named):
        # Each value holds until the next one; a gap shows nothing.
        step = min((b - a for a, b in pairwise(series.times)), default=60)
        words = [mapped(value, mappings) for value in series.values]
        axes.broken_barh(
            [(moment, step) for moment in series.times],
            (index - 0.4, 0.8),
            facecolors=[
                word[1] if word else colour(value, _steps(said))
                for word, value in zip(words, series.values, strict=True)
            ],
        )
    axes.set_yticks(range(len(named)), [name for name, _ in named])
    axes.set_ylim(-0.6, max(len(named), 3) - 0.4)
    _show_time(axes)


def _bars(axes: Axes, said: Json, answers: Answers) -> None:
    named = sorted(_named(said, answers), key=lambda item: item[0], reverse=True)
    most = said["fieldConfig"]["defaults"].get("max")
    for index, (_, series) in enumerate(named):
        axes.barh(index, series.last, height=0.7, color=colour(series.last, _steps(said)))
        axes.text(
            0, index, f" {text(series.last, _unit(said))}", fontsize=_SMALL, va="center", color=_INK
        )
    axes.set_yticks(range(len(named)), [name for name, _ in named])
    axes.set_ylim(-0.6, max(len(named), 3) - 0.4)
    axes.set_xlim(0, most)
    axes.set_xticks([])
    axes.tick_params(labelsize=_SMALL)


def _buckets(axes: Axes, said: Json, answers: Answers) -> None:
    rows = sorted(answers[0], key=lambda series: float(series.labels["le"]))
    times = sorted({time for series in rows for time in series.times})
    counts: list[list[float]] = []
    below = dict.fromkeys(times, 0.0)
    for series in rows:
        # Buckets hold what is below them, too.
        now = {**below, **dict(zip(series.times, series.values, strict=True))}
        counts.append([max(0.0, now[time] - below[time]) for time in times])
        below = now
    unit = said["options"]["yAxis"]["unit"]
    axes.pcolormesh(
        times,
        range(len(rows)),
        [[value or math.nan for value in row] for row in counts],
        cmap="turbo",
        norm=LogNorm(),
    )
    axes.set_yticks(range(len(rows)), [text(float(one.labels["le"]), unit) for one in rows])
    _show_time(axes)


def _graph(axes: Axes, said: Json, answers: Answers) -> None:
    """Put the nodes on a circle, and draw an arrow for each edge."""
    axes.axis("off")
    axes.set_xlim(-1.3, 1.3)
    axes.set_ylim(-1.3, 1.3)
    nodes, edges = answers
    names = sorted({series.labels["id"] for series in nodes})
    places = {
        name: (
            math.cos(2 * math.pi * index / len(names)),
            math.sin(2 * math.pi * index / len(names)),
        )
        for index, name in enumerate(names)
    }
    for series in edges:
        source, target = series.labels["source"], series.labels["target"]
        if source in places and target in places:
            style = {"arrowstyle": "->", "color": _GREY, "shrinkA": 14, "shrinkB": 14}
            axes.annotate("", xy=places[target], xytext=places[source], arrowprops=style)
    for series in nodes:
        name = f"{series.labels['title']}\n{text(series.last, _unit(said))}"
        axes.annotate(name, places[series.labels["id"]], fontsize=_SMALL, ha="center", va="center")


_DRAWN: Mapping[str, Callable[[Axes, Json, Answers], None]] = {
    "bargauge": _bars,
    "heatmap": _buckets,
    "nodeGraph": _graph,
    "stat": _figures,
    "state-timeline": _states,
    "status-history": _states,
    "table": _table,
    "timeseries": _lines,
}


def title(axes: Axes, said: Json, width_inches: float) -> None:
    """Write a panel's title above it, no wider than it is."""
    letters = max(10, int(width_inches * 12))
    axes.set_title(fill(said["title"], letters), fontsize=8, loc="left", color=_INK)
