"""The ingestion room's own pages in the console. ingestion.admin gives them their addresses."""
