"""Uploads go to a file piece by piece, and no more of them than the limit: Django itself bounds all but files."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler

from ingestion.connectors.stored_files import MEGABYTE


class BoundedUpload(TemporaryFileUploadHandler):
    """Drops what goes over the limit and notes it on the request as `upload_was_too_large`."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        self.received += len(raw_data)
        if self.received > settings.IMPORT_MAX_MB * MEGABYTE:
            self.request.upload_was_too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        return super().receive_data_chunk(raw_data, start)
