"""What do people see, and can they use it? The pages in Debian's Chromium."""
