"""Trace: the waterfall of one trace."""
