"""How well methods detect: simulated series with outbreaks put in, and what is counted of the alarms."""
