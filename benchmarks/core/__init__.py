"""What the protocol core costs by itself, on one core: decoding, encoding, the machine, the data model."""
