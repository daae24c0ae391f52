/**
 * Peers ask for large blobs and take them as slowly as they may, so that they pile up in the memory of the node that
 * serves them. On a real process, over real connections: memory before and while eight readers hold 64 MiB each.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { fromHex } from "../../chain/crypto/hash.ts";
import type { Host } from "../../p2p/host.ts";
import { requestBlobInto } from "../../p2p/protocols/blob.ts";
import { IN_FLIGHT } from "../../p2p/protocols/bytes-in-flight.ts";
import { Hosts, NETWORK, until } from "../p2p/support.ts";

const SERVER = fileURLToPath(new URL("../helpers/blob-server/blob-server.ts", import.meta.url));
const READERS = 8;
const MIB = 1024 * 1024;
const BLOB_MIB = 64;

interface Opened {
  readonly addresses: readonly string[];
  readonly peerId: string;
  readonly hashes: readonly string[];
}

interface Use {
  readonly rss: number;
  readonly inFlight: number;
}

describe("attack: read blobs slowly", function () {
  this.timeout(120_000);
  const hosts = new Hosts();
  const child = fork(SERVER, [NETWORK, String(READERS), String(BLOB_MIB)]);
  const asked = async (): Promise<Use> => {
    child.send("use");
    const [use] = (await once(child, "message")) as [Use];
    return use;
  };
  let opened: Opened;

  before(async () => {
    [opened] = (await once(child, "message")) as [Opened];
  });
  after(async () => {
    await hosts.stopAll();
    child.send("leave");
    await once(child, "exit");
  });

  it(`${READERS} readers of ${BLOB_MIB} MiB each cost less than ${BLOB_MIB} MiB`, async () => {
    const { addresses, peerId, hashes } = opened;
    const readers: Host[] = [];
    for (let i = 0; i < READERS; i++) {
      const reader = await hosts.start({ bootstrap: [...addresses], maxPeers: 1 });
      readers.push(reader);
      await until(
        "connection",
        () => reader.peers().some((peer) => peer.peerId === peerId),
        60_000,
      );
    }
    const before = await asked();
    let go = (): void => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    const arrived = new Array<number>(READERS).fill(0);
    const control = new AbortController();
    const reads = readers.map((reader, i) => {
      const sink = {
        begin: () => {},
        write: (piece: Uint8Array) => {
          arrived[i] = (arrived[i] ?? 0) + piece.length;
          return held;
        },
      };
      const hash = fromHex(hashes[i] ?? "");
      const { signal } = control;
      return requestBlobInto(reader, peerId, hash, sink, i === 0 ? {} : { signal });
    });
    await until("a piece at every reader", () => arrived.every((bytes) => bytes > 0), 60_000);
    let [last, peak, most] = [{ rss: 0, inFlight: -1 }, 0, 0];
    let still = 0;
    await until(
      "the server to hold back",
      async () => {
        const use = await asked();
        still = use.inFlight === last.inFlight && use.inFlight > 0 ? still + 1 : 0;
        last = use;
        peak = Math.max(peak, use.rss);
        most = Math.max(most, use.inFlight);
        return still === 20;
      },
      60_000,
    );
    process.stdout.write(
      `      server: ${Math.round(before.rss / MIB)} MiB before, ${Math.round(peak / MIB)} MiB with ${READERS} slow readers; ${(most / MIB).toFixed(1)} MiB in flight\n`,
    );
    expect(peak - before.rss).to.be.below(BLOB_MIB * MIB);
    expect(most).to.be.at.most(IN_FLIGHT.totalBytes);
    control.abort(new Error("seen enough"));
    go();
    await Promise.all(reads.slice(1).map((read) => read.catch(() => {})));
    // Of the right hash to the last byte, or it throws.
    await reads[0];
    expect(arrived[0]).to.equal(BLOB_MIB * MIB);
    await until("all bytes to be given back", async () => (await asked()).inFlight === 0, 60_000);
  });
});
