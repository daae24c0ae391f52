/** Free duties in number, as attackers send them: commits of all founders to many jobs. */
import type { Payloads, SignedTransaction } from "../../chain/types/transaction.ts";
import type { TestChain } from "./chain.ts";
import { commits, jobOf, jobSpec, openJob } from "./job-run.ts";

/**
 * @param fee of a founder's duty with this nonce; default none
 * @returns for every founder a commit to each of the jobs, in the order of nonces; all would apply
 */
export function commitsOfFounders(
  chain: TestChain,
  { jobs, phaseBlocks }: { readonly jobs: number; readonly phaseBlocks: number },
  fee: (founder: number, nonce: number) => bigint = () => 0n,
): SignedTransaction[][] {
  const shape = { participants: chain.founders.length, quorum: 1, phaseBlocks };
  const opened = Array.from({ length: jobs }, (_, i) => {
    const open = openJob(chain, chain.client, jobSpec(`job ${i}`, shape));
    chain.advance(open);
    return open;
  });
  chain.advance();
  const all = opened.flatMap((open) => commits(chain, jobOf(chain, open)));
  return chain.founders.map((founder, i) =>
    all
      .filter(({ transaction }) => Buffer.compare(transaction.sender, founder.keys.publicKey) === 0)
      .map(({ transaction }, nonce) => {
        const value = transaction.payload.value as Payloads["job-commit"];
        return chain.transaction(founder, "job-commit", value, { nonce, fee: fee(i, nonce) });
      }),
  );
}
