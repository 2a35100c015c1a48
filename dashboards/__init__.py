"""Grafana dashboards in code: the catalogue in, JSON out."""
