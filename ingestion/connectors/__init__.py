"""What ingestion reads from outside the database."""
