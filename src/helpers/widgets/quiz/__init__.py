"""The quiz of a lesson: tables → kinds → bank → state → three views → widget."""
