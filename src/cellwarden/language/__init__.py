"""Language: French and English for everything a person reads."""
