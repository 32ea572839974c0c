"""Cellwarden finds contraband miniature phones in prisons and follows each one to its source."""

__version__ = "0.1.0"
