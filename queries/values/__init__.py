"""Typed values over Ibis, and their translation to SQLGlot."""
