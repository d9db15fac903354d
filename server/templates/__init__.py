"""Templates of the log lines of projects: refined by a job, kept beside the rows, listed."""

JOB = "templates"
"""The job that refines them."""
