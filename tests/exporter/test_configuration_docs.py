"""docs/configuration.md says what the settings say, key by key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from exporter.settings import Settings, TargetSettings
from probes.documents.load import DocumentError, load

DOCS = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
DEFAULTS, TARGETS = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """List the dotted keys of a section; a section of its own is listed by what is in it."""
    for name, field in section.model_fields.items():
        key = prefix + (field.alias or name)
        inner = next(_sections(field.annotation), None)
        if inner is None or inner is TargetSettings:
            yield key
        else:
            yield from keys(inner, f"{key}.")


def _sections(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections(argument)


def keys_of_table(heading: str) -> list[str]:
    """List the first column of the table under a heading."""
    text = DOCS.partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)


def keys_of_yaml(value: object, prefix: str = "") -> set[str]:
    if isinstance(value, dict):
        return {key for name in value for key in keys_of_yaml(value[name], f"{prefix}.{name}")}
    return {prefix.removeprefix(".")}


def test_the_defaults_shown_are_the_defaults(tmp_path: Path) -> None:
    """The example names every key, and changes nothing."""
    path = tmp_path / "agent.yml"
    path.write_text(DEFAULTS)

    assert load(path, Settings) == Settings()
    assert keys_of_yaml(yaml.safe_load(DEFAULTS)) == set(keys(Settings))


def test_every_key_is_explained() -> None:
    """The table has the settings' keys, in their order, and no others."""
    assert keys_of_table("Every key") == list(keys(Settings))


def test_every_key_of_a_target_is_explained() -> None:
    """The table has a target's keys and no others."""
    assert sorted(keys_of_table("Targets")) == sorted(keys(TargetSettings))


def test_the_targets_shown_are_targets(tmp_path: Path) -> None:
    """The example can be used as it stands, and shows every key of a target."""
    path = tmp_path / "agent.yml"
    path.write_text(TARGETS)
    shown = yaml.safe_load(TARGETS)["targets"]

    assert [target.name for target in load(path, Settings).targets] == [
        "resolver",
        "db",
        "gateway",
        "api",
    ]
    assert {key for target in shown for key in keys_of_yaml(target)} == set(keys(TargetSettings))


def test_the_mistake_shown_is_answered_as_shown(tmp_path: Path) -> None:
    """The first line of the example of an answer is such an answer."""
    path = tmp_path / "agent.yml"
    path.write_text("probes:\n  intervall: 5s\n")

    with pytest.raises(DocumentError) as caught:
        load(path, Settings)

    answer = str(caught.value).replace(f"{tmp_path}/", "")
    assert f"```\n{answer}\n" in DOCS
