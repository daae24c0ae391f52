import { expect } from "chai";
import { SharedPurse } from "../../../node/api/shared-purse.ts";

const who = (key: string, network = key) => ({ key, network });

describe("SharedPurse", () => {
  it("gives a single spender half of the burst at once, then the whole rate", () => {
    const purse = new SharedPurse({ burst: 100, perSecond: 10 });
    let taken = 0;
    while (purse.take(who("a"), 0, 1)) taken++;
    expect(taken).to.equal(50);
    for (let second = 1; second <= 20; second++) {
      for (let i = 0; i < 20; i++) if (purse.take(who("a"), second * 1000, 1)) taken++;
    }
    expect(taken).to.be.within(249, 250);
  });

  it("says how long to wait, and is right when nobody else asks meanwhile", () => {
    const purse = new SharedPurse({ burst: 100, perSecond: 10 });
    purse.charge(who("a"), 0, 80);
    purse.charge(who("b"), 0, 60);
    const waitMs = purse.waitMs(who("b"), 0, 12);
    expect(waitMs).to.be.above(0);
    expect(purse.take(who("b"), waitMs - 1, 12)).to.equal(false);
    expect(purse.take(who("b"), waitMs + 1, 12)).to.equal(true);
  });

  it("answers the most expensive request of a spender without debt, which pays for it afterwards", () => {
    const purse = new SharedPurse({ burst: 100, perSecond: 10 });
    expect(purse.take(who("a"), 0, 500)).to.equal(true);
    expect(purse.take(who("b"), 0, 1), "nothing is left").to.equal(false);
    expect(purse.waitMs(who("b"), 0, 1)).to.be.within(40_000, 45_000);
    expect(purse.take(who("b"), 45_000, 1)).to.equal(true);
  });

  it("remembers as many spenders as can owe something, and no debt is lost by it", () => {
    const purse = new SharedPurse({ burst: 50, perSecond: 10 });
    let taken = 0;
    for (let i = 0; i < 10_000; i++) if (purse.take(who(`a${i}`), i, 1)) taken++;
    expect(purse.size).to.be.at.most(100);
    expect(taken).to.be.within(140, 150);
  });

  it("keeps debts exact over hours", () => {
    const purse = new SharedPurse({ burst: 1000, perSecond: 100 });
    purse.charge(who("a"), 0, 900);
    for (let ms = 0; ms < 3_600_000; ms += 100) purse.charge(who("b"), ms, 10);
    const now = 3_600_000;
    expect(purse.take(who("a"), now, 20), "paid back long ago").to.equal(true);
    expect(purse.take(who("b"), now, 20), "owes all there is").to.equal(false);
  });
});
