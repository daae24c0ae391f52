import type { DropoutLayer } from "../../../ml/model/program.ts";
import type { LayerReferee, RefereeContext } from "./layer-referee.ts";
import { f, mix } from "./math.ts";

export function dropout({ rate }: DropoutLayer, context: RefereeContext): LayerReferee {
  const seed = mix(context.stepSeed ^ Math.imul(++context.dropouts, 0x9e3779b9));
  const threshold = Math.floor(rate * 2 ** 32);
  const scale = f(1 / (1 - rate));
  const mask = (values: Float32Array): Float32Array =>
    values.map((value, index) => {
      const bits = mix(seed + Math.imul(index, 0x9e3779b9));
      return bits >>> 0 >= threshold ? f(value * scale) : 0;
    });
  return {
    forward: ([x = new Float32Array(0)]) => mask(x),
    backward: (d) => [mask(d)],
  };
}
