"""Detect: `Block`s in, `Burst`s out. Nothing in here knows a standard."""
