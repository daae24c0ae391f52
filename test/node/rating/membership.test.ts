import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import type { Block } from "../../../chain/types/block.ts";
import { kindOf } from "../../../chain/types/transaction.ts";
import { OnionKeeper } from "../../../node/consensus/onion-keeper.ts";
import { Membership } from "../../../node/rating/membership.ts";
import { createLog } from "../../../node/telemetry/log.ts";
import { SendingNetwork, type SendingNode } from "../../helpers/sending-network.ts";

const FOUNDERS = 4;
/** More than enough for several looks of the membership at what it sent. */
const BLOCKS = 120;

describe("Membership", function () {
  this.timeout(30_000);

  /** Founders, and a node of somebody with money who is no member yet. */
  function join(): { net: SendingNetwork; newcomer: SendingNode; founder: SendingNode } {
    const net = new SendingNetwork(FOUNDERS + 1);
    return { net, newcomer: net.at(FOUNDERS), founder: net.at(0) };
  }

  function membershipOf(node: SendingNode, endpoint = "/ip4/127.0.0.1/tcp/1/ws"): Membership {
    const chain = {
      get state() {
        return node.state;
      },
      get height() {
        return node.chain.height;
      },
    };
    return new Membership(
      { publicKey: node.person.keys.publicKey, name: "newcomer", bond: 20n * POML },
      {
        chain,
        duties: node.duties,
        onion: new OnionKeeper(sha256(new TextEncoder().encode("client"))),
        log: createLog("silent"),
        endpoint: () => endpoint,
      },
    );
  }

  const registrations = (blocks: readonly Block[]): number =>
    blocks
      .flatMap(({ body }) => body.transactions)
      .filter(({ transaction }) => kindOf(transaction) === "register").length;

  it("sends one registration, with the first nonce, while no peer takes it", async () => {
    const { net, newcomer, founder } = join();
    const membership = membershipOf(newcomer);
    newcomer.isCutOff = true;
    for (let block = 0; block < BLOCKS; block++) {
      membership.onBlock();
      await newcomer.settle();
      newcomer.take(founder.chain.build());
      founder.take(newcomer.chain.blocks.at(-1) as Block);
    }
    await newcomer.settle();
    const waiting = newcomer.duties.waiting();
    expect(waiting).to.have.lengthOf(1);
    expect(waiting[0]?.signed.transaction.nonce).to.equal(0);
    expect(newcomer.mempool.size).to.equal(1);
    newcomer.isCutOff = false;
    expect(waiting[0]?.reason).to.include("no peer");
    expect(net.nodes).to.have.lengthOf(FOUNDERS + 1);
  });

  it("becomes a member once peers that had refused it can take it", async () => {
    const { net, newcomer, founder } = join();
    const membership = membershipOf(newcomer);
    newcomer.isCutOff = true;
    membership.onBlock();
    await newcomer.settle();
    newcomer.isCutOff = false;
    for (let block = 0; block < 4; block++) {
      await net.block(founder);
      membership.onBlock();
    }
    expect(newcomer.state.nodeIndex(newcomer.person.keys.publicKey)).to.equal(FOUNDERS);
    expect(registrations(newcomer.chain.blocks)).to.equal(1);
    for (const each of net.nodes) await each.settle();
    expect(newcomer.duties.waiting()).to.deep.equal([]);
  });

  it("continues after a restart, and replaces its registration under the same nonce", async () => {
    const { net, newcomer, founder } = join();
    newcomer.isCutOff = true;
    membershipOf(newcomer).onBlock();
    await newcomer.settle();
    const [first] = newcomer.duties.waiting();
    await newcomer.restart();
    membershipOf(newcomer, "/ip4/127.0.0.1/tcp/2/ws").onBlock();
    await newcomer.settle();
    const waiting = newcomer.duties.waiting();
    expect(waiting).to.have.lengthOf(1);
    const [second] = waiting;
    if (first === undefined || second === undefined) throw new Error("nothing waits");
    expect(second.signed.transaction.nonce).to.equal(0);
    expect(second.signed.transaction.fee > first.signed.transaction.fee).to.equal(true);
    expect(toHex(newcomer.duties.currentId(first.id))).to.equal(toHex(second.id));
    newcomer.isCutOff = false;
    for (let block = 0; block < 4; block++) await net.block(founder);
    const index = newcomer.state.nodeIndex(newcomer.person.keys.publicKey) ?? -1;
    const { endpoint } = founder.state.nodes.at(index);
    expect(new TextDecoder().decode(endpoint)).to.equal("/ip4/127.0.0.1/tcp/2/ws");
    expect(registrations(founder.chain.blocks)).to.equal(1);
  });
});
