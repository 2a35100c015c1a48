"""What the operator declared, read from where they declared it."""
