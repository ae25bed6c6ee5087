"""The delivery room's own pages in the console. delivery.admin gives them their addresses."""
