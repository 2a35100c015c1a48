"""What will not do in a stack's file? Each module has some rules, in RULES."""
