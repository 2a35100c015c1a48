"""What do the pages for people say? Frozen documents, made of what the agents told; no I/O."""
