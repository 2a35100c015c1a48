"""The agent's pages: metrics, health, what it knows, and a page for people."""
