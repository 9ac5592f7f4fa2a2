"""What is told of a run when it is over: a document for programs, and a page for people."""
