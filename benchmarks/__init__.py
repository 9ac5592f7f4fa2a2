"""What the parts cost, as ratios to something known, in one run on one core. Never part of the tests."""
