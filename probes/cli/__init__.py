"""The `probe` command: one look, now, for a person."""
