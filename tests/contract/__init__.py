"""The contracts: Amazon's official models, and clients nobody here wrote."""
