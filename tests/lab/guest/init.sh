# The guest's first process, until it becomes inside.py: it makes the root and furnishes it.
#   $1 the folder shared with the machine   $2 python   $3 inside.py
set -e
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

# The machine's files below, a tmpfs above: nothing that is written here reaches the machine.
mount -t tmpfs swarm-lab /mnt
mkdir /mnt/above /mnt/work /mnt/root
mount -t overlay -o lowerdir=/,upperdir=/mnt/above,workdir=/mnt/work swarm-lab /mnt/root
cd /mnt/root

mount -t proc proc proc
mount -t sysfs sys sys
mount -t cgroup2 cgroup sys/fs/cgroup
mount -t devtmpfs dev dev
mkdir -p dev/pts dev/shm
mount -t devpts devpts dev/pts
mount -t tmpfs shm dev/shm
mount -t tmpfs -o mode=755 swarm-lab run
mount -t tmpfs -o mode=755 swarm-lab mnt
mkdir -m 1777 mnt/tmp run/lock
mount --bind "$1" ".$1"

pivot_root . .
umount -l .
cd /

hostname guest
ip link set lo up
# Namespaces made later inherit it, those of Swarm's load balancers too, where Docker does not set
# it: without it IPVS forwards nothing, however right its tables look.
echo 1 > /proc/sys/net/ipv4/ip_forward
exec "$2" -I -S "$3" "$1"
