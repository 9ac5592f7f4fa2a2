"""What devices go through in a run: scenarios that are built in, and the form of those that one writes."""
