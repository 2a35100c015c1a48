"""What disagrees on this node? Pure functions from a Situation to findings, one family a file."""
