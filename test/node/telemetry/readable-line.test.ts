import { expect } from "chai";
import { readableLine } from "../../../node/telemetry/readable-line.ts";

describe("readableLine", () => {
  const line = (fields: object): string =>
    readableLine(JSON.stringify({ level: 30, time: "T", ...fields }), (iso) => iso);

  it("shows time, level, message, and the facts after it", () => {
    const fields = { module: "sync", height: 719, blocks: [4], msg: "caught up" };
    expect(line(fields)).to.equal("T info  caught up  (sync: height 719, blocks [4])\n");
    expect(line({ msg: "node stopped" })).to.equal("T info  node stopped\n");
    expect(line({ module: "api", msg: "up" })).to.equal("T info  up  (api)\n");
  });

  it("gives a remedy a line of its own", () => {
    const fields = { level: 40, code: "ALONE", remedy: "check it", msg: "no peer" };
    expect(line(fields).split("\n")).to.deep.equal([
      "T WARN  no peer  (code ALONE)",
      "               try: check it",
      "",
    ]);
  });

  it("lets nothing a peer sent steer the terminal", () => {
    const shown = line({ reason: "\u001b[2Jx\u202ey", msg: "bad\u0007" });
    expect(shown).to.equal("T info  bad\ufffd  (reason \ufffd[2Jx\ufffdy)\n");
  });
});
