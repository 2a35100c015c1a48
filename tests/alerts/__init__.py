"""Tests of the alerts: Prometheus' and Alertmanager's own tools have the last word."""
