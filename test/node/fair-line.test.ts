import { expect } from "chai";
import { FairLine } from "../../node/fair-line.ts";

describe("FairLine", () => {
  const drained = (line: FairLine<string>): string[] => {
    const all: string[] = [];
    for (let item = line.next(); item !== undefined; item = line.next()) all.push(item);
    return all;
  };
  const turn = (group: string, member = "m") => ({ group, member });

  it("gives groups turns, and members in them, each in its own order", () => {
    const line = new FairLine<string>();
    for (const item of ["a1", "a2", "a3"]) line.add(turn("a", "x"), item);
    line.add(turn("a", "y"), "a4");
    line.add(turn("b"), "b1");
    line.add(turn("b"), "b2");
    expect(drained(line)).to.deep.equal(["a1", "b1", "a4", "b2", "a2", "a3"]);
    expect(line.next()).to.equal(undefined);
  });

  it("lets a member that was served wait again, at the end of its group", () => {
    const line = new FairLine<string>();
    line.add(turn("a"), "a1");
    line.add(turn("b"), "b1");
    expect(line.next()).to.equal("a1");
    line.add(turn("a"), "a2");
    expect(drained(line)).to.deep.equal(["b1", "a2"]);
  });

  it("removes members that no longer wait, and reports if their turn has come already", () => {
    const line = new FairLine<string>();
    line.add(turn("a"), "a1");
    line.add(turn("a"), "a2");
    expect(line.next()).to.equal("a1");
    expect(line.remove(turn("a"), "a1")).to.equal(false);
    expect(line.remove(turn("a"), "a2")).to.equal(true);
    expect(line.remove(turn("b"), "b1")).to.equal(false);
    expect(drained(line)).to.deep.equal([]);
  });
});
