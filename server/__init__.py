"""Composition root: settings, wiring, command line, HTTP application, processes."""
