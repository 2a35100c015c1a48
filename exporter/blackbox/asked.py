"""What is one probe of a module asked to do?"""

import ssl
from dataclasses import dataclass

from exporter.blackbox.module_options import ModuleOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module, with what its files hold."""

    name: str
    options: ModuleOptions
    #: None where the prober never speaks TLS.
    tls: ssl.SSLContext | None
    #: Of HTTP, in their order; without the next one.
    headers: tuple[tuple[str, str], ...] = ()
    #: The value of `Authorization`; "" for none. It goes to the target's own host alone.
    authorization: str = ""
    body: bytes = b""
    #: The module as it was written, for people: secrets are not in it.
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A module, and where to aim it."""

    module: Module
    target: str
    #: The `Host` header, and the name in TLS; "" for what the target or the module says.
    hostname: str = ""
