"""How is each command of `probe` typed? What it does is imported when it runs."""
