/**
 * The snapshots of the state that a peer offers: one opaque manifest in each frame. The files that a manifest names are
 * fetched as blobs (blob.ts), so any peer that has a file can send it.
 */
import { answerRequests } from "./answer.ts";
import { badRequest, badResponse, type Protocol } from "./protocol.ts";
import { type RequestOptions, sendRequest } from "./request.ts";
import type { StreamHost } from "./stream-host.ts";

export const MAX_SNAPSHOTS = 16;
const MAX_MANIFEST_BYTES = 3 * 1024 * 1024;

export const SNAPSHOTS: Protocol = {
  name: "snapshots",
  maxRequestBytes: 0,
  maxFrameBytes: MAX_MANIFEST_BYTES,
  maxResponseBytes: MAX_SNAPSHOTS * MAX_MANIFEST_BYTES,
  stepMs: 10_000,
  totalMs: 60_000,
  maxConcurrent: 1,
  rate: { burst: 8, perSecond: 0.5 },
};

/** The encoded manifests that a peer offers, at most 16; an empty list is no error. */
export async function requestSnapshots(
  host: StreamHost,
  peer: string,
  options: RequestOptions = {},
): Promise<Uint8Array[]> {
  const manifests: Uint8Array[] = [];
  for await (const manifest of sendRequest(host, peer, SNAPSHOTS, new Uint8Array(0), options)) {
    if (manifests.length === MAX_SNAPSHOTS) {
      const error = badResponse(peer, SNAPSHOTS.name, `more than ${MAX_SNAPSHOTS} manifests`);
      host.report(peer, error);
      throw error;
    }
    manifests.push(manifest);
  }
  return manifests;
}

/** @param offers the encoded manifests; the last 16 are sent */
export function serveSnapshots(
  host: StreamHost,
  offers: () => Promise<readonly Uint8Array[]>,
): Promise<void> {
  return answerRequests(host, SNAPSHOTS, async function* (request, { peer }) {
    if (request.length !== 0) throw badRequest(peer, SNAPSHOTS.name, "expected no body");
    yield* (await offers()).slice(-MAX_SNAPSHOTS);
  });
}
