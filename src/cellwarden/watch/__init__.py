"""From sightings to alerts: who is where for how long, what is told of it, and what people decided."""
