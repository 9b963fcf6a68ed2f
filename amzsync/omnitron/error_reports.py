"""Error reports: what an operator reads in Omnitron as Marketplace Logs.

Source: omnitron-api.md §2.13.
"""

from __future__ import annotations

from amzsync.omnitron.api import Api
from amzsync.omnitron.channels import ContentTypes
from amzsync.omnitron.operations import CREATE_ERROR_REPORT
from amzsync.redaction import mask


class ErrorReports:
    """The error reports of the channel."""

    def __init__(self, api: Api, content_types: ContentTypes) -> None:
        self._api = api
        self._content_types = content_types

    def create(
        self,
        content_type: str,
        object_id: int,
        *,
        modified_date: str,
        error_code: str,
        error_desc: str,
        raw_request: str = "",
        raw_response: str = "",
        is_ok: bool = False,
    ) -> None:
        """Report what happened to one object; all texts are masked on the way.

        `error_code` becomes the Log Id: `{local_batch_id}-{step name}-{unique suffix}`.
        """
        body = {
            "action_content_type": self._content_types.id_of(content_type),
            "action_object_id": object_id,
            "target_content_type": self._content_types.id_of("channel"),
            "target_object_id": self._api.channel_id,
            "obj_modified_date": modified_date,
            "error_code": error_code,
            "error_desc": mask(error_desc),
            "raw_request": mask(raw_request),
            "raw_response": mask(raw_response),
            "is_ok": is_ok,
        }
        self._api.send(CREATE_ERROR_REPORT, json=body)
