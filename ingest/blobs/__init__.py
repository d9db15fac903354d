"""Large things: request bodies that do not fit into memory, and content that is kept as a blob beside its row."""
