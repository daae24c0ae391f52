import { expect } from "chai";
import {
  BAN_MS,
  costOf,
  HALF_LIFE_MS,
  MIN_SCORE,
  type Offence,
  ScoreBook,
} from "../../../p2p/peers/score.ts";

const REJECT: Offence = { action: "reject", code: "WRONG_BLOB" };
const LOCAL: Offence = { action: "local", code: "CANCELLED" };

function repeat(book: ScoreBook, times: number, offence: Offence, nowMs = 0): void {
  for (let i = 0; i < times; i++) book.report("p", offence, nowMs);
}

describe("ScoreBook", () => {
  it("never lowers a score for a failure of our own", () => {
    const book = new ScoreBook();
    repeat(book, 10_000, LOCAL);
    expect(book.score("p", 0)).to.equal(0);
    expect(book.standing("p", 0)).to.equal("good");
    expect(book.size).to.equal(0);
  });

  it("never lowers a score for what a busy node or a bad line looks like", () => {
    const book = new ScoreBook();
    for (const code of ["TIMEOUT", "STREAM_FAILED", "NOT_FOUND", "DIAL_FAILED", "REMOTE_ERROR"]) {
      repeat(book, 10_000, { action: "ignore", code });
    }
    expect(book.size).to.equal(0);
  });

  it("costs more for a proven lie than for too many requests", () => {
    const greedy = costOf({ action: "ignore", code: "RATE_LIMITED" });
    expect(greedy).to.be.greaterThan(0);
    expect(costOf(REJECT)).to.be.greaterThan(greedy);
  });

  it("charges a flood once a second: messages that came at once do not lead to a cut-off", () => {
    const book = new ScoreBook();
    const flood: Offence = { action: "ignore", code: "RATE_LIMITED" };
    repeat(book, 10_000, flood, 0);
    repeat(book, 10_000, flood, 1_000);
    expect(book.standing("p", 1_000)).to.equal("good");
    for (let second = 2; second < 15; second++) repeat(book, 100, flood, second * 1_000);
    expect(book.standing("p", 15_000)).to.equal("disconnect");
  });

  it("disconnects at -20 and bans at -50", () => {
    const book = new ScoreBook();
    repeat(book, 1, REJECT);
    expect(book.standing("p", 0)).to.equal("good");
    repeat(book, 1, REJECT);
    expect(book.standing("p", 0)).to.equal("disconnect");
    repeat(book, 3, REJECT);
    expect(book.standing("p", 0)).to.equal("banned");
  });

  it("halves in ten minutes", () => {
    const book = new ScoreBook();
    repeat(book, 2, REJECT);
    expect(book.score("p", HALF_LIFE_MS)).to.be.closeTo(-10, 1e-9);
    expect(book.score("p", 3 * HALF_LIFE_MS)).to.be.closeTo(-2.5, 1e-9);
  });

  it("says when a refused peer may come back, and lets it", () => {
    const book = new ScoreBook();
    repeat(book, 3, REJECT);
    const until = book.deniedUntil("p", 0);
    expect(book.standing("p", until - 1000)).to.equal("disconnect");
    expect(book.standing("p", until + 1000)).to.equal("good");
  });

  it("ends a ban after 30 minutes, however many the offences", () => {
    const book = new ScoreBook();
    repeat(book, 1000, REJECT);
    expect(book.score("p", 0)).to.equal(MIN_SCORE);
    expect(book.standing("p", BAN_MS - 1)).to.equal("banned");
    expect(book.standing("p", BAN_MS)).to.equal("good");
  });

  it("stays bounded and forgets the worst offender last", () => {
    const book = new ScoreBook(10);
    repeat(book, 9, REJECT);
    for (let i = 0; i < 100; i++) book.report(`q${i}`, REJECT, 0);
    expect(book.size).to.equal(10);
    expect(book.standing("p", 0)).to.equal("banned");
  });
});
