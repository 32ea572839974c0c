"""From sightings to alerts: who is where and does what, what is told of it, to whom. No sample is seen here."""
