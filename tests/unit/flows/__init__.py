"""Flows: what can be told of them without a far side."""
