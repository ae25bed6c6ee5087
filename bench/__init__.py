"""`make bench`: speed as ratios against a baseline of the same run. Prints a table, asserts nothing."""
