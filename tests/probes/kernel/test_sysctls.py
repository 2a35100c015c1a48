import subprocess
from pathlib import Path

import pytest

from probes.errors import CouldNotLookError
from probes.kernel.sysctls import read_setting, read_sysctls
from probes.model.vantage import Vantage, VantageKind
from probes.vantage import inside
from tests.probes.kernel.place import TASK, Place


@pytest.mark.netns
def test_a_setting_is_the_namespaces_where_the_thread_stands(place: Place) -> None:
    """What one task is set to says nothing of the next, nor of the host."""
    file = place.add(TASK)
    name = "net.ipv4.tcp_keepalive_time"
    set_it = ("nsenter", f"--net={file}", "sysctl", "--write", f"{name}=777")
    subprocess.run(set_it, check=True, capture_output=True)
    ours = read_sysctls([name])

    with inside(Vantage(kind=VantageKind.TASK, name=TASK, netns=str(file))):
        theirs = read_sysctls([name])

    assert theirs == ((name, "777"),)
    assert ours != theirs
    assert read_sysctls([name]) == ours


def test_what_the_kernel_does_not_have_is_left_out() -> None:
    """A kernel without IPVS has none of its settings, and that is no failure."""
    found = read_sysctls(["net.ipv4.vs.no_such_setting", "net.ipv4.ip_forward"])

    assert [name for name, _ in found] == ["net.ipv4.ip_forward"]
    assert found[0][1] in {"0", "1"}


def test_several_numbers_have_blanks_between_them() -> None:
    """The kernel puts tabs there."""
    ((_, value),) = read_sysctls(["net.ipv4.tcp_rmem"])

    assert len(value.split(" ")) == 3


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The file and the reason are in the message."""
    with pytest.raises(CouldNotLookError, match=f"{tmp_path} cannot be read: Is a directory"):
        read_setting(tmp_path)
