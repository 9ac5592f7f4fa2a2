"""What no day brings but the worst: all devices at once, ten thousand sessions held open, a flood of operators."""
