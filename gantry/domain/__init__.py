"""Rules, values, protocols and errors; standard library only."""
