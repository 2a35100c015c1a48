"""What does `make run` do? A Swarm of three nodes, Swarmscope on it, and a shop to watch.

python -m tests.lab.showcase up      prints where to look, and what to try
python -m tests.lab.showcase down
"""

import sys

from tests.lab import images, requirements, swarmscope
from tests.lab.errors import LabError
from tests.lab.lab import Lab, Shape
from tests.lab.locked import locked
from tests.lab.swarmscope_images import ROOT

SHOP = ROOT / "deploy" / "examples" / "shop.yml"

_TRIES = (
    "probe services",
    "probe dns api --from shop_web",
    "probe http http://api/health --from shop_web",
)


def up(lab: Lab) -> None:
    """Bring everything up, and wait until Prometheus has scraped every agent."""
    lab.up(Shape())
    say("deploying the shop")
    images.put(lab.nodes, images.SHOP)
    lab.deploy(SHOP, "shop")
    say("deploying Swarmscope")
    swarmscope.deploy(lab, say)
    say("waiting for Alertmanager, and for the first scrape of every agent")
    swarmscope.wait_until_ready(lab.manager, swarmscope.ALERTMANAGER_PORT)
    swarmscope.wait_until_scraped(lab)


def where_to_look(lab: Lab) -> str:
    """Tell a person what there is to open and to try."""
    first = lab.manager
    pages = [
        *((f"Swarmscope on {node.name}", node, swarmscope.AGENT_PORT) for node in lab.nodes),
        ("Prometheus", first, swarmscope.PROMETHEUS_PORT),
        ("Alertmanager", first, swarmscope.ALERTMANAGER_PORT),
    ]
    inside = f"docker {first.name} -- exec {swarmscope.agent_container(lab, first)}"
    return "\n".join(
        [
            "",
            "Open:",
            *(f"  {what:<22} http://{node.address}:{port}/" for what, node, port in pages),
            "",
            f"Try, on {first.name}:",
            *(f"  .venv/bin/python -m tests.lab {inside} {words}" for words in _TRIES),
            "",
            *_what_fails_here(lab),
            "End it with `make stop`.",
        ],
    )


def _what_fails_here(lab: Lab) -> list[str]:
    """Explain the red rows of a Swarm that is as well as this kernel lets it be."""
    if lab.kernel.ipvs:
        return []
    return [
        "This machine's kernel has no IPVS, so no service's virtual IP answers:",
        "the `vip` probes that fail are a true finding.",
        "",
    ]


def say(line: str) -> None:
    """Tell what is being done."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Do what the command line says; 1 with the reason where that was not possible."""
    lab = Lab(say=say)
    try:
        match sys.argv[1:]:
            case ["up"]:
                requirements.check()
                with locked(lab.layout.lock, "make run"):
                    up(lab)
                say(where_to_look(lab))
            case ["down"]:
                with locked(lab.layout.lock, "make stop"):
                    lab.down()
                say("nothing of it is left")
            case _:
                sys.stderr.write(f"{__doc__}")
                return 2
    except LabError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
