/** How often a draw of seats gives somebody more than a third of them, exactly, and what so many seats take in bytes. */
import { standardParameters } from "../../../chain/genesis.ts";
import { Certificate } from "../../../chain/types/block.ts";
import { LightBlock } from "../../../chain/types/light.ts";
import { chanceOfThird, chanceOfThirdApart } from "../../helpers/hypergeometric.ts";

/** One owner with `percent` of so many equal nodes must not come to a third of the seats. */
const PROMISED = [
  { nodes: 1_000, percent: 25 },
  { nodes: 10_000, percent: 20 },
] as const;
/** Figures for other sizes, which nothing promises. */
const OTHERS = [
  { nodes: 600, percent: 30 },
  { nodes: 1_000, percent: 20 },
  { nodes: 2_000, percent: 25 },
  { nodes: 10_000, percent: 25 },
] as const;
const MILLENNIUM_MS = 1000 * 365.25 * 86_400_000;

/** With the parameters of a standard chain. */
export function thirds() {
  const { maxSeats, epochBlocks, blockIntervalMs } = standardParameters(new Uint8Array(32));
  const draws = MILLENNIUM_MS / (epochBlocks * blockIntervalMs);
  const found = [...PROMISED, ...OTHERS].map((one) => thirdOf(one, maxSeats, draws));
  const promised = found.slice(0, PROMISED.length);
  return {
    maxSeats,
    epochBlocks,
    worstPer1000Years: Math.max(...promised.map((one) => one.per1000YearsGrinding)),
    thirds: found,
    bytes: bytesOf(maxSeats, epochBlocks),
  };
}

/**
 * Equal nodes are drawn without bias and never twice: the number of somebody's among the seats is hypergeometric.
 * Whoever splits its nodes comes nearer to draws that are apart from each other, which is the worst there is.
 * @param draws of seats in a thousand years
 */
function thirdOf(
  { nodes, percent }: { nodes: number; percent: number },
  maxSeats: number,
  draws: number,
) {
  const chance = chanceOfThird(nodes, (nodes * percent) / 100, maxSeats);
  const apart = chanceOfThirdApart({ of: percent, in: 100 }, maxSeats);
  const part = percent / 100;
  // An expected number of mixes to choose among at the end of an epoch, with every turn that can be skipped.
  const choices = (1 - part) / (1 - 2 * part);
  return {
    nodes,
    percent,
    chance: Number(chance.toPrecision(3)),
    per1000Years: Number((chance * draws).toPrecision(3)),
    per1000YearsGrinding: Number((chance * draws * choices).toPrecision(3)),
    per1000YearsSplitWithoutEnd: Number((apart * draws).toPrecision(3)),
  };
}

/** Sizes with every seat taken and every signature there; a light client takes one block an epoch at most. */
function bytesOf(seats: number, epochBlocks: number) {
  const bytes = new Uint8Array(64);
  const signatures = Array.from({ length: seats }, (_, seat) => ({ seat, signature: bytes }));
  const certificate = { ...Certificate.defaultValue(), signatures };
  const seat = { node: 0, publicKey: bytes.subarray(32), weight: 1n };
  const light = {
    ...LightBlock.defaultValue(),
    certificate,
    seats: Array.from({ length: seats }, () => seat),
  };
  const lightBlock = LightBlock.serialize(light).length;
  return {
    certificate: Certificate.serialize(certificate).length,
    lightBlock,
    lightClientAnHour: Math.ceil((3600 / epochBlocks) * lightBlock),
  };
}
