"""Learning: grouping now; templates, anomalies, change points and root cause later."""
