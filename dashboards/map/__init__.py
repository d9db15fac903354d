"""The service map: who calls whom."""
