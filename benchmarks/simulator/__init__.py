"""What a fleet of simulated devices takes."""
