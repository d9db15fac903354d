"""Steps in the process that stages of their own need: pure functions over Arrow tables."""
