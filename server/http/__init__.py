"""The HTTP application: queries, state, metrics and the ingest routes on one Flask app."""
