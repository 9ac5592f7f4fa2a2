"""What whole sessions cost: a load generator, servers to let it loose on, and the runs that set them side by side."""
