"""Recordings of pages: the list, one of them, and the frame that plays it."""
