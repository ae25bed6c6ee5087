"""The scoring room's own pages in the console. scoring.admin gives them their addresses."""
