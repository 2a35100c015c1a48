"""What does the kernel hold? One table a file; the only home of pyroute2."""
