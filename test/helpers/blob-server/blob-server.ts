/** A process that serves large blobs as a node does, and says how much memory it has. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobStore } from "../../../node/blobs/blob-store.ts";
import { createHost } from "../../../p2p/host.ts";
import { SILENT } from "../../../p2p/log.ts";
import { serveBlobs } from "../../../p2p/protocols/blob.ts";
import { BytesInFlight } from "../../../p2p/protocols/bytes-in-flight.ts";

const [network = "", count = "1", mib = "64"] = process.argv.slice(2);
const MIB = 1024 * 1024;

const folder = await mkdtemp(join(tmpdir(), "poml-test-"));
const blobs = await BlobStore.open(folder);
const hashes: string[] = [];
for (let i = 0; i < Number(count); i++) {
  const piece = randomBytes(MIB);
  const digest = createHash("sha256");
  for (let n = 0; n < Number(mib); n++) digest.update(piece);
  const hash = new Uint8Array(digest.digest());
  const writer = await blobs.writer(hash);
  for (let n = 0; n < Number(mib); n++) await writer.write(piece);
  await writer.finish();
  hashes.push(Buffer.from(hash).toString("hex"));
}
const host = await createHost({ seed: randomBytes(32), network }, { log: SILENT });
await host.start();
const inFlight = new BytesInFlight();
await serveBlobs(host, (hash) => blobs.serve(hash), inFlight);

async function leave(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  process.exit(0);
}

process.on("message", (what) => {
  if (what === "leave") void leave();
  else process.send?.({ rss: process.memoryUsage.rss(), inFlight: inFlight.total });
});
process.once("disconnect", () => void leave());
process.send?.({ addresses: host.multiaddrs(), peerId: host.peerId, hashes });
