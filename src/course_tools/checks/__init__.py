"""What tries the course: its tests, its benchmarks, JupyterLab in a browser."""
