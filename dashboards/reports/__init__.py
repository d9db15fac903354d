"""Reports of projects."""
