"""Figures of the product on this machine: `python -m tests.benchmark [--quick]`."""
