"""Air interfaces: two ways in, `recognise` a burst and `search` below the energy floor."""
