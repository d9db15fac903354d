"""Discover: one page to ask anything."""
