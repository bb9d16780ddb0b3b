"""Runs lessons without a browser."""
