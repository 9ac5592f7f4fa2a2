"""HTTP as devices speak it: sessions with the ACS, and being called by it."""
