/** Uploads in pieces: announce a file, send it, and query where to continue after a broken connection. */

import type { Upload } from "../../datasets/upload-store.ts";
import { apiError } from "../api-error.ts";
import { UploadJson, UploadOrder } from "../contract/upload.ts";
import { type BodyReply, type Route, route } from "../route.ts";
import { NoQuery } from "./parse.ts";
import type { UploadView } from "./views.ts";

const PIECE = "application/offset+octet-stream";

export function uploadRoutes({ uploads }: UploadView): Route[] {
  const path = "/v1/uploads/{id}";
  return [
    route({
      method: "post",
      path: "/v1/uploads",
      tag: "datasets",
      token: true,
      summary: "Announce a file that will come in pieces",
      query: NoQuery,
      json: UploadOrder,
      answers: [{ status: 201, description: "where to send it", schema: UploadJson }],
      handle: async ({ body }) => {
        const upload = await uploads.create(body.bytes);
        return { ...described(upload), status: 201 };
      },
    }),
    route({
      method: "get",
      path,
      tag: "datasets",
      token: true,
      summary: "How much of a file is here; HEAD gives it in Upload-Offset",
      query: NoQuery,
      answers: [{ status: 200, description: "the upload", schema: UploadJson }],
      handle: async ({ params }) => described(await uploads.find(params.id ?? "")),
    }),
    route({
      method: "patch",
      path,
      tag: "datasets",
      token: true,
      summary: "Send bytes of a file from Upload-Offset on; what comes before a break stays",
      query: NoQuery,
      content: { [PIECE]: UploadOrder },
      headers: { "Upload-Offset": "bytes that are here already" },
      answers: [{ status: 200, description: "the upload", schema: UploadJson }],
      handle: async (call) => {
        if (call.mediaType !== PIECE) {
          throw apiError(415, "UNSUPPORTED_MEDIA_TYPE", `the body is not ${PIECE}`, {
            field: "Content-Type",
            remedy: `send ${PIECE}`,
          });
        }
        const offset = offsetOf(call.header("upload-offset"));
        const id = call.params.id ?? "";
        return described(await call.stream((from) => uploads.append(id, offset, from)));
      },
    }),
    route({
      method: "delete",
      path,
      tag: "datasets",
      token: true,
      summary: "Remove an upload",
      query: NoQuery,
      answers: [{ status: 200, description: "the upload as it was", schema: UploadJson }],
      handle: async ({ params }) => {
        const upload = await uploads.find(params.id ?? "");
        await uploads.remove(upload.id);
        return described(upload);
      },
    }),
  ];
}

function described(upload: Upload): BodyReply {
  return {
    json: upload,
    headers: {
      location: `/v1/uploads/${upload.id}`,
      "upload-offset": String(upload.offset),
      "upload-length": String(upload.bytes),
    },
  };
}

function offsetOf(header: string | undefined): number {
  if (header !== undefined && /^\d{1,15}$/.test(header)) return Number(header);
  throw apiError(400, "BAD_REQUEST", "Upload-Offset: must be a whole number of bytes", {
    field: "Upload-Offset",
    remedy: "send the offset that GET /v1/uploads/{id} tells",
  });
}
