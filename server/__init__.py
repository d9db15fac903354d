"""The composition root: settings, wiring, command line, HTTP application and processes."""
