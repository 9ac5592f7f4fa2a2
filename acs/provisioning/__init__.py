"""Pure planning: from what an operator wants to the RPCs that bring it about."""
