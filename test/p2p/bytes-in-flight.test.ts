import { expect } from "chai";
import { BytesInFlight } from "../../p2p/protocols/bytes-in-flight.ts";

const NEVER = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("bytes in flight", () => {
  it("are never more than the limit, nor one peer's more than its share", async () => {
    const flight = new BytesInFlight({ totalBytes: 100, peerBytes: 40, guestBytes: 100 });
    const held: (() => void)[] = [];
    const order: string[] = [];
    const take = (peer: string): void => {
      void flight.take(peer, 20, NEVER).then((release) => {
        order.push(peer);
        held.push(release);
      });
    };
    for (const peer of ["a", "a", "a", "b", "b", "c", "d"]) take(peer);
    await turn();
    expect(order).to.deep.equal(["a", "a", "b", "b", "c"]);
    expect(flight.total).to.equal(100);
    held[0]?.();
    held[0]?.();
    await turn();
    // Its third waited longest, and has room again.
    expect(order.slice(5)).to.deep.equal(["a"]);
    held[2]?.();
    await turn();
    expect(order.slice(6)).to.deep.equal(["d"]);
    for (const release of held) release();
    expect(flight.total).to.equal(0);
  });

  it("go round among peers, however many requests one makes", async () => {
    const flight = new BytesInFlight({ totalBytes: 10, peerBytes: 10, guestBytes: 10 });
    const first = await flight.take("z", 10, NEVER);
    const order: string[] = [];
    const held: (() => void)[] = [first];
    for (const peer of ["a", "a", "a", "b", "c"]) {
      void flight.take(peer, 10, NEVER).then((release) => {
        order.push(peer);
        held.push(release);
      });
    }
    for (let i = 0; i < 5; i++) {
      held[i]?.();
      await turn();
    }
    expect(order).to.deep.equal(["a", "b", "c", "a", "a"]);
  });

  it("are not waited for any more by peers that have left", async () => {
    const flight = new BytesInFlight({ totalBytes: 10, peerBytes: 10, guestBytes: 10 });
    const release = await flight.take("a", 10, NEVER);
    const control = new AbortController();
    const left = flight.take("b", 10, control.signal);
    const next = flight.take("c", 10, NEVER);
    control.abort(new Error("gone"));
    expect(await left.catch(String)).to.contain("gone");
    release();
    (await next)();
    expect(flight.total).to.equal(0);
  });

  it("leave half to nodes of the chain, however many others read slowly", async () => {
    const limits = { totalBytes: 100, peerBytes: 20, guestBytes: 50 };
    const flight = new BytesInFlight(limits, (peer) => peer.startsWith("node"));
    const guests: (() => void)[] = [];
    for (let i = 0; i < 50; i++) {
      void flight.take(`guest${i}`, 10, NEVER).then((release) => guests.push(release));
    }
    await turn();
    expect(guests).to.have.length(5);
    // Nobody gives a place back, and the node has one at once, over and over.
    for (let i = 0; i < 20; i++) (await flight.take("node1", 10, NEVER))();
    expect(flight.total).to.equal(50);
    while (guests.length > 0) {
      guests.pop()?.();
      await turn();
    }
    expect(flight.total).to.equal(0);
  });
});
