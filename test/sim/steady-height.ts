/**
 * One height without faults, all seats in lockstep: what agreement costs a node, without signatures,
 * disk and network. Everybody hears the proposal, all prevotes, then all precommits.
 */
import { verifyCertificateWeight } from "../../chain/finality/certificate.ts";
import type { Effect, Event } from "../../chain/finality/messages.ts";
import { type RoundState, startHeight } from "../../chain/finality/round-state.ts";
import { step } from "../../chain/finality/tendermint.ts";
import { hashOf, voteTypeIndex } from "../../chain/finality/vote.ts";
import { Values } from "./values.ts";

export interface SteadyHeight {
  /** Events all seats took in. */
  readonly events: number;
  readonly commits: number;
}

export function runSteadyHeight(weights: readonly bigint[], height = 1): SteadyHeight {
  const seats = weights.map((weight) => ({ weight }));
  const order = [...weights.keys()];
  const nodes: RoundState[] = order.map((self) => startHeight({ height, seats, self, order }));
  const value = new Values().make(height, 0);
  let events = 0;
  let commits = 0;
  let batch: Event[] = [{ kind: "start", height }];
  while (batch.length > 0) {
    const next: Event[] = [];
    for (const self of order) {
      for (const event of batch) {
        events++;
        for (const effect of feed(nodes, self, event)) {
          if (effect.kind === "commit") {
            verifyCertificateWeight(effect.certificate, seats);
            commits++;
          }
          const sent = answer(effect, self, value);
          if (sent?.kind === "built")
            next.push(...feed(nodes, self, sent).flatMap((e) => answer(e, self, value) ?? []));
          else if (sent !== undefined) next.push(sent);
        }
      }
    }
    batch = next;
  }
  return { events, commits };
}

function feed(nodes: RoundState[], self: number, event: Event): readonly Effect[] {
  const node = nodes[self];
  if (node === undefined) return [];
  const { state, effects } = step(node, event);
  nodes[self] = state;
  return effects;
}

/** What a seat sends everybody, itself included, for an effect. */
function answer(
  effect: Effect,
  seat: number,
  value: ReturnType<Values["make"]>,
): Event | undefined {
  switch (effect.kind) {
    case "build":
      return { ...effect, kind: "built", value };
    case "propose":
      return { ...effect, kind: "proposal", seat, timely: true, valid: true };
    case "vote": {
      const { height, round, type } = effect;
      const blockHash = hashOf(effect.value);
      const signature = new Uint8Array(64);
      return {
        kind: "vote",
        vote: {
          height,
          round,
          type: voteTypeIndex(type),
          blockHash,
          validRound: effect.validRound + 1,
          seat,
          signature,
        },
      };
    }
    default:
      return undefined;
  }
}
