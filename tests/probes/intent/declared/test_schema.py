"""Do the published schemas take what the agents take, and refuse what is plainly wrong?"""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from probes.intent.declared.schema import schemas
from tests.probes.intent.declared.test_bad_files import NETWORKS, SERVICES

DEPLOY = Path(__file__).parents[4] / "deploy"
SCHEMAS = {path.name.partition(".")[0]: json.loads(text) for path, text in schemas().items()}
#: What is wrong beside something else, or by what a text means, is for the agents to find.
BEYOND = (
    "overlap",
    "unknown",
    "nowhere",
    "head-room",
    "nothing",
    "host bits",
    "without room",
    "allowed and never",
    "name that Swarm",
    "key twice",
    "path without",
    "objective of a hundred",
    "latency without",
    "name of two",
    "without a door",
    "route to",
    "route through",
    "TLS where",
    "external address",
    "external port",
    "credentials",
    "resolver without",
    "needed by nobody",
    "must and may",
)


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_what_is_published_is_current(path: Path) -> None:
    """`python -m probes.intent.declared.schema` renews it."""
    assert path.read_text(encoding="utf-8") == schemas()[path]


@pytest.mark.parametrize("folder", ["examples/declared", "caprover"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_the_examples_are_good(folder: str, name: str) -> None:
    """With all their short forms."""
    document = yaml.safe_load((DEPLOY / folder / f"{name}.yml").read_text())

    jsonschema.validate(document, SCHEMAS[name])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param(name, text, id=case)
        for name, cases in (("network-config", NETWORKS), ("service-discovery", SERVICES))
        for case, (text, _) in cases.items()
        if not any(words in case for words in BEYOND)
    ],
)
def test_an_editor_marks_what_is_plainly_wrong(name: str, text: str) -> None:
    """Misspelt keys, wrong types, and values of no list."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), SCHEMAS[name])
