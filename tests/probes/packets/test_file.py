"""Are packets kept within a bound, and as others read them?"""

from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.utils import rdpcap

from probes.packets.file import PacketFile
from probes.packets.tap import Tapped

PACKET = bytes(IP(src="198.18.0.11", dst="198.18.0.12") / UDP(dport=4789))


def test_packets_come_back_with_their_times(tmp_path: Path) -> None:
    """Whole, and in microseconds."""
    path = tmp_path / "out.pcap"
    with PacketFile(str(path)) as file:
        file.write(Tapped(PACKET, 1764350000.25))

    (read,) = rdpcap(str(path))
    assert bytes(read) == PACKET
    assert float(read.time) == 1764350000.25


def test_once_a_packet_does_not_fit_none_does(tmp_path: Path) -> None:
    """Smaller ones behind it would leave a gap that nobody sees."""
    path = tmp_path / "out.pcap"
    with PacketFile(str(path), most_bytes=len(PACKET) + 30) as file:
        for data in (PACKET, PACKET * 2, PACKET):
            file.write(Tapped(data, 0.0))

        assert file.written == 1
    assert [bytes(read) for read in rdpcap(str(path))] == [PACKET]


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    """Also when it came to be there a moment ago."""
    path = tmp_path / "out.pcap"
    path.write_text("mine")

    with pytest.raises(FileExistsError):
        PacketFile(str(path))
    assert path.read_text() == "mine"
