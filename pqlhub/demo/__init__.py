"""`make demo`: everything PQL Hub is, on this machine, with a lifelike tenant in it."""
