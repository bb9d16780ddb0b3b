"""The terminal panel: screen → child → run → state → three views → widget."""
