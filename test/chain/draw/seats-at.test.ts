import { expect } from "chai";
import { seatsAt } from "../../../chain/draw/seats-at.ts";
import { TestChain } from "../../helpers/chain.ts";

const EPOCH = 4;

describe("seatsAt", () => {
  it("names the seats of the two heights after the head, across the ends of epochs", () => {
    const chain = new TestChain({ parameters: { epochBlocks: EPOCH } });
    const { state } = chain.head;
    const changes = new Set<number>();
    for (let height = 1; height <= 3 * EPOCH; height++) {
      const { seats } = state;
      const announced = seatsAt(state, height + 1);
      expect(seatsAt(state, height)).to.equal(seats);
      chain.advance();
      expect(state.seats, `after ${height}`).to.equal(announced);
      if (state.seats !== seats) changes.add(height);
    }
    expect([...changes]).to.include(2 * EPOCH - 1);
  });

  it("refuses heights whose seats may not be drawn yet", () => {
    const { state } = new TestChain().head;
    expect(() => seatsAt(state, 3)).to.throw(RangeError);
    expect(() => seatsAt(state, 0)).to.throw(RangeError);
  });
});
