"""Commits to a bucket: writes that only happen while nobody else has written, which pyarrow's file systems lack.

S3 compares and writes in one request (`If-Match`, `If-None-Match`). That takes the place of the locks of a local lake.
"""

from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

import pyarrow as pa
from pyarrow import fs

from resources.errors import LakeError, clause

ACCESS = "Check that it is there and may be read; for a bucket also AWS_ENDPOINT_URL, AWS_REGION and the keys."
"""The way out of what cannot be read."""


@dataclass(frozen=True)
class Version:
    """What stands under a key: its entity tag, empty when nothing does."""

    etag: str


class Bucket:
    """Conditional access to objects by ``bucket/key``. Endpoint, region and keys come from the environment."""

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3  # noqa: PLC0415 - of the extra `aws`
        except ImportError as error:
            raise LakeError("A lake in a bucket needs boto3.", hint="Install `fusionaudio[aws]`.") from error
        return boto3.client("s3")

    def version(self, path: str) -> Version:
        """The version of an object as it is now.

        Raises:
            LakeError: The bucket cannot be asked.
        """
        answer = self._ask(path, "head_object")
        return Version("" if answer is None else answer["ETag"])

    def put(self, path: str, body: bytes, *, replaces: Version) -> None:
        """Write an object if `replaces` still stands there.

        Raises:
            LakeError: Somebody wrote it meanwhile, or it cannot be written.
        """
        condition = {"IfMatch": replaces.etag} if replaces.etag else {"IfNoneMatch": "*"}
        if self._ask(path, "put_object", Body=body, **condition) is None:
            raise LakeError(
                f"{path} was written by another run in the meantime.", hint="Run again: it takes over what is there."
            )

    def _ask(self, path: str, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """The answer; None when the condition does not hold, or there is no such object."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - of the extra `aws`

        bucket, _, key = path.partition("/")
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=bucket, Key=key, **arguments)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status in {HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT}:
                return None
            raise _failed(path, error) from error
        except BotoCoreError as error:
            raise _failed(path, error) from error
        return answer


def open_bucket(uri: str) -> tuple[fs.FileSystem, str]:
    """The file system of an `s3://` URI, and the path in it.

    Raises:
        LakeError: The URI is of another kind or names no bucket.
    """
    if not uri.startswith("s3://"):
        raise LakeError(f"A lake cannot be at {uri}.", hint="Give a folder, or s3://bucket/prefix.")
    try:
        files, path = fs.FileSystem.from_uri(uri)
    except (OSError, pa.ArrowException) as error:
        raise LakeError(f"{uri} cannot be opened: {clause(error)}.", hint=ACCESS) from error
    if not path:
        raise LakeError(f"{uri} names no bucket.", hint="Give s3://bucket/prefix.")
    return files, path


def _failed(path: str, error: Exception) -> LakeError:
    return LakeError(
        f"{path} cannot be reached in its bucket: {clause(error)}.",
        hint="Check AWS_ENDPOINT_URL, AWS_REGION and the keys in the environment.",
    )
