/** Votable parameters in the contract's form. */
import { toHex } from "../../../chain/crypto/hash.ts";
import { electorateOf, type Tally, talliesOf } from "../../../chain/governance/count-votes.ts";
import { decodeValue, VOTABLE_PARAMETERS } from "../../../chain/governance/votable.ts";
import type { State } from "../../../chain/state/state.ts";
import type { ParameterJson, ParameterList } from "../contract/parameter.ts";

export function encodeParameters(state: State): ParameterList {
  const electorate = electorateOf(state);
  const tallies = talliesOf(state, electorate);
  return {
    totalWeight: electorate.total.toString(),
    parameters: VOTABLE_PARAMETERS.map((name, parameter) => ({
      name,
      value: text(state.parameters[name]),
      votes: tallies
        .filter((tally) => tally.parameter === parameter)
        .map((tally) => votesFor(state, name, tally)),
    })),
  };
}

function votesFor(
  state: State,
  name: (typeof VOTABLE_PARAMETERS)[number],
  { value, nodes, weight }: Tally,
): ParameterJson["votes"][number] {
  return {
    value: text(decodeValue(state.parameters[name], value)),
    nodes: [...nodes],
    weight: weight.toString(),
  };
}

function text(value: number | bigint | Uint8Array): string {
  return value instanceof Uint8Array ? toHex(value) : value.toString();
}
