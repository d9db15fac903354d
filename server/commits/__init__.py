"""Commits: reading git repositories, what releases are made of, and who may have caused an issue."""
