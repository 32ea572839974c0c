"""What searches found."""
