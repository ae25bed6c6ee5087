"""Exporting and erasing one person or account: composed of what each room says that it holds."""
