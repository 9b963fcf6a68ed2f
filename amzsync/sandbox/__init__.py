"""Both far sides on loopback: Amazon's SP-API and Omnitron, stateful, seeded, deterministic.

A second witness, written from the API documents with the standard library alone; it shares no code
with the clients, so that a mistake in one of them cannot hide in the other.
"""
