"""Ways to run the course: JupyterLab, and lessons without a browser."""
