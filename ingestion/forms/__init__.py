"""Forms of the ingestion room: shape and type of what people type, nothing about what it means."""
