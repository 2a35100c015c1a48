"""A second kernel on this machine, for what the first one lacks: the same lab in it.

The guest is user-mode Linux. Its root is this machine's file system
under a tmpfs: it has every program and this checkout, and what it writes is gone with it. One
folder is shared both ways, and carries the requests of `exec` and what comes of them.

    python -m tests.lab.guest run -- COMMAND    # boot, run, power off; COMMAND's status
    python -m tests.lab.guest up                # boot one that stays
    python -m tests.lab.guest exec -- .venv/bin/python -m tests.lab up
    python -m tests.lab.guest exec -- .venv/bin/pytest tests/lab/test_balancing.py
    python -m tests.lab.guest down

pytest itself runs there whatever this machine's kernel lacks: see `elsewhere`.

`SWARM_LAB_KERNEL` names the kernel: a user-mode Linux, or one packed by xz. `SWARM_LAB_GUESTS`
moves the folder of what is shared (`/var/tmp/swarm-lab-guests`).
"""
