"""Runs in processes of their own: killed at every point, started together, interrupted."""
