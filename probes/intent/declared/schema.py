"""What do editors need to know of the two files? Their JSON schemas, made of what reads them.

`python -m probes.intent.declared.schema` writes docs/schemas/.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from probes.documents.section import Section
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery

_FOLDER = Path(__file__).parents[3] / "docs" / "schemas"
_SHAPES: Mapping[str, type[Section]] = {
    "network-config.schema.json": NetworkConfig,
    "service-discovery.schema.json": ServiceDiscovery,
}


def schemas() -> Mapping[Path, str]:
    """Write each schema; what lies between two keys only the agents can tell."""
    return {_FOLDER / name: _written(shape) for name, shape in _SHAPES.items()}


def _written(shape: type[Section]) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **shape.model_json_schema(by_alias=True, mode="validation"),
    }
    return json.dumps(schema, indent=2) + "\n"


def main() -> None:
    """Write both."""
    for path, text in schemas().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
