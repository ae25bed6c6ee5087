"""The one error of the embedded server: a sentence that says what to do."""

USE_YOUR_OWN = "set DATABASE_URL and DATABASE_OWNER_URL to use a PostgreSQL server (15 or newer) of your own"


class EmbeddedError(RuntimeError):
    """The embedded server cannot do what was asked; the message says what to do about it."""
