"""A small web shop of three services that report to a Sentry-compatible server. It knows nothing of Amber."""
