import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { sha256 } from "../../chain/crypto/hash.ts";
import { keyPairFromSeed } from "../../chain/crypto/keys.ts";
import { DecodeError } from "../../chain/errors.ts";
import { P2pError, type P2pFacts } from "../../p2p/errors.ts";
import type { Host } from "../../p2p/host.ts";
import { requestBlob, serveBlobs } from "../../p2p/protocols/blob.ts";
import { requestBlocks, serveBlocks } from "../../p2p/protocols/blocks.ts";
import { sendMessage, serveMessages } from "../../p2p/protocols/message.ts";
import type { TopicName } from "../../p2p/topics/topics.ts";
import { expectCodeAsync } from "../helpers/expect-code.ts";
import { Hosts, until } from "./support.ts";

const connectedTo = (count: number) => (host: Host) => host.peers().length === count;

describe("Host on loopback sockets", () => {
  const hosts = new Hosts();
  afterEach(() => hosts.stopAll());

  /** Two hosts, the second connected to the first. */
  async function pair(): Promise<[Host, Host]> {
    const a = await hosts.start();
    const b = await hosts.start({ bootstrap: a.multiaddrs() });
    await until("both to meet", () => [a, b].every(connectedTo(1)));
    return [a, b];
  }

  it("has the identity of its chain key", async () => {
    const seed = randomBytes(32);
    const host = await hosts.start({ seed });
    expect(host.publicKey).to.deep.equal(keyPairFromSeed(seed).publicKey);
    expect(host.multiaddrs()[0]).to.match(
      new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/ws/p2p/${host.peerId}$`),
    );
  });

  describe("finding peers", () => {
    it("connects everybody from one bootstrap address", async () => {
      const first = await hosts.start();
      const bootstrap = first.multiaddrs();
      const others = await Promise.all([1, 2, 3].map(() => hosts.start({ bootstrap })));
      await until("a full mesh", () => [first, ...others].every(connectedTo(3)));
      const seen = first.peers().map(({ publicKey }) => Buffer.from(publicKey).toString("hex"));
      const real = others.map(({ publicKey }) => Buffer.from(publicKey).toString("hex"));
      expect(seen.sort()).to.deep.equal(real.sort());
    });

    it("accepts a bootstrap address without a peer id", async () => {
      const first = await hosts.start();
      const bootstrap = first.multiaddrs().map((address) => address.replace(/\/p2p\/.*$/, ""));
      const second = await hosts.start({ bootstrap });
      await until("both to meet", () => [first, second].every(connectedTo(1)));
    });

    it("finds a node again that restarted on its port", async () => {
      const seed = randomBytes(32);
      const [a] = await pair();
      const c = await hosts.start({ seed, bootstrap: a.multiaddrs() });
      await until("three nodes", () => connectedTo(2)(a));
      const listen = c.multiaddrs().map((address) => address.replace(/\/p2p\/.*$/, ""));
      await c.stop();
      await until("the loss to be noticed", () => connectedTo(1)(a));
      // Without bootstrap: the others come back to it.
      const again = await hosts.start({ seed, listen });
      await until("both to return", () => connectedTo(2)(again));
    });

    it("keeps trying a bootstrap node that is not there yet", async () => {
      const placeholder = await hosts.start();
      const address = placeholder.multiaddrs()[0] ?? "";
      await placeholder.stop();
      const early = await hosts.start({ bootstrap: [address.replace(/\/p2p\/.*$/, "")] });
      await hosts.start({ listen: [address.replace(/\/p2p\/.*$/, "")] });
      await until("the late node to be found", () => connectedTo(1)(early));
    });

    it("reports connects and disconnects", async () => {
      const a = await hosts.start();
      const events: string[] = [];
      a.onPeer(({ type, peer }) => events.push(`${type} ${peer.peerId}`));
      const b = await hosts.start({ bootstrap: a.multiaddrs() });
      await until("a connect", () => events.length === 1);
      await b.stop();
      await until("a disconnect", () => events.length === 2);
      expect(events).to.deep.equal([`connect ${b.peerId}`, `disconnect ${b.peerId}`]);
    });

    it("keeps to maxPeers", async () => {
      const a = await hosts.start({ maxPeers: 1 });
      const b = await hosts.start();
      await b.dial(a.multiaddrs()[0] ?? "");
      const c = await hosts.start();
      // Depending on who is told first, the dial fails or the connection ends at once.
      await c.dial(a.multiaddrs()[0] ?? "").catch(() => undefined);
      await until("the connection to be closed", () => connectedTo(0)(c));
      expect(a.peers().map(({ peerId }) => peerId)).to.deep.equal([b.peerId]);
    });
  });

  describe("refusing", () => {
    it("a node of another network", async () => {
      const a = await hosts.start();
      const stranger = await hosts.start({ network: "f".repeat(16) });
      await expectCodeAsync(() => stranger.dial(a.multiaddrs()[0] ?? ""), "WRONG_NETWORK");
      expect(stranger.peers()).to.deep.equal([]);
      expect(a.peers()).to.deep.equal([]);
    });

    it("reports the state of each bootstrap address", async () => {
      const gone = await hosts.start();
      const [dead = ""] = gone.multiaddrs();
      await gone.stop();
      const other = await hosts.start({ network: "f".repeat(16) });
      const friend = await hosts.start();
      const bare = (host: Host): string => host.multiaddrs()[0]?.split("/p2p/")[0] ?? "";
      const bootstrap = [dead, bare(other), bare(friend)];
      const host = await hosts.create({ bootstrap });
      expect(host.bootstrap().map(({ state }) => state)).to.deep.equal(
        bootstrap.map(() => "trying"),
      );
      await host.start();
      await until("every address to be tried", () =>
        host.bootstrap().every(({ state }) => state !== "trying"),
      );
      const [first, second, third] = host.bootstrap();
      expect(first).to.deep.include({ address: dead, state: "failed" });
      expect(first?.failure?.code).to.equal("DIAL_FAILED");
      expect(second?.failure).to.deep.include({ code: "WRONG_NETWORK", network: "f".repeat(16) });
      expect(third).to.deep.equal({
        address: bare(friend),
        state: "reached",
        failures: 0,
        failure: undefined,
      });
    });

    it("PORT_IN_USE with the port and the option", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const host = await hosts.create({ listen: [`/ip4/127.0.0.1/tcp/${port}/ws`] });
      const error = await expectCodeAsync(() => host.start(), "PORT_IN_USE");
      expect(error.message).to.include(`127.0.0.1:${port}`);
      expect(error.remedy).to.include("option listen");
      await new Promise((resolve) => server.close(resolve));
    });

    it("bad options by name", async () => {
      const refusals = [
        [{ seed: new Uint8Array(31) }, "BAD_OPTION", "seed"],
        [{ network: "main" }, "BAD_OPTION", "network"],
        [{ maxPeers: 0 }, "BAD_OPTION", "maxPeers"],
        [{ listen: ["127.0.0.1:80"] }, "BAD_ADDRESS", "listen"],
        [{ bootstrap: ["/ip4/1.2.3.4/tcp/80"] }, "BAD_ADDRESS", "bootstrap"],
      ] as const;
      for (const [options, code, name] of refusals) {
        const error = await expectCodeAsync(() => hosts.create(options), code);
        expect(error.message).to.include(name);
      }
    });

    it("DIAL_FAILED for an address where nobody listens", async () => {
      const gone = await hosts.start();
      const address = gone.multiaddrs()[0] ?? "";
      await gone.stop();
      const host = await hosts.start();
      await expectCodeAsync(() => host.dial(address), "DIAL_FAILED");
    });

    it("an offender: cut off, then refused both ways", async () => {
      const [a, b] = await pair();
      for (let i = 0; i < 6; i++) a.report(b.peerId, new DecodeError("block", "forged"));
      await until("the offender to be cut off", () => connectedTo(0)(a) && connectedTo(0)(b));
      await expectCodeAsync(() => b.dial(a.multiaddrs()[0] ?? ""), "DIAL_FAILED");
      await expectCodeAsync(() => a.dial(b.multiaddrs()[0] ?? ""), "PEER_DENIED");
      expect(a.peers()).to.deep.equal([]);
      const [refused] = a.refused();
      expect(refused).to.deep.include({ peerId: b.peerId, standing: "banned", code: "DECODE" });
      expect(refused?.reason).to.include("forged");
      expect(refused?.remainingMs).to.be.greaterThan(0);
    });

    it("nobody for what a busy node looks like", async () => {
      const [a, b] = await pair();
      const reset = { code: "STREAM_FAILED", peer: b.peerId, protocol: "blob", reason: "reset" };
      for (let i = 0; i < 1000; i++) a.report(b.peerId, new P2pError("reset", reset as P2pFacts));
      expect(a.refused()).to.deep.equal([]);
      expect(a.peers().map(({ score }) => score)).to.deep.equal([0]);
    });
  });

  describe("gossip", () => {
    async function mesh(
      topic: TopicName,
      handle: (host: Host, message: Uint8Array, from: string) => void,
    ): Promise<Host[]> {
      const first = await hosts.create();
      const subscribe = (host: Host): void =>
        host.subscribe(topic, (message, from) => {
          handle(host, message, from);
          return "accept";
        });
      subscribe(first);
      await first.start();
      const others = await Promise.all(
        [1, 2, 3].map(async () => {
          const host = await hosts.create({ bootstrap: first.multiaddrs() });
          subscribe(host);
          await host.start();
          return host;
        }),
      );
      const all = [first, ...others];
      await until("all to follow", () => all.every((host) => host.subscribers(topic) === 3));
      return all;
    }

    it("brings a message to all of four nodes, once, and not back", async () => {
      const got: string[] = [];
      const all = await mesh("votes", (host) => got.push(host.peerId));
      const [, sender] = all;
      expect(await sender?.publish("votes", Uint8Array.of(1, 2, 3))).to.equal(3);
      await until("three receivers", () => got.length >= 3);
      // A second message flushes whatever copies of the first were still on their way.
      await sender?.publish("votes", Uint8Array.of(4));
      await until("three more", () => got.length >= 6);
      const expected = all.filter((host) => host !== sender).flatMap((h) => [h.peerId, h.peerId]);
      expect(got.sort()).to.deep.equal(expected.sort());
    });

    it("brings a 2 MiB proposal whole", async () => {
      const proposal = randomBytes(2 * 1024 * 1024);
      const got: Uint8Array[] = [];
      const [sender] = await mesh("proposals", (_, message) => got.push(message));
      await sender?.publish("proposals", proposal);
      await until("three receivers", () => got.length === 3);
      expect(got.every((message) => proposal.equals(message))).to.equal(true);
    });

    it("lowers the score of a neighbour whose messages are refused", async () => {
      const a = await hosts.create();
      a.subscribe("votes", () => {
        throw new DecodeError("vote", "forged");
      });
      await a.start();
      const b = await hosts.start({ bootstrap: a.multiaddrs() });
      await until("a subscriber", () => b.subscribers("votes") === 1);
      await b.publish("votes", Uint8Array.of(1));
      await until("a lower score", () => (a.peers()[0]?.score ?? 0) < -5);
      await b.publish("votes", Uint8Array.of(2));
      await b.publish("votes", Uint8Array.of(3));
      await until("the neighbour to be cut off", () => connectedTo(0)(a));
    });

    it("refuses to publish too much, or before the start", async () => {
      const host = await hosts.create();
      await expectCodeAsync(() => host.publish("votes", new Uint8Array(5000)), "MESSAGE_TOO_LARGE");
      await expectCodeAsync(() => host.publish("votes", Uint8Array.of(1)), "NOT_STARTED");
    });
  });

  describe("streams", () => {
    it("carry messages and megabytes of blob", async () => {
      const [a, b] = await pair();
      await serveMessages(a, async (message, peer) => Buffer.concat([message, Buffer.from(peer)]));
      const reply = await sendMessage(b, a.peerId, Buffer.from("hello "));
      expect(Buffer.from(reply).toString()).to.equal(`hello ${b.peerId}`);

      const blob = randomBytes(20 * 1024 * 1024);
      await serveBlobs(a, () => Promise.resolve(blob));
      const received = await requestBlob(b, a.peerId, sha256(blob));
      expect(blob.equals(received)).to.equal(true);
    });

    it("a hundred requests at once: all are answered, nobody is blamed, consensus passes", async () => {
      const [a, b] = await pair();
      let answered = 0;
      const serve = async (): Promise<undefined> => {
        answered += 1;
        return undefined;
      };
      await serveBlobs(a, serve);
      const ask = (urgent: boolean): Promise<string> =>
        requestBlob(b, a.peerId, randomBytes(32), { urgent }).then(
          () => "found",
          (error: P2pError) => error.code,
        );
      const many = Array.from({ length: 100 }, () => ask(false));
      expect(await ask(true)).to.equal("NOT_FOUND");
      expect(answered, "requests before the urgent one").to.be.below(50);
      const codes = new Set(await Promise.all(many));
      expect([...codes]).to.deep.equal(["NOT_FOUND"]);
      expect(a.peers().map(({ score }) => score)).to.deep.equal([0]);
      expect(b.peers().map(({ score }) => score)).to.deep.equal([0]);
    });

    it("hold a sender back while nobody reads", async () => {
      const [a, b] = await pair();
      const block = new Uint8Array(64 * 1024);
      let served = 0;
      await serveBlocks(a, async function* (_from, count) {
        for (; served < count; served++) yield block;
      });
      const blocks = requestBlocks(b, a.peerId, { from: 0, count: 256 });
      await blocks.next();
      let before = -1;
      let still = 0;
      await until("the sender to stop", () => {
        still = served === before ? still + 1 : 0;
        before = served;
        return still === 20;
      });
      expect(served).to.be.lessThan(128);
      let received = 1;
      for await (const _ of blocks) received += 1;
      expect(received).to.equal(256);
    });

    it("carry large messages both ways at once", async () => {
      const [a, b] = await pair();
      const message = randomBytes(1024 * 1024);
      for (const host of [a, b]) await serveMessages(host, (bytes) => Promise.resolve(bytes));
      const replies = await Promise.all([
        ...[1, 2, 3].map(() => sendMessage(a, b.peerId, message)),
        ...[1, 2, 3].map(() => sendMessage(b, a.peerId, message)),
      ]);
      expect(replies.every((reply) => message.equals(reply))).to.equal(true);
    });

    it("fail with UNSUPPORTED_PROTOCOL and NOT_CONNECTED", async () => {
      const [a, b] = await pair();
      const ask = (peer: string): Promise<unknown> => sendMessage(a, peer, Uint8Array.of(1));
      await expectCodeAsync(() => ask(b.peerId), "UNSUPPORTED_PROTOCOL");
      const stranger = await hosts.create();
      await expectCodeAsync(() => ask(stranger.peerId), "NOT_CONNECTED");
      expect(a.peers()[0]?.score).to.equal(0);
    });

    it("fail when the peer goes away in the middle", async () => {
      const [a, b] = await pair();
      await serveMessages(a, () => new Promise(() => {}));
      const reply = sendMessage(b, a.peerId, Uint8Array.of(1));
      await Promise.all([a.stop(), expectCodeAsync(() => reply, "STREAM_FAILED")]);
    });
  });

  it("refuses a second handler for a topic", async () => {
    const host = await hosts.create();
    host.subscribe("votes", () => "accept");
    expect(() => host.subscribe("votes", () => "accept")).to.throw(TypeError);
  });
});
