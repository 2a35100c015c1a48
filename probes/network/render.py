"""How is what was declared written for those who carry it out: stacks and gateways?

Only what the declaration says is written; everything else of a gateway's configuration is its
owner's.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from probes.documents.yamlfile import dump
from probes.intent.declared.network_config import NetworkConfig
from probes.intent.declared.service_discovery import EntryPoint, Gateway, Route
from probes.network.spec import NetworkSpec, spec_of

#: The Engine's resolver in every container on an overlay (moby libnetwork, resolver.go).
_RESOLVER = "127.0.0.11"
#: What needs quotes in none of the gateways' languages.
_PLAIN = re.compile(r"/[A-Za-z0-9/_.~%-]*")


class RenderError(Exception):
    """Something that was declared cannot be written there."""


def networks(config: NetworkConfig) -> str:
    """Write the `networks:` of a stack's file, each under its declared name."""
    return dump(
        {"networks": {name: _network(spec_of(name, it)) for name, it in config.networks.items()}}
    )


def _network(spec: NetworkSpec) -> dict[str, object]:
    written: dict[str, object] = {"name": spec.name, "driver": "overlay"}
    if spec.options:
        written["driver_opts"] = dict(spec.options)
    for key in ("internal", "attachable"):
        if getattr(spec, key):
            written[key] = True
    if spec.labels:
        written["labels"] = dict(spec.labels)
    if spec.subnet:
        written["ipam"] = {"config": [{"subnet": spec.subnet}]}
    return written


def traefik(gateway: Gateway) -> str:
    """Write the labels of each service that a route leads to, under `deploy` as Swarm asks."""
    labels = defaultdict[str, dict[str, str]](dict)
    for number, route in enumerate(gateway.routes, 1):
        name = f"{route.service}-{number}"
        router = f"traefik.http.routers.{name}"
        entry = route.via or next(iter(gateway.entry_points))
        mine = labels[route.service]
        mine["traefik.enable"] = "true"
        mine[f"{router}.rule"] = _rule(route)
        mine[f"{router}.entrypoints"] = entry
        mine[f"{router}.service"] = name
        if gateway.entry(route).tls:
            mine[f"{router}.tls"] = "true"
        mine[f"traefik.http.services.{name}.loadbalancer.server.port"] = str(route.port)
    return dump(
        {"services": {service: {"deploy": {"labels": mine}} for service, mine in labels.items()}}
    )


def _rule(route: Route) -> str:
    if route.host.startswith("*."):
        rest = route.host.removeprefix("*").replace(".", r"\.")
        rule = f"HostRegexp(`^[^.]+{rest}$`)"
    else:
        rule = f"Host(`{route.host}`)"
    path = _path(route)
    return rule if path == "/" else f"{rule} && PathPrefix(`{path}`)"


def _path(route: Route) -> str:
    """Give the path by which a gateway finds the route: a query is the request's alone."""
    path = route.path.partition("?")[0]
    if not _PLAIN.fullmatch(path):
        raise RenderError(f"{route.host}{path}: a gateway's path is of letters, digits and /_.~%-")
    return path


def caddy(gateway: Gateway) -> str:
    """Write a Caddyfile's sites, the longest path of each first."""
    lines: list[str] = []
    for host, entry, routes in _sites(gateway):
        lines.append(f"{'https' if entry.tls else 'http'}://{host}:{entry.port} {{")
        for route in routes:
            path = _path(route)
            matcher = "" if path == "/" else f"{path}* "
            lines.append(f"\thandle {matcher}{{")
            lines.append(f"\t\treverse_proxy {route.service}:{route.port}")
            lines.append("\t}")
        lines.append("}")
    return "".join(f"{line}\n" for line in lines)


def nginx(gateway: Gateway) -> str:
    """Write nginx's servers.

    Services are named by a variable: nginx looks up a plain name once, when it starts, refuses to
    start without it, and would keep the addresses of tasks that are gone (ngx_http_proxy_module,
    proxy_pass).
    """
    lines: list[str] = []
    for host, entry, routes in _sites(gateway):
        lines += ["server {", f"    listen {entry.port}{' ssl' if entry.tls else ''};"]
        lines.append(f"    server_name {host};")
        lines.append(f"    resolver {_RESOLVER} valid=5s ipv6=off;")
        if entry.tls:
            lines.append(f"    ssl_certificate {host.replace('*', '_')}.pem;")
            lines.append(f"    ssl_certificate_key {host.replace('*', '_')}.key;")
        for route in routes:
            lines += [
                f"    location {_path(route)} {{",
                f"        set $upstream http://{route.service}:{route.port};",
                "        proxy_pass $upstream;",
                "        proxy_set_header Host $host;",
                "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
                "        proxy_set_header X-Forwarded-Proto $scheme;",
                "    }",
            ]
        lines.append("}")
    return "".join(f"{line}\n" for line in lines)


def _sites(gateway: Gateway) -> Iterator[tuple[str, EntryPoint, list[Route]]]:
    """Gather routes by host and entry point; of several on one path, the first holds."""
    sites = defaultdict[tuple[str, int], dict[str, Route]](dict)
    for route in gateway.routes:
        sites[route.host, gateway.entry(route).port].setdefault(_path(route), route)
    for (host, _), routes in sites.items():
        ordered = sorted(routes.values(), key=lambda item: len(_path(item)), reverse=True)
        yield host, gateway.entry(ordered[0]), ordered


GATEWAYS: Mapping[str, Callable[[Gateway], str]] = MappingProxyType(
    {"traefik": traefik, "caddy": caddy, "nginx": nginx}
)
