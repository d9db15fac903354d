"""The pages of monitored jobs."""
