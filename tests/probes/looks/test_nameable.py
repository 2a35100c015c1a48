"""Are names handed to shells those that stand for one thing, and harmless ones alone?"""

import json
from dataclasses import replace

import pytest

from probes.looks.nameable import load_nameable, nameable_document
from probes.looks.naming import nameable
from tests.swarms import API_2, NODE1, SHOP

STACKED = replace(
    SHOP,
    services=tuple(
        replace(item, labels=(("com.docker.stack.namespace", "shop"),)) for item in SHOP.services
    ),
)
#: Another stack's service of the same short name.
_OTHER_API = replace(
    STACKED.services[1],
    id="s-blog_api",
    name="blog_api",
    labels=(("com.docker.stack.namespace", "blog"),),
)


def test_services_and_tasks_go_by_both_their_names() -> None:
    """With the ports that are declared or exposed."""
    names = nameable(STACKED)

    assert names.services == {
        "shop_web": (80,),
        "web": (80,),
        "shop_api": (),
        "api": (),
        "shop_db": (5432,),
        "db": (5432,),
    }
    assert {"shop_api.1", "shop_api.2", "api.2", "db.1"} <= set(names.tasks)
    assert names.nodes == ("node1", "node2", "node3")
    assert names.networks == ("shop_app", "shop_data")


def test_a_short_name_of_two_services_is_nobodys() -> None:
    """It would be refused: only the full names are offered."""
    names = nameable(replace(STACKED, services=(*STACKED.services, _OTHER_API)))

    assert {"shop_api", "blog_api"} <= names.services.keys()
    assert "api" not in names.services
    assert not [task for task in names.tasks if task.startswith("api.")]


def test_a_task_that_ended_is_not_offered() -> None:
    """Nobody can look from it."""
    ended = replace(API_2, state="failed", desired_state="shutdown")
    tasks = tuple(ended if item.id == API_2.id else item for item in STACKED.tasks)

    names = nameable(replace(STACKED, tasks=tasks))

    assert "api.1" in names.tasks
    assert "api.2" not in names.tasks


@pytest.mark.parametrize("name", ["$(reboot)", "a;b", "a b", "-rf", "a\nb", "a`b`", ""])
def test_a_name_that_a_shell_would_read_is_left_out(name: str) -> None:
    """Whether it comes from the Swarm, or from an agent that nobody checked."""
    names = nameable(replace(STACKED, nodes=(replace(NODE1, name=name),)))
    assert names.nodes == ()

    document = {
        "version": 1,
        "services": {name: [80]},
        "tasks": [name],
        "nodes": [],
        "networks": [],
    }
    loaded = load_nameable(json.dumps(document).encode())
    assert (loaded.services, loaded.tasks) == ({}, ())


def test_names_are_the_same_after_their_journey() -> None:
    """From the agent to the command."""
    names = nameable(STACKED)

    assert load_nameable(json.dumps(nameable_document(names)).encode()) == names


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"version": 2}', b'{"version": 1}', b"null"])
def test_anything_else_is_no_names(body: bytes) -> None:
    """It is one error, whatever it is."""
    with pytest.raises(ValueError, match=r"."):
        load_nameable(body)
