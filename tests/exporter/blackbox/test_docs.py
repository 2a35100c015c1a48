"""docs/blackbox.md says what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import yaml
from pydantic import BaseModel

from exporter.blackbox import service
from exporter.blackbox.module_options import ModulesFile
from exporter.settings import Settings
from probes.documents.load import load

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs" / "blackbox.md").read_text(encoding="utf-8")


def sections(annotation: object) -> Iterator[type[BaseModel]]:
    """List every section that a file of modules can have."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from sections(field.annotation)
    for argument in get_args(annotation):
        yield from sections(argument)


def first_column(heading: str) -> str:
    """Give the first column of the table under a heading."""
    text = DOCS.partition(f"## {heading}")[2].partition("\n## ")[0]
    return " ".join(re.findall(r"^\| (`.+?) \|", text, re.MULTILINE))


def test_what_is_not_supported_is_listed() -> None:
    """Every option that is refused by name, and no other."""
    refused = {key for section in sections(ModulesFile) for key in getattr(section, "WITHOUT", ())}
    listed = set(re.findall(r"`(\w+)`", first_column("What is not supported")))

    assert listed - {"min_version"} == refused - {"unix", "websocket"}


def test_every_parameter_is_explained() -> None:
    """The table has what `/probe` takes."""
    listed = re.findall(r"`(\w+)(?:=\w+)?`", first_column("Point a job at it"))

    assert set(listed) == service.PARAMETERS


def test_the_configuration_shown_is_one(tmp_path: Path) -> None:
    """And the job is the example's first."""
    configuration, job = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)
    path = tmp_path / "agent.yml"
    path.write_text(configuration)
    jobs = (ROOT / "deploy" / "examples" / "blackbox" / "prometheus.yml").read_text()

    assert load(path, Settings).blackbox.modules_file == "/etc/swarmscope/blackbox.yml"
    assert yaml.safe_load(job)[0] == yaml.safe_load(jobs)["scrape_configs"][0]
