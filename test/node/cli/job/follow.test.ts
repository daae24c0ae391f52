import { expect } from "chai";
import type { PomlClient } from "../../../../node/api/client.ts";
import { followJob } from "../../../../node/cli/job/follow.ts";
import { expectCodeAsync } from "../../../helpers/expect-code.ts";

describe("following a job", () => {
  const job = { phase: "training", round: 2, rounds: 5 };
  const client = { job: async () => job } as unknown as PomlClient;
  const { signal } = new AbortController();

  it("ends when the time is over, with the remedy of its caller", async () => {
    const look = () => followJob(client, "ab", { timeoutMs: -1, signal });
    const again = await expectCodeAsync(look, "TIMEOUT");
    expect(again.message).contain("training, round 2 of 5");
    expect(again.remedy).contain("poml job watch");
    const own = () => followJob(client, "ab", { timeoutMs: -1, remedy: "wait", signal });
    expect((await expectCodeAsync(own, "TIMEOUT")).remedy).equal("wait");
  });
});
