"""Simulate: plays the world, from a seed. Nothing at run time depends on it."""
