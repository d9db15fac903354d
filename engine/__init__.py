"""Stores and their ports: event store, metadata, blobs, spool, configuration snapshot."""
