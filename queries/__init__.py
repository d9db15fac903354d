"""The Discover language: parse, check, plan, guard, run."""
