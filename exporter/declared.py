"""What do the two files declare that the configuration names?"""

from pathlib import Path

from exporter.settings import Settings
from probes.documents.load import load
from probes.intent.declaration import Declaration
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import ServiceDiscovery


def read_declaration(settings: Settings) -> Declaration:
    """Read both, or raise DocumentError; what is not named is not there."""
    networks, services = settings.network_config, settings.service_discovery
    return Declaration(
        networks=load(Path(networks), NetworkConfig) if networks else None,
        services=load(Path(services), ServiceDiscovery) if services else None,
    )
