"""Flow in: the protocol, the raw spool, normalisation, and the writer."""
