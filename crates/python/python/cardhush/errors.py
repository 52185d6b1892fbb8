"""The exceptions of `cardhush`. Their words name the file, the value and the limit, and never hold a digit."""


class Error(Exception):
    """A file was not scrubbed or scanned. No output has appeared, and the input is as it was."""


class FileError(Error, OSError):
    """The same because the system refused something, or a file is there already: `errno` says what."""

    def __str__(self) -> str:
        return str(self.strerror)
