"""Are stacks' files read as `docker stack deploy` reads them?"""

from pathlib import Path

import pytest

from probes.documents.load import DocumentError
from probes.network.stacks import Planned, planned, read_stack


def _planned(tmp_path: Path, **files: str) -> Planned:
    stacks = []
    for name, text in files.items():
        path = tmp_path / f"{name}.yml"
        path.write_text(text)
        stacks.append(read_stack(name, path))
    return planned(stacks)


def test_names_are_the_stacks_and_a_network_may_have_its_own(tmp_path: Path) -> None:
    """What one file makes is external to another, by its full name."""
    files = _planned(
        tmp_path,
        shop="services: {web: {networks: {app: {aliases: [www]}}}}\nnetworks: {app: {name: app}}",
        door="services: {nginx: {networks: [app]}, cron: {}}\nnetworks: {app: {external: true}}",
    )

    assert {
        service.name: service.attachments[0].network_id for service in files.topology.services
    } == {
        "shop_web": "app",
        "door_nginx": "app",
        "door_cron": "door_default",
    }
    assert files.service("shop_web").attachments[0].aliases == ("web", "www")
    assert {item.name for item in files.topology.networks} == {"app", "door_default"}
    assert files.made == {"app", "door_default"}


def test_a_nodes_own_networks_are_shared_by_nobody(tmp_path: Path) -> None:
    """Two services on `host` are on no network together."""
    files = _planned(
        tmp_path,
        mon="services: {a: {networks: [h]}}\nnetworks: {h: {external: {name: host}}}",
    )

    assert files.networks_of("mon_a") == set()
    assert files.topology.networks == ()


@pytest.mark.parametrize(
    ("port", "published"),
    [
        ("80", [(None, 80)]),
        ('"8080:80"', [(8080, 80)]),
        ('"127.0.0.1:8080:80/tcp"', [(8080, 80)]),
        ('"7000-7001:80-81"', [(7000, 80), (7001, 81)]),
        ("{target: 80, published: 8080, mode: host}", [(8080, 80)]),
    ],
)
def test_ports_are_written_in_many_ways(
    tmp_path: Path, port: str, published: list[tuple[int | None, int]]
) -> None:
    """All of them are the Compose specification's."""
    files = _planned(tmp_path, shop=f"services: {{web: {{ports: [{port}]}}}}")

    ports = files.service("shop_web").ports
    assert [(item.published, item.target) for item in ports] == published


def test_variables_are_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is said for those that are not set."""
    monkeypatch.setenv("COUNT", "5")
    monkeypatch.delenv("OTHER", raising=False)
    text = (
        "services:\n"
        "  a: {image: 'x:$$1', deploy: {replicas: $COUNT}}\n"
        "  b: {image: 'y:${OTHER:-2}', deploy: {replicas: '${COUNT}', labels: [a=b]}}\n"
    )

    files = _planned(tmp_path, shop=text)

    assert [item.replicas for item in files.topology.services] == [5, 5]
    assert [item.image for item in files.topology.services] == ["x:$1", "y:2"]
    assert ("a", "b") in files.service("shop_b").labels


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("networks: {}", "1: services: is missing"),
        ("services: [a]", "1: services: should be a mapping, not ['a']"),
        (
            "services:\n  web:\n    ports: [what]",
            "3: services.web.ports: 'what' is no port such as 80, 8080:80 or 8080:80/udp",
        ),
        (
            "services:\n  web:\n    ports: ['1-3:1-2']",
            "3: services.web.ports: '1-3:1-2' publishes 3 ports of 2",
        ),
        (
            "services:\n  web:\n    deploy:\n      endpoint_mode: dns",
            "4: services.web.deploy.endpoint_mode: should be 'vip' or 'dnsrr', not 'dns'",
        ),
        ("services: {a: {image: '${TAG:?say one}'}}", "1: the variable TAG is not set: say one"),
    ],
)
def test_a_file_that_is_no_stack_is_told_so(tmp_path: Path, text: str, message: str) -> None:
    """With the line and the key."""
    path = tmp_path / "shop.yml"
    path.write_text(text)

    with pytest.raises(DocumentError) as caught:
        read_stack("shop", path)

    assert str(caught.value) == f"{path}:{message}"
