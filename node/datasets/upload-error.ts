/** Why an upload is refused. */
import { type ErrorOptions, PomlError } from "../../chain/errors.ts";

export type UploadFacts =
  | { readonly code: "TOO_LARGE"; readonly limit: number }
  | { readonly code: "TOO_MANY_UPLOADS" }
  | { readonly code: "UNKNOWN_UPLOAD"; readonly upload: string }
  | { readonly code: "INCOMPLETE_UPLOAD"; readonly upload: string }
  | { readonly code: "WRONG_OFFSET"; readonly expected: number; readonly actual: number }
  | { readonly code: "UPLOAD_TAKEN_OVER" };

export class UploadError extends PomlError<UploadFacts> {
  static tooLarge(limit: number): UploadError {
    return local(
      `the upload exceeds the limit of ${limit} bytes`,
      { code: "TOO_LARGE", limit },
      "send less; api.uploadMib in the node's configuration sets the limit of uploads",
    );
  }

  static tooMany(why: string): UploadError {
    return local(
      `the node accepts no upload now: ${why}`,
      { code: "TOO_MANY_UPLOADS" },
      "try again when other uploads have been imported, or remove one (DELETE /v1/uploads/{id})",
    );
  }

  static unknown(upload: string): UploadError {
    const id = upload.slice(0, 80);
    return local(
      `there is no upload ${id}`,
      { code: "UNKNOWN_UPLOAD", upload: id },
      "it was removed, imported or is too old: upload the file again",
    );
  }

  static incomplete(upload: string, offset: number, bytes: number): UploadError {
    return local(
      `upload ${upload} has ${offset} of ${bytes} bytes`,
      { code: "INCOMPLETE_UPLOAD", upload },
      "send the rest first (PATCH /v1/uploads/{id})",
    );
  }

  static wrongOffset(actual: number, expected: number): UploadError {
    return local(
      `the upload continues at byte ${expected}, not at ${actual}`,
      { code: "WRONG_OFFSET", expected, actual },
      `send the bytes from ${expected} on, with Upload-Offset: ${expected}`,
    );
  }

  static takenOver(): UploadError {
    return local(
      "another request is sending this upload",
      { code: "UPLOAD_TAKEN_OVER" },
      "send an upload with one request at a time",
    );
  }
}

function local(message: string, facts: UploadFacts, remedy: string): UploadError {
  const options: ErrorOptions = { action: "local", remedy };
  return new UploadError(message, facts, options);
}
