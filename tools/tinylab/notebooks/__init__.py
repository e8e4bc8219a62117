"""One source per chapter becomes a starter and a solved notebook, and tests hold that they belong together."""
