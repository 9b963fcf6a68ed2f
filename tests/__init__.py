"""Tests of amzsync: units, contracts, and the command line against both simulated sides."""
