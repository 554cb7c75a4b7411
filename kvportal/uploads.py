"""Uploaded files stay in memory and never touch a disk: they may hold keys."""

from typing import Any

from django.core.files.uploadhandler import MemoryFileUploadHandler

from kvportal.bodies import largest_body


class InMemory(MemoryFileUploadHandler):
    """Takes files of any size that their address takes. With a larger body there is no file."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *more: Any) -> None:  # noqa: N803 Django's
        super().handle_raw_input(input_data, META, content_length, *more)
        path = self.request.path_info if self.request else ""
        self.activated = self.activated or content_length <= largest_body(path)
