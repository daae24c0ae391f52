import { expect } from "chai";
import type { PomlClient } from "../../../../node/api/client.ts";
import { followJob } from "../../../../node/cli/job/follow.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

describe("following a job", () => {
  const outcome = { state: "running", reason: "Round 2 of 5 is being trained." };
  const job = { phase: "training", outcome, round: 2, recordedRounds: 1, rounds: 5 };
  const client = { job: async () => job } as unknown as PomlClient;
  const { signal } = new AbortController();

  it("ends when the time is over, with the remedy of its caller", async () => {
    const look = () => followJob(client, "ab", { timeoutMs: -1, signal });
    const again = await expectCodeAsync(look, "TIMEOUT");
    expect(again.message).contain("Round 2 of 5 is being trained");
    expect(again.remedy).contain("poml job watch");
    const own = () => followJob(client, "ab", { timeoutMs: -1, remedy: "wait", signal });
    expect((await expectCodeAsync(own, "TIMEOUT")).remedy).equal("wait");
  });
});
