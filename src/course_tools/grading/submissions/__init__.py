"""What students handed in: which files, whose they are, which cell answers which task."""
