"""Looks on demand, told in blackbox_exporter's format and names: its modules, our vantage."""
