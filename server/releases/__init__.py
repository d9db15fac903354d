"""Releases as people compare them: health, issues, deploys and commits of each."""
