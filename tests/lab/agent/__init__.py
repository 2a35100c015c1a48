"""The shipped stack on a real Swarm: agents, Prometheus and the example application."""
