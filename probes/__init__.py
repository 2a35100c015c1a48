"""Observes the Swarm's network, once: knows no Prometheus, no scheduler, no daemon."""
