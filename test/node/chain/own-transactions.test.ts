import { expect } from "chai";
import { POML } from "../../../chain/amount.ts";
import { sha256, toHex } from "../../../chain/crypto/hash.ts";
import { MEMPOOL_LIMITS } from "../../../chain/mempool/limits.ts";
import { Mempool } from "../../../chain/mempool/pool.ts";
import { transactionId } from "../../../chain/transaction-id.ts";
import { payloadOf } from "../../../chain/types/transaction.ts";
import { registerPayload } from "../../../node/wallet/payload.ts";
import { person } from "../../helpers/chain.ts";
import { expectCodeAsync } from "../../helpers/expect-code.ts";
import { SendingNetwork, type SendingNode } from "../../helpers/sending-network.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const receiver = sha256(text("receiver")).slice(0, 20);

describe("own transactions", () => {
  const nonceOf = (node: SendingNode, at = node): number =>
    at.state.account(node.person.address).nonce;
  const received = (node: SendingNode): bigint => node.state.account(receiver).balance;

  it("become final although every peer lost them", async () => {
    const net = new SendingNetwork(3);
    const [node, peer] = [net.at(0), net.at(1)];
    node.isCutOff = true;
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.settle();
    node.isCutOff = false;
    expect(peer.mempool.size).to.equal(0);
    // The very same bytes have been published once, so gossip would not carry them again.
    await net.block(peer);
    expect(peer.mempool.size, "offered again after one block").to.equal(1);
    for (const each of [peer, net.at(2)]) each.lose();
    await net.block(peer);
    expect(peer.mempool.size, "offered again after two blocks").to.equal(1);
    await net.block(peer);
    expect(received(peer)).to.equal(POML);
    await net.block(peer);
    expect(node.duties.waiting()).to.deep.equal([]);
  });

  it("become final although the node restarted in between and its peers forgot them", async () => {
    const net = new SendingNetwork(3);
    const [node, peer] = [net.at(0), net.at(1)];
    const id = await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await net.block(net.at(2), [node]);
    for (const each of net.nodes) each.lose();
    const [missed] = net.at(2).chain.blocks;
    if (missed === undefined) throw new Error("no block");
    expect(missed.body.transactions).to.have.lengthOf(1);
    // The node that was away takes the block late, and sees that its transaction is final.
    await node.restart();
    expect(node.duties.waiting().map((one) => toHex(one.id))).to.deep.equal([toHex(id)]);
    node.take(missed);
    await node.settle();
    expect(node.duties.waiting()).to.deep.equal([]);

    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.settle();
    await node.restart();
    for (const each of [peer, net.at(2)]) each.lose();
    await net.block(peer);
    await net.block(peer);
    expect(received(peer)).to.equal(2n * POML);
    expect(nonceOf(node)).to.equal(2);
  });

  it("keep their nonce for the same wish, however long it waits", async () => {
    const net = new SendingNetwork(2);
    const [node, peer] = [net.at(0), net.at(1)];
    node.isCutOff = true;
    // The chain's rule that a node registers once would refuse it: what counts here is the mempool.
    const newcomer = registerPayload({
      name: "node",
      endpoint: "",
      bond: 20n * POML,
      onion: sha256(text("onion")),
      onionLength: 1024,
    });
    await expectCodeAsync(() => node.duties.send(newcomer), "ALREADY_REGISTERED");
    const wish = payloadOf("reonion", { onion: sha256(text("onion")), onionLength: 1024 });
    const first = toHex(await node.duties.send(wish));
    for (let block = 0; block < 11; block++) {
      await net.block(peer);
      expect(toHex(await node.duties.send(wish))).to.equal(first);
    }
    expect(node.duties.waiting()).to.have.lengthOf(1);
    expect(node.mempool.size).to.equal(1);
    expect(node.duties.nextNonce()).to.equal(1);
  });

  it("tell the owner which one waits, and for what", async () => {
    const net = new SendingNetwork(2);
    const [node, peer] = [net.at(0), net.at(1)];
    node.isCutOff = true;
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: 2n * POML }));
    expect(node.duties.waiting().map(({ reason }) => reason)).to.deep.equal([
      "no peer is connected to which it could be sent",
      "1 earlier of the same account come first",
    ]);
    for (let block = 0; block < 8; block++) await net.block(peer);
    const told = node.log.filter(({ message }) => message === "an own transaction waits");
    expect(told).to.have.lengthOf(2);
    expect(told[0]).to.deep.include({ level: "warn" });
    expect(told[0]?.fields).to.include({ kind: "transfer", nonce: 0, blocks: 8 });
    expect(told[0]?.fields.reason).to.include("no peer");
    node.isCutOff = false;
    expect(node.duties.waiting()[0]?.reason).to.equal(
      "it has been offered to 1 peers repeatedly, but no proposer has included it in 8 blocks",
    );
  });

  it("are refused softly by a peer that is a block behind, which takes them a block later", async () => {
    const net = new SendingNetwork(3);
    const [node, behind, other] = [net.at(0), net.at(1), net.at(2)];
    const poor = person("newcomer without money");
    const pay = node.chain.transaction(
      node.person,
      "transfer",
      { to: poor.address, amount: POML },
      { fee: 1_000_000n },
    );
    await node.handIn(pay);
    await node.settle();
    await net.block(node, [behind]);
    // `behind` does not know yet that the newcomer has money.
    const spend = node.chain.transaction(
      poor,
      "transfer",
      { to: receiver, amount: 1000n },
      { nonce: 0, fee: 5000n },
    );
    await node.transactions.submit(spend);
    await node.settle();
    await behind.settle();
    expect(behind.mempool.has(transactionId(spend.transaction))).to.equal(false);
    expect(other.mempool.has(transactionId(spend.transaction))).to.equal(true);
    for (const each of [node, other]) each.lose();
    const [block] = node.chain.blocks;
    if (block === undefined) throw new Error("no block");
    behind.take(block);
    for (const each of net.nodes) await each.settle();
    expect(behind.mempool.has(transactionId(spend.transaction)), "taken late").to.equal(true);
    expect(other.mempool.has(transactionId(spend.transaction)), "and passed on").to.equal(true);
  });

  it("are signed again with a higher fee, for the same nonce, when mempools ask for more", async () => {
    const limits = { ...MEMPOOL_LIMITS, transactions: 10 };
    const net = new SendingNetwork(2, { mempool: () => new Mempool(limits) });
    const [node, peer] = [net.at(0), net.at(1)];
    const first = await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    const [before] = node.duties.waiting();
    for (let nonce = 0; nonce < 9; nonce++) {
      const crowd = node.chain.transaction(
        node.chain.client,
        "transfer",
        { to: receiver, amount: 1n },
        { nonce, fee: 100_000_000n },
      );
      await node.handIn(crowd);
    }
    // Blocks that nobody puts anything into.
    node.take(peer.chain.build());
    await node.settle();
    const [after] = node.duties.waiting();
    if (before === undefined || after === undefined) throw new Error("nothing waits");
    expect(after.signed.transaction.nonce).to.equal(before.signed.transaction.nonce);
    expect(after.signed.transaction.fee > before.signed.transaction.fee).to.equal(true);
    expect(node.mempool.has(after.id)).to.equal(true);
    expect(node.mempool.has(before.id)).to.equal(false);
    expect(toHex(node.duties.currentId(first))).to.equal(toHex(after.id));
    for (let block = 0; block < 20; block++) {
      node.take(node.chain.build());
      await node.settle();
    }
    const [last] = node.duties.waiting();
    expect(last?.signed.transaction.fee, "no more than is asked").to.equal(
      4n * before.signed.transaction.fee,
    );
  });

  it("close the gap that a worthless duty leaves below them, and pay nobody twice", async () => {
    const net = new SendingNetwork(2);
    const [node, peer] = [net.at(0), net.at(1)];
    await node.duties.send(
      payloadOf("reonion", { onion: sha256(text("onion")), onionLength: 1024 }),
    );
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.settle();
    // A duty that the chain takes no more: as if its window had passed.
    const [duty, pay] = node.duties.waiting();
    if (duty === undefined || pay === undefined) throw new Error("nothing waits");
    const another = node.chain.transaction(
      node.person,
      "reonion",
      { onion: sha256(text("another")), onionLength: 512 },
      { nonce: 0, fee: 5000n },
    );
    for (const each of net.nodes) each.lose();
    peer.mempool.add(peer.state, another);
    await net.block(peer);
    expect(nonceOf(node)).to.equal(1);
    for (let block = 0; block < 4; block++) await net.block(peer);
    expect(received(peer), "paid once").to.equal(POML);
    expect(node.duties.waiting()).to.deep.equal([]);
  });

  it("fill a gap below money with a transfer to themselves, and say so", async () => {
    const net = new SendingNetwork(2);
    const node = net.at(0);
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }), 3);
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: 2n * POML }));
    node.isCutOff = true;
    for (const each of net.nodes) each.lose();
    for (let block = 0; block < 3; block++) node.take(node.chain.build());
    await node.settle();
    const warned = node.log.filter(({ level }) => level === "warn").map(({ message }) => message);
    expect(warned).to.include("an own transaction ran out before a block took it");
    expect(warned).to.include(
      "a nonce without a transaction is filled with a transfer to ourselves",
    );
    expect(node.duties.waiting().map(({ signed }) => signed.transaction.nonce)).to.deep.equal([
      0, 1,
    ]);
  });

  it("do not stop a client's transaction of the same key, and tell of the gap below it", async () => {
    const net = new SendingNetwork(2);
    const [node, peer] = [net.at(0), net.at(1)];
    const early = node.chain.transaction(
      node.person,
      "transfer",
      { to: receiver, amount: 5n },
      { nonce: 2, fee: 5000n },
    );
    await node.handIn(early);
    const [waiting] = node.clients.of(node.person.keys.publicKey);
    expect(waiting?.reason).to.equal(
      "nonce 0 comes first, and this node knows no transaction with it",
    );
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    await node.duties.send(payloadOf("transfer", { to: receiver, amount: POML }));
    expect(node.duties.waiting().map(({ signed }) => signed.transaction.nonce)).to.deep.equal([
      0, 1, 3,
    ]);
    await net.block(peer);
    expect(nonceOf(node, peer)).to.equal(4);
    expect(received(peer)).to.equal(3n * POML + 5n);
  });

  it("of clients are handed in again after a restart, and offered to peers that lost them", async () => {
    const net = new SendingNetwork(2);
    const [node, peer] = [net.at(0), net.at(1)];
    const pay = node.chain.transaction(
      node.chain.client,
      "transfer",
      { to: receiver, amount: 7n },
      { validUntil: 90 },
    );
    node.isCutOff = true;
    await node.handIn(pay);
    for (let block = 0; block < 4; block++) await net.block(peer);
    await node.restart();
    expect(node.mempool.has(transactionId(pay.transaction))).to.equal(true);
    node.isCutOff = false;
    for (let block = 0; block < 9 && received(peer) === 0n; block++) await net.block(peer);
    expect(received(peer)).to.equal(7n);
  });

  it("are no trouble when nothing waits or the wish is refused at once", async () => {
    const net = new SendingNetwork(2);
    const node = net.at(0);
    await expectCodeAsync(
      () => node.duties.send(payloadOf("job-settle", { job: sha256(text("no job")) })),
      "UNKNOWN_JOB",
    );
    expect(node.duties.waiting()).to.deep.equal([]);
    expect(node.duties.nextNonce()).to.equal(0);
    await net.block(net.at(1));
    await node.restart();
    expect(node.duties.waiting()).to.deep.equal([]);
  });
});
