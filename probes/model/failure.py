"""Why did a task fail, as far as the Engine's words tell?

Words: moby's and swarmkit's error messages, Engine 20.10 to 29, in the `Err` of a task's status.
"""

from enum import StrEnum


class FailureReason(StrEnum):
    """A class of reasons; few, so that they can be labels."""

    #: No free address, or one that somebody has already.
    ADDRESS = "address"
    #: A VXLAN device or its VNI is taken.
    VXLAN = "vxlan"
    #: A published port is taken.
    PORT = "port"
    #: The network is missing, or cannot be joined.
    NETWORK = "network"
    IMAGE = "image"
    MOUNT = "mount"
    #: A secret or a configuration is missing.
    SECRET = "secret"  # noqa: S105 -- no password
    #: No node satisfies the constraints, or has the resources.
    PLACEMENT = "placement"
    HEALTH = "health"
    #: The command is not there or may not be run.
    COMMAND = "command"
    #: It ended by itself.
    EXIT = "exit"
    OTHER = "other"


#: Looked for in this order: what names the cause comes before what names the moment.
_WORDS: tuple[tuple[FailureReason, tuple[str, ...]], ...] = (
    (FailureReason.VXLAN, ("error creating vxlan", "vxlan interface")),
    (
        FailureReason.PORT,
        ("port is already allocated", "host-mode port already in use", "bind for", "listen tcp"),
    ),
    (
        FailureReason.ADDRESS,
        ("address already in use", "available ip", "allocate gateway", "pool overlaps"),
    ),
    (FailureReason.PLACEMENT, ("no suitable node", "insufficient resources")),
    (FailureReason.NETWORK, ("network", "sandbox join", "endpoint")),
    (FailureReason.IMAGE, ("image", "manifest", "pull access denied")),
    (FailureReason.MOUNT, ("mount", "volume")),
    (FailureReason.SECRET, ("secret", "config reference")),
    (FailureReason.HEALTH, ("unhealthy",)),
    (FailureReason.EXIT, ("non-zero exit",)),
    (FailureReason.COMMAND, ("exec:", "executable file", "oci runtime", "starting container")),
)


def reason_of(error: str) -> FailureReason:
    """Find the class of an error text; OTHER for words that are not known."""
    text = error.lower()
    found = (reason for reason, words in _WORDS if any(word in text for word in words))
    return next(found, FailureReason.OTHER)
