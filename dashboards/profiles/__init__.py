"""Profiles: flame graphs of what programs spent their time in."""
