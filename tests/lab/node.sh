# What a node's mount and UTS namespaces hold: run once in them, with
#   $1 its name   $2 its folder   $3 the folder of the pinned namespaces
set -e
mount --make-rprivate /
umount --recursive "$3"         # else this node would keep the others' namespaces alive
hostname "$1"
echo 1 > /proc/sys/net/ipv4/ip_forward

# Shared, so that a container's `rslave` bind sees namespaces made later; and where the machine's own
# /run is a mount, that one, too: of two on one place, Docker judges by the lower.
if mountpoint --quiet /run; then mount --make-shared /run; fi
mount -t tmpfs -o mode=755 swarm-lab /run
mount --make-rshared /run
mount --bind "$2/docker" /var/lib/docker
mount --bind "$2/etc-docker" /etc/docker

# A sysfs shows the links of the network namespace that mounted it.
mount --rbind /sys/fs/cgroup "$2/cgroup"
mount -t sysfs swarm-lab /sys
mount --rbind "$2/cgroup" /sys/fs/cgroup
umount --recursive "$2/cgroup"

# The file may be a link into /run, which is empty now.
resolver=$(readlink -m /etc/resolv.conf)
mkdir -p "$(dirname "$resolver")"
[ -e "$resolver" ] || : > "$resolver"
mount --bind "$2/resolv.conf" "$resolver"
