"""What does it cost, and how fast is it? Each prints its figures; none is a test."""
