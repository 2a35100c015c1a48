"""Which alerts are there, when do they fire, and who hears of them?

Prometheus' rules, Alertmanager's configuration and the runbooks, in code: `python -m alerts build`.
"""
