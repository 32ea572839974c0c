"""Signature: which emissions come from one transmitter."""
