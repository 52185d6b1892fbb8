"""The exceptions of `cardhush`. Their words name the file, the value and the limit, and never hold a digit."""


class Error(Exception):
    """Something was not done, or was done and is not sure to last. The words say which.

    Of `scrub_array`, `scan_file` and `scrub_file`: nothing has been written, and the input is as it was; but "written, but its directory cannot be synced" means that the output is there, or in
    place the input replaced, and that a power cut may undo it. Of `scrub_many`: what was done before stays done and is in the ledger, and the same call goes on from there.
    """


class FileError(Error, OSError):
    """The same because the system refused something, or a file is there already: `errno` says what."""

    def __str__(self) -> str:
        return str(self.strerror)
