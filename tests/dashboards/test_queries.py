"""How are queries written, and how are their variables filled in?"""

import pytest

from dashboards import queries
from dashboards.filled import filled
from dashboards.selectors import metrics, selectors
from exporter.catalog import PROBE_DURATION, PROBE_RUNS, PROBE_SUCCESS


def test_a_misspelt_label_cannot_be_asked_for() -> None:
    """It is an error when dashboards are built, not an empty panel."""
    with pytest.raises(ValueError, match="has no label sorce_node"):
        queries.shown(PROBE_SUCCESS, sorce_node="$node")


def test_a_foreign_metric_must_be_listed() -> None:
    """What others expose may be misspelt, too."""
    with pytest.raises(ValueError, match="upp is not among"):
        queries.foreign("upp")


def test_a_variable_is_a_pattern_and_a_word_is_a_word() -> None:
    """Several may be chosen of the one."""
    assert queries.shown(PROBE_SUCCESS, source_node="$node", probe="tcp") == (
        'swarmscope_probe_success{cluster=~"$cluster",source_node=~"$node",probe="tcp"}'
    )


def test_rates_and_percentiles_follow_the_screen() -> None:
    """Their window is Grafana's."""
    assert queries.rates(("node",), PROBE_RUNS) == (
        'sum by (node) (rate(swarmscope_probe_runs_total{cluster=~"$cluster"}[$__rate_interval]))'
    )
    assert queries.quantile(0.9, (), PROBE_DURATION) == (
        "histogram_quantile(0.9, sum by (le) "
        '(rate(swarmscope_probe_duration_seconds_bucket{cluster=~"$cluster"}[$__rate_interval])))'
    )


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ('up{node=~"$node"}', 'up{node=~".+"}'),
        ('up{network=~"${network}|"}', 'up{network=~".+|"}'),
        ("rate(a[$__rate_interval])", "rate(a[1m])"),
        ('label_replace(a, "b", "$1", "c", "(.+)")', 'label_replace(a, "b", "$1", "c", "(.+)")'),
        ("min_over_time((a)[$__range:30s])", "min_over_time((a)[1h:30s])"),
    ],
)
def test_variables_are_filled_in_as_when_all_is_chosen(expr: str, text: str) -> None:
    """And Grafana's own as on a dashboard that shows an hour."""
    assert filled(expr) == text


def test_selectors_are_read_from_a_query() -> None:
    """With what stands around them."""
    (one,) = selectors('sum(rate(swarmscope_probe_runs_total{cluster=~"$cluster"}[5m]))')

    assert one.metric == "swarmscope_probe_runs_total"
    assert one.matchers == {"cluster": ("=~", "$cluster")}
    assert one.range == "[5m]"
    assert one.before == "sum(rate("


def test_metrics_are_found_with_braces_and_without() -> None:
    """And not in what is quoted."""
    assert metrics('swarmscope_a + swarmscope_b{job="swarmscope_c"}') == {
        "swarmscope_a",
        "swarmscope_b",
    }
