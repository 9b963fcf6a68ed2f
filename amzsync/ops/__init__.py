"""What an operator does around the flows: rules here, words in `amzsync.cli`."""
