"""When is enough? Every threshold and hold of the alerts, and the file that may change them.

Findings have no hold here: the agents hold them back (`hold_seconds` in their catalogue).
"""

import difflib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from exporter import limits

# Like the limits and the catalogue, it imports nothing of the agent's.
from probes.documents.yamlfile import YamlError, parse


class ThresholdsError(Exception):
    """The file cannot be used; the message has one line per problem."""


class Thresholds(BaseModel):
    """All of them; a key of the user's file is a name from here."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: Where the runbooks are read; each is a page NAME.md below it.
    runbook_base: str = "https://github.com/swarmscope/swarmscope/blob/main/docs/runbooks"
    #: Where Grafana is, as people reach it. Empty: links are relative to wherever it is.
    dashboard_base: str = ""

    #: How often rules are evaluated. A page within a minute leaves 5 s for this.
    evaluation_seconds: int = Field(default=5, ge=1, le=60)

    #: Two lost runs of a probe, 10 s apart, are no outage; and a third is seen early enough: at
    #: worst 12 s of probe, 10 s of scrape, 5 s of evaluation and of grouping leave 28 s.
    pattern_hold_seconds: int = Field(default=20, ge=0, le=600)
    #: An agent needs two rounds, 20 s and a scrape to name a cause: so long do patterns wait at
    #: most, while one says that it has something in hand.
    cause_patience_seconds: int = Field(default=40, ge=10, le=600)
    #: What no cause and no pattern explains may still be explained by one a moment later.
    symptom_hold_seconds: int = Field(default=45, ge=0, le=3600)
    #: For so long each run of a probe must have failed before its path is called broken.
    broken_seconds: int = Field(default=30, ge=10, le=3600)

    #: Fewer tasks say nothing of the way between two nodes: it could be the one task.
    pair_tasks: int = Field(default=limits.PAIR_TASKS, ge=1, le=100)
    #: A node that loses its way to one other only is not cut off: that is the pair's fault.
    cut_off_peers: int = Field(default=limits.CUT_OFF_PEERS, ge=1, le=100)

    #: Echoes of a healthy Swarm are lost far below 1 %; services notice from a few percent on.
    lossy_least: float = Field(default=limits.LOSS_SHARE, gt=0, lt=1)
    #: Loss is random: its share is a mean over six runs of each echo.
    lossy_window_seconds: int = Field(default=60, ge=10, le=600)
    #: An echo is lossy, and not dead, if it came back within its last two runs.
    lossy_memory_seconds: int = Field(default=25, ge=10, le=600)
    #: Must be above two runs: what fails twice, and what fails once and for all, look like loss for
    #: no longer.
    lossy_hold_seconds: int = Field(default=25, ge=0, le=3600)

    #: Two agents may tell of one fault a round and a scrape apart: so long does the first pair of
    #: nodes that miss each other in their tables wait for a second one, which names the culprit.
    single_pair_seconds: int = Field(default=20, ge=5, le=600)

    #: How long it is remembered what ran on a node that is down: then that explains no more.
    placement_memory_seconds: int = Field(default=900, ge=60, le=86400)

    #: Operators need working days to get a certificate ...
    certificate_warning_days: int = Field(default=limits.CERTIFICATE_WARNING_DAYS, ge=1, le=365)
    #: ... and automatic renewal, if there is any, has failed for weeks by now.
    certificate_critical_days: int = Field(default=limits.CERTIFICATE_CRITICAL_DAYS, ge=1, le=365)

    #: An update of the agents takes each away for less than 30 s.
    agent_missing_hold_seconds: int = Field(default=60, ge=0, le=3600)

    #: The share of successful probes that must not be slow, where a service's label says nothing;
    #: what is slow, the agents know.
    latency_objective: float = Field(default=limits.LATENCY_OBJECTIVE, gt=0, lt=1)
    #: The share of probes that must succeed, where a service's label says nothing.
    success_objective: float = Field(default=limits.SUCCESS_OBJECTIVE, gt=0, lt=1)
    #: At this rate 2 % of a month's budget are gone in an hour (the SRE workbook's figure).
    fast_burn: float = Field(default=limits.FAST_BURN, gt=1, le=100)
    #: At this rate 5 % of a month's budget are gone in six hours.
    slow_burn: float = Field(default=limits.SLOW_BURN, gt=1, le=100)

    #: An agent reads the topology every 30 s at least: it has failed ten times.
    topology_old_seconds: int = Field(default=limits.TOPOLOGY_OLD_SECONDS, ge=30, le=86400)
    #: A check that cannot look for a moment meets a namespace on its way out.
    blind_hold_seconds: int = Field(default=300, ge=0, le=86400)
    #: A round of checks is made every 5 s.
    audit_stalled_seconds: int = Field(default=limits.AUDIT_STALLED_SECONDS, ge=20, le=86400)
    #: Probes that start so late report the agent's load, not the network's.
    scheduler_lag_seconds: float = Field(default=limits.SCHEDULER_LAG_SECONDS, gt=0, le=60)
    #: One busy moment is none of anybody's business.
    self_hold_seconds: int = Field(default=300, ge=0, le=86400)

    @model_validator(mode="after")
    def _one_fits_the_other(self) -> Self:
        for least, most in (
            ("pattern_hold_seconds", "cause_patience_seconds"),
            ("lossy_memory_seconds", "lossy_window_seconds"),
            ("certificate_critical_days", "certificate_warning_days"),
            ("slow_burn", "fast_burn"),
        ):
            if getattr(self, least) >= getattr(self, most):
                raise ValueError(f"{least} must be below {most}")
        return self


def load(path: Path) -> Thresholds:
    """Read the user's file, or raise ThresholdsError."""
    try:
        document = parse(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ThresholdsError(f"{path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ThresholdsError(f"{path}: not UTF-8: {exc.reason}") from exc
    except YamlError as exc:
        where = f"{path}:{exc.line}" if exc.line else str(path)
        raise ThresholdsError(f"{where}: {exc}") from exc
    try:
        return Thresholds.model_validate({} if document.value is None else document.value)
    except ValidationError as exc:
        found = [
            (document.line((key,)), f"{key}: {_reason(key, error['type'], error['msg'])}")
            for error in exc.errors(include_url=False)
            for key in (str(error["loc"][0]) if error["loc"] else "the file",)
        ]
    raise ThresholdsError("\n".join(f"{path}:{line}: {text}" for line, text in sorted(found)))


def _reason(key: str, kind: str, message: str) -> str:
    if kind != "extra_forbidden":
        return message.removeprefix("Input ").removeprefix("Value error, ")
    near = difflib.get_close_matches(key, Thresholds.model_fields, n=1)
    return f"no such key; did you mean {near[0]}?" if near else "no such key"
