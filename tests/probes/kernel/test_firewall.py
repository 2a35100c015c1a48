import errno
import os
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from probes.errors import CouldNotLookError
from probes.kernel import firewall
from probes.kernel.firewall import read_firewall, rows_of_nftables
from probes.kernel.transport import RefusedByKernelError, exchange, request
from probes.model.reading import Firewall, FirewallChain, FirewallRule
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside
from tests import needs
from tests.probes.kernel import rules
from tests.probes.kernel.place import LOAD_BALANCER, Place

pytestmark = [pytest.mark.netns, needs.command("iptables-nft", "iptables")]

T = TypeVar("T")


@pytest.fixture
def legacy() -> None:
    """Go on where the kernel still has what iptables-legacy writes to."""
    trial = ("unshare", "--net", "iptables-legacy", "--list")
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"THIS KERNEL LACKS ip_tables, for iptables-legacy: {done.stderr.strip()}")


@pytest.fixture(params=["nft", "legacy"])
def back_end(request: pytest.FixtureRequest) -> str:
    """Name one of the two ways to write rules of iptables."""
    if request.param == "legacy":
        request.getfixturevalue("legacy")
    return str(request.param)


@pytest.fixture
def node(place: Place) -> Vantage:
    """Make a namespace without any rule."""
    file = str(place.add(LOAD_BALANCER))
    return Vantage(kind=VantageKind.LOAD_BALANCER, name="shop_app", netns=file)


def run(node: Vantage, *command: str, lines: str = "") -> str:
    """Run a command there."""
    return subprocess.run(
        ("nsenter", f"--net={node.netns}", *command),
        input=lines,
        text=True,
        check=True,
        capture_output=True,
    ).stdout


def there(node: Vantage, look: Callable[[], T]) -> T:
    """Look from there, in a thread of its own."""

    def work() -> T:
        with inside(node):
            return look()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


def test_what_iptables_wrote_is_read(node: Vantage, back_end: str) -> None:
    """The same rules give the same reading, whichever back end put them there."""
    run(node, f"iptables-{back_end}-restore", lines=rules.IPTABLES)

    found = there(node, read_firewall)

    assert rules.by_chain(found.rules) == rules.by_chain(rules.IPTABLES_RULES)
    assert rules.FORWARD_DROPS in found.chains
    assert {chain.policy for chain in found.chains if chain.hook != "FORWARD"} == {"ACCEPT"}


def test_chains_that_lead_nowhere_are_only_named_by_their_rules(
    node: Vantage, back_end: str
) -> None:
    """The packet never meets them by itself."""
    run(node, f"iptables-{back_end}", "--new-chain", "EMPTY")
    run(node, f"iptables-{back_end}", "--append", "FORWARD", "--jump", "EMPTY")

    found = there(node, read_firewall)

    assert [(rule.chain, rule.target) for rule in found.rules] == [("FORWARD", "EMPTY")]
    assert "EMPTY" not in {chain.chain for chain in found.chains}


def test_tables_of_others_keep_their_names(node: Vantage) -> None:
    """Their chains have any name, so the hook tells where packets meet them; IPv6's do not count.

    A part of a rule that is not understood makes the rule conditional, and nothing else.
    """
    run(node, "nft", "-f", "-", lines=rules.NATIVE)

    found = there(node, read_firewall)

    assert list(found.chains) == rules.NATIVE_CHAINS
    assert list(found.rules) == rules.NATIVE_RULES


@pytest.mark.usefixtures("legacy")
def test_both_back_ends_count_together(node: Vantage) -> None:
    """A machine may have rules of both, and a packet passes them all."""
    run(node, "iptables-nft", "--append", "INPUT", "--jump", "DROP")
    run(node, "iptables-legacy", "--append", "INPUT", "--jump", "REJECT")

    assert [rule.target for rule in there(node, read_firewall).rules] == ["DROP", "REJECT"]


@pytest.mark.usefixtures("legacy")
def test_looking_makes_no_tables(node: Vantage) -> None:
    """The kernel makes a legacy table when it is asked for, with hooks that cost each packet."""
    assert there(node, read_firewall) == Firewall()

    assert run(node, "cat", "/proc/net/ip_tables_names") == ""
    assert run(node, "nft", "list", "ruleset") == ""


def test_a_mark_that_keeps_bits_of_the_old_one_has_no_value(node: Vantage, back_end: str) -> None:
    """Swarm's rules set the whole of it."""
    command = (f"iptables-{back_end}", "--table", "mangle", "--append", "INPUT")
    run(node, *command, "--jump", "MARK", "--set-xmark", "1/0xff")

    (rule,) = there(node, read_firewall).rules

    assert (rule.target, rule.mark) == ("MARK", None)


def test_more_rules_than_are_read_are_no_reading(node: Vantage) -> None:
    """A rule that was left out must not pass for one that is missing."""
    written = "add rule ip t c accept\n" * (firewall.MAX_RULES + 1)
    run(node, "nft", "-f", "-", lines=f"add table ip t\nadd chain ip t c\n{written}")

    with pytest.raises(CouldNotLookError, match=f"more than {firewall.MAX_RULES} rules"):
        there(node, read_firewall)


@pytest.mark.usefixtures("legacy")
def test_nothing_stays_open(node: Vantage) -> None:
    """Neither a descriptor nor the namespace."""
    run(node, "iptables-legacy-restore", lines=rules.IPTABLES)
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208

    for _ in range(20):
        there(node, read_firewall)

    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_without_rights_we_could_not_look(node: Vantage, back_end: str) -> None:
    """The message names the right."""
    run(node, f"iptables-{back_end}", "--append", "INPUT", "--jump", "DROP")
    script = """
        from probes.errors import CouldNotLookError
        from probes.kernel.firewall import read_firewall

        try:
            print(read_firewall())
        except CouldNotLookError as error:
            print(error)
    """
    bounded = ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin")

    told = run(node, *bounded, sys.executable, "-c", textwrap.dedent(script))

    assert told.endswith("Operation not permitted; it takes CAP_NET_ADMIN\n")


@pytest.mark.usefixtures("legacy")
def test_a_policy_is_that_of_its_hook(node: Vantage) -> None:
    """Each chain of a legacy table has its own."""
    run(node, "iptables-legacy", "--policy", "INPUT", "DROP")

    assert there(node, read_firewall).chains == (
        FirewallChain(table="filter", chain="INPUT", policy="DROP", hook="INPUT"),
        FirewallChain(table="filter", chain="FORWARD", policy="ACCEPT", hook="FORWARD"),
        FirewallChain(table="filter", chain="OUTPUT", policy="ACCEPT", hook="OUTPUT"),
    )


def refusing(number: int) -> Callable[[], Iterator[FirewallRule]]:
    """Make a kernel that tells no rule."""

    def fetch() -> Iterator[FirewallRule]:
        raise RefusedByKernelError("the kernel refused to list the table", number)
        yield  # pragma: no cover -- makes it a generator, as what asks the kernel is

    return fetch


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EPROTONOSUPPORT])
def test_a_kernel_without_nf_tables_has_no_rules_there(number: int) -> None:
    """What the other back end has still counts."""
    assert rows_of_nftables(refusing(number)) == ()


def test_a_refusal_is_not_taken_for_an_empty_firewall() -> None:
    """Not being told is not the same as there being nothing."""
    with pytest.raises(CouldNotLookError):
        rows_of_nftables(refusing(errno.EPERM))


def test_a_kernel_says_einval_for_what_its_netfilter_lacks() -> None:
    """Asked for a subsystem that there is not, as one without nf_tables is for that."""
    nowhere = request((15 << 8) | 7, struct.pack("=BBH", 2, 0, 0))

    with pytest.raises(RefusedByKernelError) as caught:
        tuple(exchange(12, nowhere))

    assert caught.value.number == errno.EINVAL
