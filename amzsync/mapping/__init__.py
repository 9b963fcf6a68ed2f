"""Pure mappings between the two sides: model in, model out; no network, no state, no clock."""
