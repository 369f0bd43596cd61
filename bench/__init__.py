"""Measurements: what the gateway costs, beside a relay that does nothing else."""
