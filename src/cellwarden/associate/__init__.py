"""Which burst is the same one at several sensors."""
