"""Omnitron's client, against a scripted server."""
