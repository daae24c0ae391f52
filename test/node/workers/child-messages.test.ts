import { expect } from "chai";
import { logThrough, relayLine } from "../../../node/workers/child-messages.ts";
import type { Log } from "../../../p2p/log.ts";

describe("log lines of a worker process", () => {
  let lines: [string, string, unknown][];
  const at =
    (level: string) =>
    (message: string, fields?: unknown): void => {
      lines.push([level, message, fields]);
    };
  const log: Log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };

  beforeEach(() => {
    lines = [];
  });

  it("reach the node's log under the worker's name", () => {
    const child = logThrough((line) => relayLine(log, "local-2", JSON.parse(JSON.stringify(line))));
    child.info("linked");
    child.error("worker ends", { reason: "no memory", worker: "somebody else" });
    expect(lines).to.deep.equal([
      ["info", "linked", { worker: "local-2" }],
      ["error", "worker ends", { reason: "no memory", worker: "local-2" }],
    ]);
  });

  it("are refused when they are something else", () => {
    for (const line of [null, "text", { level: "fatal", message: "x" }, { level: "info" }]) {
      relayLine(log, "local-1", line);
    }
    expect(lines.map(([level]) => level)).to.deep.equal(["warn", "warn", "warn", "warn"]);
  });
});
