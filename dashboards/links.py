"""Where does one go from here? Links keep the time, the data source, and what was chosen."""

from grafanalib.core import DashboardLink, DataLink

from dashboards.uids import Uid

#: What every dashboard of ours is tagged with.
TAG = "swarmscope"
_KEPT = "${__url_time_range}&${datasource:queryparam}&${cluster:queryparam}"

#: In the head of each dashboard: all the others.
ALL = DashboardLink(
    title="Swarmscope",
    type="dashboards",
    tags=[TAG],
    asDropdown=True,
    includeVars=True,
    keepTime=True,
    icon="external link",
)


def cell(title: str, uid: Uid, **values: str) -> DataLink:
    """Lead from a table's row: variable -> the field that has its value."""
    return _link(
        title, uid, {name: f"${{__data.fields.{field}}}" for name, field in values.items()}
    )


def line(title: str, uid: Uid, **values: str) -> DataLink:
    """Lead from a series: variable -> the label that has its value."""
    return _link(
        title, uid, {name: f"${{__field.labels.{label}}}" for name, label in values.items()}
    )


def row_of_matrix(title: str, uid: Uid, variable: str) -> DataLink:
    """Lead from a matrix to what its row is about."""
    return _link(title, uid, {variable: "${__data.fields[0]}"})


def column_of_matrix(title: str, uid: Uid, variable: str) -> DataLink:
    """Lead from a matrix to what its column is about."""
    return _link(title, uid, {variable: "${__field.name}"})


def to(title: str, uid: Uid) -> DataLink:
    """Lead to a dashboard that shows everything of its kind."""
    return _link(title, uid, {})


def _link(title: str, uid: Uid, values: dict[str, str]) -> DataLink:
    chosen = "".join(f"&var-{name}={value}" for name, value in values.items())
    return DataLink(title=title, linkUrl=f"/d/{uid}?{_KEPT}{chosen}")
