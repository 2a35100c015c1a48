"""What is there, row by row, with the names that people use? Pure functions over a Situation."""
