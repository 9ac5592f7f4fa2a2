"""Pure authentication: digests, nonces, hashes and sealed secrets."""
