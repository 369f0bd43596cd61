"""Which target is called next, and what is remembered of those that failed."""
