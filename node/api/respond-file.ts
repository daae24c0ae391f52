/** A file named by its hash onto a response: a cache may keep it for ever. */
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Downloads } from "./downloads.ts";
import type { FileReply } from "./route.ts";

export async function respondFile(
  response: ServerResponse,
  { file, type }: FileReply,
  downloads: Downloads,
): Promise<void> {
  const { req: request } = response;
  const tag = `"${file.sha256}"`;
  const lasting = { etag: tag, "cache-control": "public, max-age=31536000, immutable" };
  if (tagsOf(request.headers["if-none-match"]).includes(tag)) {
    response.writeHead(304, lasting).end();
    return;
  }
  const headers: OutgoingHttpHeaders = {
    ...lasting,
    "content-type": type,
    "content-length": file.sizeBytes,
    // Whoever made the bytes: a browser must never show them as a page of this node.
    "content-disposition": "attachment",
  };
  if (request.method === "HEAD") response.writeHead(200, headers).end();
  else await downloads.send(response, { file, headers });
}

/** A weak tag of the same value names the same bytes. */
function tagsOf(header: string | undefined): string[] {
  return (header ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
}
