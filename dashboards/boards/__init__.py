"""One dashboard a file: an ordered list of panels."""
