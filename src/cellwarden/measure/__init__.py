"""Measure: every statistic that Cellwarden publishes is computed here, and nowhere else."""
