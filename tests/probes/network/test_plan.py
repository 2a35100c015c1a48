"""Is what has to be done said, and nothing that exists ever touched?"""

from dataclasses import replace
from typing import Any

from probes.audit.declared import MTU_OPTION
from probes.intent.declared.network_config import NetworkConfig
from probes.network.plan import Action, Step, plan
from tests.swarms import SHOP


def _steps(**networks: Any) -> tuple[Step, ...]:
    config = NetworkConfig.model_validate({"version": 1, "networks": networks})
    return plan(config, SHOP)


def test_what_is_as_declared_needs_nothing() -> None:
    """With as much as was said of it."""
    (step,) = _steps(shop_app={"subnet": "10.0.1.0/24"})

    assert step == Step(network="shop_app", action=Action.NOTHING)


def test_what_is_missing_is_made_as_declared() -> None:
    """By one command, with every option."""
    (step,) = _steps(
        edge={
            "subnet": "10.9.0.0/24",
            "mtu": 1400,
            "encrypted": True,
            "internal": True,
            "attachable": True,
            "labels": {"team": "a b"},
        }
    )

    assert step.action is Action.CREATE
    (command,) = step.commands
    assert command == (
        "docker network create --driver overlay --subnet 10.9.0.0/24 "
        f"--opt {MTU_OPTION}=1400 --opt encrypted --internal --attachable "
        "--label 'team=a b' edge"
    )


def test_what_differs_is_moved_by_hand_one_service_at_a_time() -> None:
    """A network beside it, everybody onto that, then off the old one, which goes last."""
    (step,) = _steps(shop_data={"subnet": "10.9.0.0/24", "internal": True})

    assert step.action is Action.BY_HAND
    assert step.spec is None
    assert step.why == (
        "subnet: 10.9.0.0/24 is declared, 10.0.2.0/24 is there",
        "internal: true is declared, false is there",
    )
    assert step.commands == (
        "docker network create --driver overlay --subnet 10.9.0.0/24 --internal shop_data-new",
        "docker service update --network-add shop_data-new shop_api",
        "docker service update --network-add shop_data-new shop_db",
        "docker service update --network-rm shop_data shop_api",
        "docker service update --network-rm shop_data shop_db",
        "docker network rm shop_data",
        "# declare shop_data-new in place of shop_data, and in the stacks' files",
    )


def test_a_network_of_another_kind_is_no_overlay() -> None:
    """Whatever its name."""
    bridge = replace(SHOP.networks[0], driver="bridge")
    config = NetworkConfig.model_validate({"version": 1, "networks": {"shop_app": {}}})

    (step,) = plan(config, replace(SHOP, networks=(bridge, SHOP.networks[1])))

    assert step.why == ("driver: overlay is declared, bridge is there",)
