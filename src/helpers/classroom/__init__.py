"""What a cell asks of a student: checks, claims, predictions, progress."""
