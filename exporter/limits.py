"""When is enough? The limits that alerts begin at, and that dashboards colour by.

Beside the catalogue, because both must say the same. Alerts may be given others in a file of the
user's (`alerts/thresholds.py`), agents in their configuration; dashboards keep to these.
"""

from probes.doctor import limits as doctor
from probes.findings import addresses, host

#: What failing looks must have in common to be told as one: the same for `probe doctor`.
CUT_OFF_PEERS = doctor.CUT_OFF_PEERS
PAIR_TASKS = doctor.PAIR_TASKS

#: Echoes of a healthy Swarm are lost far below 1 %; services notice from a few percent on.
LOSS_SHARE = 0.05

#: Operators need working days to get a certificate ...
CERTIFICATE_WARNING_DAYS = 14
#: ... and automatic renewal, if there is any, has failed for weeks by now.
CERTIFICATE_CRITICAL_DAYS = 3

#: A request inside one data centre that takes half a second is slow for anybody.
SLOW_SECONDS = 0.5
#: The share of successful probes that must not be slow, where a service's label says nothing.
LATENCY_OBJECTIVE = 0.99
#: The share of probes that must succeed, where a service's label says nothing.
SUCCESS_OBJECTIVE = 0.99
#: At this rate 2 % of a month's budget are gone in an hour (the SRE workbook's figure).
FAST_BURN = 14.4
#: At this rate 5 % of a month's budget are gone in six hours.
SLOW_BURN = 6.0

#: An agent reads the topology every 30 s at least: it has failed ten times.
TOPOLOGY_OLD_SECONDS = 300
#: A round of checks is made every 5 s.
AUDIT_STALLED_SECONDS = 120
#: Probes that start so late report the agent's load, not the network's.
SCHEDULER_LAG_SECONDS = 1.0

#: What the checks hold the kernel's tables and the networks' addresses against.
TABLE_NEARLY_FULL_SHARE = host.NEARLY_FULL_SHARE
TABLE_FULL_SHARE = host.FULL_SHARE
ADDRESSES_LEFT_SHARE = 1 / addresses.SCARCE_PART
