"""Forms of the scoring room: shape and type of what people type, nothing about what it means."""
