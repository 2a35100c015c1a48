"""What the agent knows, turned into metric families: the only home of prometheus_client."""
