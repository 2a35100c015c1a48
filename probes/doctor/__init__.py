"""What is wrong with this Swarm, and what is behind it? Pure, of what the agents tell."""
