"""Why can the Engine not be asked?"""


class EngineError(Exception):
    """The Engine could not be asked; the message says where, why and what to do."""


class NotAManagerError(EngineError):
    """The node is no Swarm manager, so it cannot tell the topology (HTTP 503)."""


class NoSwarmError(EngineError):
    """The Engine is not part of a Swarm."""
