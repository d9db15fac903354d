"""Transactions: how often, how long, how many fail, and what has become slower."""
