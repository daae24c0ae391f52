import { expect } from "chai";
import { PeerBook } from "../../../p2p/peers/book.ts";

/** No jitter: 0.5 is the middle of the spread. */
const MIDDLE = 0.5;
const names = (book: PeerBook, nowMs: number, limit = 8): string[] =>
  book.takeDue(nowMs, limit).map(({ name }) => name);

describe("PeerBook", () => {
  it("offers bootstrap peers first and nobody twice", () => {
    const book = new PeerBook();
    book.learn("learned", ["/a"]);
    book.addBootstrap("boot", "/b");
    expect(names(book, 0, 1)).to.deep.equal(["boot"]);
    expect(names(book, 0)).to.deep.equal(["learned"]);
    expect(names(book, 0)).to.deep.equal([]);
  });

  it("backs off twice as long after each failure, up to the limit", () => {
    const book = new PeerBook({ firstRetryMs: 100, maxBootstrapRetryMs: 1000 });
    book.addBootstrap("boot", "/b");
    const delays: number[] = [];
    let now = 0;
    expect(names(book, now)).to.deep.equal(["boot"]);
    for (let i = 0; i < 6; i++) {
      book.failed("boot", now, MIDDLE);
      const from = now;
      while (names(book, now).length === 0) now += 50;
      delays.push(now - from);
    }
    expect(delays).to.deep.equal([200, 400, 800, 1000, 1000, 1000]);
  });

  it("gives up on a learned peer, never on bootstrap", () => {
    const book = new PeerBook({ firstRetryMs: 1, maxRetryMs: 1, maxBootstrapRetryMs: 1 });
    book.addBootstrap("boot", "/b");
    book.learn("gone", ["/g"]);
    for (let now = 0; now < 100; now += 10) {
      for (const name of names(book, now)) book.failed(name, now, MIDDLE);
    }
    expect(names(book, 1000)).to.deep.equal(["boot"]);
  });

  it("never gives up on a peer that was connected once, but for one that is not", () => {
    const book = new PeerBook({ maxPeers: 2, firstRetryMs: 1, maxRetryMs: 1 });
    book.learn("old", ["/o"]);
    book.learn("stranger", ["/s"]);
    expect(names(book, 0)).to.deep.equal(["old", "stranger"]);
    book.connected("old");
    book.disconnected("old", 0, MIDDLE);
    book.failed("stranger", 0, MIDDLE);
    for (let now = 10; now < 1000; now += 10) {
      for (const name of names(book, now)) book.failed(name, now, MIDDLE);
    }
    expect(names(book, 2000)).to.deep.equal(["old"]);
    expect(book.learn("a", ["/a"])).to.equal(true);
    expect(book.learn("b", ["/b"])).to.equal(true);
    expect(names(book, 3000)).to.deep.equal(["a", "b"]);
  });

  it("tries everybody again once a peer answers after an outage", () => {
    const book = new PeerBook({ firstRetryMs: 1000 });
    book.learn("a", ["/a"]);
    book.learn("b", ["/b"]);
    let now = 0;
    for (let failure = 0; failure < 4; failure++) {
      expect(names(book, now)).to.deep.equal(["a", "b"]);
      for (const name of ["a", "b"]) book.failed(name, now, MIDDLE);
      now += 20_000;
    }
    expect(names(book, now, 1)).to.deep.equal(["a"]);
    book.failed("b", now, MIDDLE);
    book.connected("a");
    expect(names(book, now)).to.deep.equal(["b"]);
  });

  it("redials a peer that was lost", () => {
    const book = new PeerBook({ firstRetryMs: 100 });
    book.learn("p", ["/p"]);
    expect(names(book, 0)).to.deep.equal(["p"]);
    book.connected("p");
    expect(names(book, 10_000)).to.deep.equal([]);
    book.disconnected("p", 10_000, MIDDLE);
    expect(names(book, 10_050)).to.deep.equal([]);
    expect(names(book, 10_100)).to.deep.equal(["p"]);
  });

  it("keeps bootstrap status when the peer behind an address becomes known", () => {
    const book = new PeerBook();
    book.addBootstrap("/ip4/1.2.3.4/tcp/1/ws", "/ip4/1.2.3.4/tcp/1/ws");
    book.learn("p", ["/other"]);
    expect(names(book, 0, 1)).to.deep.equal(["/ip4/1.2.3.4/tcp/1/ws"]);
    book.connected("p");
    book.rename("/ip4/1.2.3.4/tcp/1/ws", "p");
    expect(book.size).to.equal(1);
    expect(names(book, 1e9)).to.deep.equal([]);
    book.disconnected("p", 1e9, MIDDLE);
    expect(book.takeDue(2e9, 1)).to.deep.equal([
      { name: "p", addresses: ["/ip4/1.2.3.4/tcp/1/ws", "/other"] },
    ]);
  });

  it("is bounded in peers and addresses", () => {
    const book = new PeerBook({ maxPeers: 3 });
    for (let i = 0; i < 10; i++) book.learn(`p${i}`, [`/${i}`]);
    expect(book.size).to.equal(3);
    for (let i = 0; i < 10; i++) book.learn("p0", [`/more/${i}`]);
    expect(book.takeDue(0, 1)[0]?.addresses).to.have.length(4);
  });
});
