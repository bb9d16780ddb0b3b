"""Controls and a drawing at their values: controls → state → three views → widget."""
