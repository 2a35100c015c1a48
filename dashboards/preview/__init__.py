"""Dashboards drawn without Grafana, to judge layout, legends and data by eye."""
