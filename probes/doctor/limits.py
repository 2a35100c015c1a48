"""When have failing looks something in common? What the doctor and the alerts begin at."""

#: A node that loses its way to one other only is not cut off: that is the pair's fault.
CUT_OFF_PEERS = 2
#: Fewer tasks say nothing of the way between two nodes: it could be the one task.
PAIR_TASKS = 2
