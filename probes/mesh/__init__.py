"""Who reaches whom, now? Everyone is asked to look at everyone, and the answers are folded."""
