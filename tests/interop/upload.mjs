// Uploads a file with tus-js-client, resuming what an earlier run of this script began.
// Standard input: { endpoint, token, file, metadata, storage, chunk }. Standard output, at the end:
// { resumed_from, url }. It does not retry: a cut ends it with exit code 1, like a person closing the tab.

import { createReadStream, readFileSync, statSync } from 'node:fs'
import * as tus from 'tus-js-client'

const job = JSON.parse(readFileSync(0, 'utf8'))
let resumedFrom = 0

const upload = new tus.Upload(createReadStream(job.file), {
  endpoint: job.endpoint,
  headers: { Authorization: `Bearer ${job.token}` },
  metadata: job.metadata,
  uploadSize: statSync(job.file).size,
  chunkSize: job.chunk,
  retryDelays: null,
  urlStorage: new tus.FileUrlStorage(job.storage),
  onAfterResponse(request, response) {
    if (request.getMethod() === 'HEAD') resumedFrom = Number(response.getHeader('Upload-Offset'))
  },
  onError(error) {
    console.error(error.message)
    process.exit(1)
  },
  onSuccess() {
    console.log(JSON.stringify({ resumed_from: resumedFrom, url: upload.url }))
    process.exit(0)
  },
})

const [previous] = await upload.findPreviousUploads()
if (previous) upload.resumeFromPreviousUpload(previous)
upload.start()
