"""A real Docker Swarm on one Linux machine: every node is three namespaces around a real dockerd.

A node has a network, a mount and a UTS namespace of its own, and with them its own
`/var/run/docker.sock`, `/var/run/docker/netns`, `/var/lib/docker`, host name and address. Raft,
gossip, VXLAN and the embedded DNS are Docker's own; a stack file written for production deploys
unmodified. Nodes hang on a bridge in a namespace of its own, the fabric, and so does this machine:

    node1 198.18.0.11    node2 198.18.0.12    node3 198.18.0.13    this machine 198.18.0.1

    python -m tests.lab up --nodes 3          # needs root, and names the packages it lacks
    python -m tests.lab images shop           # stand-ins for the images of the example application
    python -m tests.lab deploy deploy/examples/shop.yml shop
    python -m tests.lab docker node1 -- service ls
    python -m tests.lab exec node2 -- ip address
    python -m tests.lab netns node2 1- -- bridge fdb show dev vxlan0
    python -m tests.lab down                  # leaves no process, mount, namespace or cgroup

`SWARM_LAB_STATE` moves the folder that holds the nodes' disks (`/var/tmp/swarm-lab`).
"""
