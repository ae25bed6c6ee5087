"""`make screenshots`: every page of the console, photographed as those who use it see it."""
