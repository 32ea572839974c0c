"""What each address answers: a file for what belongs together."""
