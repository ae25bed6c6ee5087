"""`make bench`: speed as ratios against a baseline of the same run (DESIGN §7). Prints a table, asserts nothing."""
