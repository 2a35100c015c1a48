"""Probes in blackbox_exporter's format, held against blackbox_exporter itself."""
