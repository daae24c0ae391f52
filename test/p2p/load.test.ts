/**
 * Four nodes that ask each other for far more than anybody may have under way at once, as two hundred jobs make
 * them do: every request has its answer, no stream is reset, and nobody thinks worse of anybody.
 */
import { expect } from "chai";
import { BLOB, requestBlob, serveBlobs } from "../../p2p/protocols/blob.ts";
import { sendMessage, serveMessages } from "../../p2p/protocols/message.ts";
import { streamLimit } from "../../p2p/protocols/protocol.ts";
import { sendRequest } from "../../p2p/protocols/request.ts";
import { type LinkedHost, MemoryNetwork } from "../helpers/memory-network.ts";
import { collect } from "./support.ts";

const NODES = 4;
const BLOBS = 200;
const MESSAGES = 100;
const HASH = new Uint8Array(32);

/** Takes its time, so that requests meet. */
const busy = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

async function nodes(): Promise<LinkedHost[]> {
  const network = new MemoryNetwork();
  const hosts = Array.from({ length: NODES }, () => network.host());
  for (const host of hosts) {
    await serveBlobs(host, async () => {
      await busy();
      return undefined;
    });
    await serveMessages(host, async (message) => {
      await busy();
      return message;
    });
  }
  for (const host of hosts) for (const other of hosts) if (other !== host) host.link(other);
  return hosts;
}

const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => "answered",
    (error: { code?: string }) => String(error.code),
  );

function expectGoodStanding(hosts: readonly LinkedHost[]): void {
  for (const host of hosts) {
    expect(host.peers(), "peers").lengthOf(NODES - 1);
    for (const other of hosts) if (other !== host) expect(host.scoreOf(other)).equal(0);
  }
}

describe("nodes under load", () => {
  it("answer every request, reset no stream, and charge nobody", async () => {
    const hosts = await nodes();
    const answers = hosts.flatMap((host) =>
      host
        .peers()
        .flatMap(({ peerId }) => [
          ...Array.from({ length: BLOBS }, () => codeOf(requestBlob(host, peerId, HASH))),
          ...Array.from({ length: MESSAGES }, () => codeOf(sendMessage(host, peerId, HASH))),
        ]),
    );
    const counts: Record<string, number> = {};
    for (const code of await Promise.all(answers)) counts[code] = (counts[code] ?? 0) + 1;
    const pairs = NODES * (NODES - 1);
    expect(counts).deep.equal({ NOT_FOUND: pairs * BLOBS, answered: pairs * MESSAGES });
    expect(hosts.map(({ resets }) => resets)).deep.equal(hosts.map(() => 0));
    expectGoodStanding(hosts);
  });

  it("charge nobody for the resets that one's own excess causes", async () => {
    const hosts = await nodes();
    const [greedy, victim] = hosts as [LinkedHost, LinkedHost];
    // As one that keeps to no limits asks.
    const rash = { ...BLOB, maxConcurrent: 1000, rate: { burst: 1000, perSecond: 1000 } };
    const many = Array.from({ length: 2 * streamLimit(BLOB) }, () =>
      codeOf(collect(sendRequest(greedy, victim.peerId, rash, HASH))),
    );
    expect(new Set(await Promise.all(many))).include("STREAM_FAILED");
    expect(victim.resets).greaterThan(0);
    expect(greedy.scoreOf(victim), "what the greedy one thinks of the other").equal(0);
    expect(victim.peers(), "nor is it cut off for one burst").lengthOf(NODES - 1);
  });
});
