"""The parent of errors that a retry would only repeat."""


class PermanentError(Exception):
    """The same work would raise this error again: the data, the code or the request is wrong."""
