/** Keeps a flight open until its commit is on the chain, which ends the flight, or the time for it is over. */
import type { Job } from "../../chain/types/job.ts";
import type { Chain } from "../chain/chain.ts";

export async function waitForCommit(
  { spec }: Pick<Job, "spec">,
  signal: AbortSignal,
  chain: Pick<Chain, "height" | "onBlock">,
): Promise<void> {
  const end = chain.height + spec.phaseBlocks;
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      off();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const off = chain.onBlock(() => {
      if (chain.height >= end) finish();
    });
    signal.addEventListener("abort", finish, { once: true });
    if (signal.aborted) finish();
  });
}
