"""What are netfilter's hooks called?"""

#: enum nf_inet_hooks (kernel include/uapi/linux/netfilter.h), as iptables calls its chains.
HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")


def hook_name(number: int) -> str:
    """Name a hook; "" for those that no IPv4 packet passes on its way, such as a device's."""
    return HOOKS[number] if number < len(HOOKS) else ""
