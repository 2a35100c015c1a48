"""What is on the wire between the nodes? The only home of scapy, in a process of its own."""
