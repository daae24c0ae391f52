/** Shows the algorithms of searches, and the votes on them, as tables. */
import { SHIPPED } from "../../../ml/search/shipped-algorithms.ts";
import type { AlgorithmJson, AlgorithmList } from "../../api/contract/algorithm.ts";
import type { Output } from "../output.ts";

/** Without a node. */
export function showShipped(output: Output): void {
  output.result({ algorithms: SHIPPED }, () =>
    output.table(
      ["name", "digest", "lanes", "hash of the module"],
      SHIPPED.map(({ name, digest, lanes, hash }) => [name, digest, lanes, hash]),
    ),
  );
}

export function showAlgorithms(output: Output, list: AlgorithmList): void {
  output.table(
    ["name", "digest", "known by", "this node", "hash of the module"],
    list.algorithms.map((one) => [
      one.name ?? "-",
      one.digest ?? "-",
      originOf(one),
      one.allowed ? "takes part" : "declines",
      one.hash,
    ]),
  );
  if (list.votes.length === 0) return;
  output.line();
  output.line(
    `Open votes: more than 2/3 of the weight decides; counted next at the end of block ${list.countedAt}`,
  );
  const share = (weight: string): string => percentOf(weight, list.totalWeight);
  output.table(
    ["on", "to", "for", "all others", "nodes"],
    list.votes.map(({ algorithm, name, wants, weight, against, nodes }) => [
      name ?? algorithm,
      wants === "certify" ? "certify it" : "take it off the list",
      share(weight),
      share(against),
      nodes.map((node) => `#${node}`).join(", "),
    ]),
  );
}

function originOf({ shipped, certified }: AlgorithmJson): string {
  if (certified) return shipped ? "shipped, certified" : "certified by vote";
  return shipped ? "shipped" : "the owner's jobs.allow";
}

function percentOf(weight: string, total: string): string {
  return total === "0" ? "0.0 %" : `${((100 * Number(weight)) / Number(total)).toFixed(1)} %`;
}
