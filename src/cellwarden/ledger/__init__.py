"""The one hash chain: lines that cannot be changed, taken out or put in between without its being seen."""
