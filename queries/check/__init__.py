"""Checks of names, types and units. Pure."""
