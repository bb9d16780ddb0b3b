"""The triad page: the three shipped models read one sentence, live in the reader's browser."""
