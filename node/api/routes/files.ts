/** Files of jobs by hash, for anyone who wants to check or replay one without libp2p. */
import { toHex } from "../../../chain/crypto/hash.ts";
import type { ServedFile } from "../../blobs/served-file.ts";
import type { PublicFiles } from "../../jobs/train/public-files.ts";
import { apiError } from "../api-error.ts";
import { type Call, type Reply, type Route, route } from "../route.ts";
import { NoQuery, parseHash } from "./parse.ts";

const BINARY = "application/octet-stream";
const ID = "dataset id, hex: the SHA-256 of its manifest";

interface FileRoute {
  readonly path: string;
  readonly summary: string;
  readonly params: Readonly<Record<string, string>>;
  readonly type: string;
  find(params: Call["params"]): Promise<ServedFile | undefined>;
}

export interface FileRouteModules {
  /** Files of jobs that anybody may have, by hash. */
  readonly files: Pick<PublicFiles, "blob" | "chunk">;
}

export function fileRoutes({ files }: FileRouteModules): Route[] {
  const routes: readonly FileRoute[] = [
    {
      path: "/v1/blobs/{sha256}",
      summary: "A topology, manifest, torrent file, parameters of a round, or revealed update",
      params: { sha256: "SHA-256 of the bytes, hex" },
      type: BINARY,
      find: ({ sha256 }) => files.blob(parseHash(sha256, "sha256")),
    },
    {
      path: "/v1/datasets/{id}/manifest",
      summary: "The manifest of a dataset that jobs use, its canonical bytes",
      params: { id: ID },
      type: "application/json",
      find: ({ id }) => files.blob(parseHash(id, "id")),
    },
    {
      path: "/v1/datasets/{id}/chunks/{chunk}",
      summary: "A chunk of a dataset that jobs use",
      params: { id: ID, chunk: "file name as the manifest has it, or SHA-256 in hex" },
      type: BINARY,
      find: ({ id, chunk = "" }) => files.chunk(toHex(parseHash(id, "id")), chunk),
    },
  ];
  return routes.map(({ path, summary, params, type, find }) =>
    route({
      method: "get",
      path,
      tag: "files",
      summary,
      params,
      query: NoQuery,
      headers: { "If-None-Match": "the ETag of an earlier answer: the SHA-256 in quotes" },
      answers: [
        { status: 200, description: "the bytes", type },
        { status: 304, description: "the client has them already" },
      ],
      handle: async (call): Promise<Reply> => {
        const file = await find(call.params);
        if (file === undefined) throw notHere(Object.keys(params).at(-1) ?? "id");
        return { file, type };
      },
    }),
  );
}

function notHere(field: string): Error {
  return apiError(404, "NOT_HERE", "this node has no such file, or must not show it yet", {
    field,
    remedy: "ask another node; an update is secret until its round has been committed by all",
  });
}
