"""Dates that read the same on both sides of the Atlantic, on one line of a table."""

DATE_FORMAT = SHORT_DATE_FORMAT = "M j, Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "M j, Y H:i"
TIME_FORMAT = "H:i"
