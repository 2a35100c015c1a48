from pathlib import Path

import pytest

from probes.errors import CouldNotLookError
from probes.kernel.namespaces import classify, list_namespaces
from probes.model.topology import Network
from probes.model.vantage import VantageKind
from tests.probes.kernel.place import LOAD_BALANCER, NETWORK_ID, OVERLAY, Place

FOLDER = Path("/var/run/docker/netns")
APP = Network(id=NETWORK_ID, name="shop_app", driver="overlay")
INGRESS = Network(id="w" * 25, name="ingress", driver="overlay", ingress=True)


def test_names_tell_what_a_namespace_is_for() -> None:
    """Each kind of name gives its kind of vantage, called after its network."""
    names = [OVERLAY, LOAD_BALANCER, "ingress_sbox", "1-" + "w" * 10, "0123456789ab"]

    found = classify(names, FOLDER, (APP, INGRESS))

    assert {(n.vantage.kind, n.vantage.name, n.network_id) for n in found} == {
        (VantageKind.OVERLAY, "shop_app", NETWORK_ID),
        (VantageKind.OVERLAY, "ingress", INGRESS.id),
        (VantageKind.LOAD_BALANCER, "shop_app", NETWORK_ID),
        (VantageKind.INGRESS, "ingress", INGRESS.id),
        (VantageKind.TASK, "0123456789ab", ""),
    }


def test_a_vantage_leads_to_its_file() -> None:
    """The path is the folder's, whatever folder was named."""
    (found,) = classify([OVERLAY], Path("/proc/1/root/run/docker/netns"), (APP,))

    assert found.vantage.netns == f"/proc/1/root/run/docker/netns/{OVERLAY}"


@pytest.mark.parametrize(
    "names",
    [["2-k3x9q2m7wa", "10-k3x9q2m7wa"], ["10-k3x9q2m7wa", "2-k3x9q2m7wa"]],
    ids=["ascending", "descending"],
)
def test_the_latest_building_of_an_overlay_counts(names: list[str]) -> None:
    """Epochs are compared as numbers, in whatever order the names come."""
    (found,) = classify(names, FOLDER, (APP,))

    assert found.vantage.netns == f"{FOLDER}/10-k3x9q2m7wa"


@pytest.mark.parametrize("name", ["1-zzzzzzzzzz", "lb_zzzzzzzzz", "ingress_sbox"])
def test_a_network_that_nobody_knows_has_the_name_of_its_file(name: str) -> None:
    """Its kernel state is still worth reading."""
    (found,) = classify([name], FOLDER, (APP,))

    assert (found.vantage.name, found.network_id) == (name, "")


@pytest.mark.parametrize(
    "name", ["default", "0123456789abc", "0123456789AB", "-k3x9q2m7wa", "lb_", "1-", "x"]
)
def test_other_names_are_left_out(name: str) -> None:
    """The host's own namespace and files of strangers are nobody's vantage."""
    assert classify([name], FOLDER, (APP,)) == ()


@pytest.mark.netns
def test_only_real_namespaces_are_listed(place: Place) -> None:
    """A file whose namespace was unmounted is no namespace, whatever its name."""
    place.add(OVERLAY)
    (place.folder / LOAD_BALANCER).touch()
    (place.folder / "0123456789ab").symlink_to("nowhere")

    found = list_namespaces(place.folder, [APP])

    assert [namespace.vantage.netns for namespace in found] == [f"{place.folder}/{OVERLAY}"]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path) -> None:
    """The error says which folder, why, and what to check."""
    with pytest.raises(CouldNotLookError) as caught:
        list_namespaces(tmp_path / "netns", [])

    assert str(caught.value) == (
        f"{tmp_path}/netns cannot be listed (No such file or directory): "
        "is the engine's folder mounted?"
    )
