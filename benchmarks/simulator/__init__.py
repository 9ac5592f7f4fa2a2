"""What the simulator bears, beside what the server bears."""
