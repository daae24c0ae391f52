/**
 * Two hundred pieces of evidence that prove nothing, by gossip and through the API: forged signatures, votes that
 * do not contradict, faults of the future, of nobody, and one really signed but long past. None is accepted,
 * none waits anywhere, nobody is slashed, and peers that send what no honest node relays are cut off.
 */
import { expect } from "chai";
import { sha256, uint32Bytes } from "../../../chain/crypto/hash.ts";
import { makeDuplicateVote } from "../../../chain/finality/contradiction.ts";
import { voteSigningRoot } from "../../../chain/finality/vote.ts";
import { Evidence } from "../../../chain/types/evidence.ts";
import type { Vote } from "../../../chain/types/vote.ts";
import { ApiError } from "../../../node/api/api-error.ts";
import { until } from "../../helpers/until.ts";
import { FaultNetwork, PATIENCE_MS } from "./harness/fault-network.ts";
import { measured } from "./harness/measured.ts";
import { OutsidePeer } from "./harness/outside-peer.ts";
import { heightOf, metricsOf } from "./harness/probe.ts";

const BY_GOSSIP = 100;
const BY_API = 100;
/** A liar is cut off after two proven lies; the rest of its messages are on their way then. */
const PER_PEER = 10;
const KINDS = ["forged", "agreeing", "future", "nobody", "expired"] as const;

describe("forged evidence", function () {
  this.timeout(600_000);

  let net: FaultNetwork;

  before(async () => {
    net = await FaultNetwork.start({
      // So that a fault expires within the test.
      parameters: { epochBlocks: 4, evidenceBlocks: 4, evidenceSeconds: 1, unbondingBlocks: 100 },
    });
    await net.untilHeight(20);
  });
  after(() => net?.stop());

  it("is refused, whichever node sends it", async function () {
    await net.guarded(async () => {
      const target = net.at(0);
      const codes = new Map<string, number>();
      for (let index = 0; index < BY_API; index++) {
        const code = await codeOf(async () =>
          target.client.submitEvidence(await piece(net, index)),
        );
        codes.set(code, (codes.get(code) ?? 0) + 1);
      }
      expect([...codes.keys()], "answers of the API").not.include("ACCEPTED");
      let cutOff = 0;
      for (let sent = 0; sent < BY_GOSSIP; sent += PER_PEER) {
        cutOff += Number(await gossip(net, sent));
      }
      await net.untilBlocks(5);
      for (const node of net.nodes) {
        const waiting = (await metricsOf(node)).value("poml_evidence_waiting");
        expect(waiting, `evidence in the pool of ${node.name}`).equal(0);
      }
      const head = await heightOf(target);
      for (let height = 1; height <= head; height++) {
        expect((await target.client.block(height)).evidence, `block ${height}`).eql([]);
      }
      await net.expectNoFork();
      await net.expectNoAccusations();
      measured(this, {
        pieces: BY_API + BY_GOSSIP,
        accepted: 0,
        peersCutOff: cutOff,
        peers: BY_GOSSIP / PER_PEER,
        answers: [...codes].map(([code, count]) => `${code} ${count}`).join(" "),
      });
    });
  });
});

/** @returns whether the node cut the peer off */
async function gossip(net: FaultNetwork, from: number): Promise<boolean> {
  const peer = await OutsidePeer.start(net.local.genesisRoot);
  try {
    await peer.join(net.at(0), "evidence");
    for (let index = from; index < from + PER_PEER; index++) {
      await peer.host.publish("evidence", await piece(net, index)).catch(() => 0);
    }
    await until(() => !peer.isConnectedTo(net.at(0)), PATIENCE_MS, "end of the liar's connection");
    return true;
  } finally {
    await peer.stop();
  }
}

/** One piece of each kind in turn, no two alike. */
async function piece(net: FaultNetwork, index: number): Promise<Uint8Array> {
  const kind = KINDS[index % KINDS.length] ?? "forged";
  const accused = net.at(1).identity.keyPair;
  const height =
    kind === "future" ? 1_000_000 + index : kind === "expired" ? 1 : await heightOf(net.at(0));
  const vote = (value: number): Vote => {
    const unsigned = { height, round: 0, type: 0, blockHash: sha256(uint32Bytes(value)) };
    const root = voteSigningRoot(net.local.genesisRoot, unsigned);
    const signature = kind === "forged" ? new Uint8Array(64).fill(index + 1) : accused.sign(root);
    return { ...unsigned, validRound: 0, seat: 0, signature };
  };
  const first = vote(2 * index);
  const second = kind === "agreeing" ? first : vote(2 * index + 1);
  const node = kind === "nobody" ? 1000 + index : 1;
  const value = makeDuplicateVote(first, second);
  return Evidence.serialize({ node, proof: { selector: 0, value } });
}

async function codeOf(action: () => Promise<void>): Promise<string> {
  try {
    await action();
    return "ACCEPTED";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.facts.code;
  }
}
