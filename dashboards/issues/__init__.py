"""Issues: the list, and one issue with its events."""
