"""What does a whole fleet of agents know of a Swarm that nobody runs?

Its probes are those that the plan really makes, its summaries those that the agents really fold;
only how the probes end, and what the kernels hold, is made up.
"""
