"""Why does a service not answer a task? The way is walked as the packet would, hop by hop."""
