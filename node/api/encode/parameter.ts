/** Votable parameters in the contract's form. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { type Electorate, electorateOf, support } from "../../../chain/governance/count-votes.ts";
import { decodeValue, VOTABLE_PARAMETERS } from "../../../chain/governance/votable.ts";
import type { State } from "../../../chain/state/state.ts";
import type { ParameterJson, ParameterList } from "../contract/parameter.ts";

export function encodeParameters(state: State): ParameterList {
  const electorate = electorateOf(state);
  return {
    totalWeight: electorate.total.toString(),
    parameters: VOTABLE_PARAMETERS.map((name, parameter) => ({
      name,
      value: text(state.parameters[name]),
      votes: votesOn(state, electorate, parameter),
    })),
  };
}

function votesOn(state: State, electorate: Electorate, parameter: number): ParameterJson["votes"] {
  const name = VOTABLE_PARAMETERS[parameter];
  if (name === undefined) return [];
  const byValue = new Map<string, { value: Uint8Array; nodes: number[] }>();
  for (const vote of state.parameterVotes) {
    if (vote.parameter !== parameter) continue;
    const known = byValue.get(toHex(vote.value)) ?? { value: vote.value, nodes: [] };
    known.nodes.push(vote.node);
    byValue.set(toHex(vote.value), known);
  }
  return [...byValue.values()].map(({ value, nodes }) => ({
    value: text(decodeValue(state.parameters[name], value)),
    nodes,
    weight: support(state, electorate, { parameter, value }).toString(),
  }));
}

function text(value: number | bigint | Uint8Array): string {
  return value instanceof Uint8Array ? toHex(value) : value.toString();
}
