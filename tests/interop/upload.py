"""Uploads a file with tuspy, resuming what an earlier run of this script began.

Standard input: { endpoint, token, file, metadata, storage, chunk, stop_at }. Standard output, at the end:
{ resumed_from, url }. It does not retry: a cut ends it with exit code 1. Each chunk carries its SHA-1.
"""

import json
import sys

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.storage.filestorage import FileStorage

job = json.load(sys.stdin)
client = TusClient(job["endpoint"], headers={"Authorization": f"Bearer {job['token']}"})
try:
    uploader = client.uploader(
        job["file"],
        chunk_size=job["chunk"],
        metadata=job["metadata"],
        upload_checksum=True,
        store_url=True,
        url_storage=FileStorage(job["storage"]),
    )
    resumed_from = uploader.offset
    uploader.upload(stop_at=job["stop_at"])
except (TusCommunicationError, TusUploadFailed) as error:
    sys.exit(f"{type(error).__name__}: {error}")
print(json.dumps({"resumed_from": resumed_from, "url": uploader.url}))
