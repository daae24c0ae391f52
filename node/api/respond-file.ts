/** Sends a file that is named by its hash; a cache may keep it for ever. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Caller } from "./caller.ts";
import type { Downloads } from "./downloads.ts";
import type { FileReply } from "./route.ts";

export async function respondFile(
  response: ServerResponse,
  { file, type }: FileReply,
  { downloads, caller }: { readonly downloads: Downloads; readonly caller: Caller },
): Promise<void> {
  const { req: request } = response;
  const tag = `"${file.sha256}"`;
  const lasting = { etag: tag, "cache-control": "public, max-age=31536000, immutable" };
  if (hasTag(request, tag)) {
    response.writeHead(304, lasting).end();
    return;
  }
  const headers: OutgoingHttpHeaders = {
    ...lasting,
    "content-type": type,
    "content-length": file.sizeBytes,
    // The bytes may come from anybody: a browser must never show them as a page of this node.
    "content-disposition": "attachment",
  };
  if (request.method === "HEAD") response.writeHead(200, headers).end();
  else await downloads.send(response, { file, headers, caller });
}

/** Whether the client has the answer with this ETag. A weak tag of the same value names the same bytes. */
export function hasTag({ headers }: IncomingMessage, etag: string): boolean {
  const tags = (headers["if-none-match"] ?? "").split(",");
  return tags.some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
