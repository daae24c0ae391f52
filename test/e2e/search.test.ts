/**
 * A search by real processes, for a client that knows only the HTTP API: four `poml node` share the nonces, the first
 * find ends it, and a certificate proves it to whoever trusts one block.
 */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect } from "chai";
import { ofKind } from "../../node/api/contract/jobs/job.ts";
import type { SearchDetail } from "../../node/api/contract/jobs/search.ts";
import type { SearchOrder } from "../../node/api/contract/jobs/search-order.ts";
import { verifyDirectory } from "../../node/cli/commands/verify.ts";
import { downloadResult } from "../../node/cli/job/download.ts";
import { followJob, isBalanced, isComplete } from "../../node/cli/job/follow.ts";
import { parseTrusted } from "../../node/cli/trust-options.ts";
import { LocalNetwork } from "../helpers/local-network.ts";
import { orderJob } from "../helpers/order-job.ts";

const JOB_MS = 180_000;
const ZERO_BITS = 20;
/** The only nonce up to LAST with so many zero bits; each node has searched something before somebody comes to it. */
const PREFIX = "four processes 2";
const NONCE = 2_112_840;
const LAST = 5_000_000;

describe("a search by four processes", function () {
  this.timeout(2 * JOB_MS);

  let net: LocalNetwork;

  before(async () => {
    net = await LocalNetwork.create({ nodes: 4 });
    await net.start();
  });
  after(() => net?.stop());

  it("finds, pays the nodes that searched, divides the escrow, and proves it", async () => {
    try {
      const order: SearchOrder = {
        kind: "search",
        algorithm: "sha256d",
        prefix: Buffer.from(PREFIX).toString("hex"),
        zeroBits: ZERO_BITS,
        to: LAST,
        bonus: "1000000",
        participants: 4,
        quorum: 3,
        teamSize: 3,
        phaseSeconds: 60,
      };
      const { client } = net.at(1);
      const { id, prepared } = await orderJob(net.at(0).client, net.client, order);
      await client.waitForTransaction(id);
      const signal = AbortSignal.timeout(JOB_MS);
      const job = ofKind("search", await followJob(client, id, { timeoutMs: JOB_MS, signal }));

      expect(isComplete(job), job.outcome.reason).equal(true);
      expect(job.recordedRounds).equal(1);
      expectFind(job);
      expect(job.escrow).equal(prepared.escrow);
      expect(isBalanced(job)).equal(true);
      expect(job.settlement?.bonus).equal("1000000");
      // Whoever searched is paid for it.
      expect(BigInt(job.searched) > 0n).equal(true);
      expect(job.participants.some(({ paidHashes }) => BigInt(paidHashes) > 0n)).equal(true);

      const directory = join(net.directory, "search");
      const { anchorHeight } = await downloadResult(client, job, directory);
      const { hash } = await net.at(2).client.block(anchorHeight);
      const { proved } = await verifyDirectory(directory, parseTrusted(`${anchorHeight}:${hash}`));
      expect(proved.map(({ claim }) => claim)).include.members([
        "chain",
        "final",
        "finds",
        "coverage",
      ]);
    } catch (error) {
      throw net.explained(error);
    }
  });
});

/** Looks with another hasher than the nodes do. */
function expectFind({ finds, spec }: SearchDetail): void {
  expect(finds.map(({ nonce }) => nonce)).eql([String(NONCE)]);
  for (const { nonce, message, digest } of finds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(nonce));
    expect(message).equal(`${spec.prefix}${bytes.toString("hex")}`);
    const hashed = sha256(sha256(Buffer.from(message, "hex"))).toString("hex");
    expect(hashed).equal(digest);
    expect(BigInt(`0x${digest}`) < 1n << BigInt(256 - ZERO_BITS)).equal(true);
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
