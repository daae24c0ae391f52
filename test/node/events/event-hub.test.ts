import { expect } from "chai";
import { EventHub } from "../../../node/events/event-hub.ts";

describe("EventHub", () => {
  it("replays what a reader missed, then goes on live", () => {
    const hub = new EventHub();
    for (let i = 0; i < 5; i++) hub.emit("log", { i });
    const seen: number[] = [];
    const stop = hub.subscribe(3, ({ cursor }) => seen.push(cursor));
    hub.emit("log", {});
    stop();
    hub.emit("log", {});
    expect(seen).to.deep.equal([4, 5, 6]);
  });

  it("keeps a bounded number of events", () => {
    const hub = new EventHub();
    for (let i = 0; i < 5000; i++) hub.emit("log", { i });
    const seen: number[] = [];
    hub.subscribe(0, ({ cursor }) => seen.push(cursor));
    expect(seen.length).to.be.below(5000);
    expect(seen.at(-1)).to.equal(5000);
  });
});
