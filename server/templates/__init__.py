"""Templates of the log lines of projects: refined by a job, kept beside the rows, listed."""
