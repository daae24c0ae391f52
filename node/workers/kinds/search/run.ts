import { unitNonces } from "../../../../chain/workload/search/units.ts";
import { searchTask } from "../algorithm-task.ts";
import type { RunTask } from "../context.ts";
import { cutOf, type SearchOrder, type SearchOutcome } from "./order.ts";
import { UNIT_BYTES } from "./unit-bytes.ts";

/** @throws AlgorithmError; the signal's reason */
export const runSearch: RunTask<SearchOrder, SearchOutcome> = async (
  order,
  { inputs, searches, context },
) => {
  const { signal, end, onProgress, output } = context;
  const [from, to] = [BigInt(order.from), BigInt(order.to)];
  const cut = cutOf(order);
  const steps = Number(unitNonces(cut, from, to));
  let units = 0;
  let sent: Promise<void> = Promise.resolve();
  const work = { kind: "search", task: searchTask(order), cut, from, to } as const;
  const hashes = await searches.run(inputs.one("algorithm"), work, {
    signal,
    end,
    onHashes: (step) => onProgress({ step, steps, loss: undefined }),
    onNews: (news) => {
      if (news.kind === "units") {
        units += news.bytes.length / UNIT_BYTES;
        sent = sent.then(() => output("units", Number(news.first - from), news.bytes));
      } else if (news.kind === "find") {
        sent = sent.then(() => output("find", 0, news.bytes));
      }
    },
  });
  await sent;
  return { kind: "search", units, hashes };
};
