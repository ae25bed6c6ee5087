"""Why an operation of this room says no."""


class Refused(ValueError):
    """What was asked cannot be done. The message is for the person who asked: what is wrong and what to do."""
