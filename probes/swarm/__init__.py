"""The Engine API, turned into Topology: the only home of the docker SDK."""
