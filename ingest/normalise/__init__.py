"""Normalisation: one item to rows. Pure functions; the same item and configuration always give the same rows.

What it is made of is imported by name: the writer needs the names of columns only, not the rules of grouping.
"""
