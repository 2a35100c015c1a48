"""What should this node look at? A pure function of what exists and what was declared."""
