import type { ConcatenateLayer } from "../../../ml/model/program.ts";
import { at, type LayerReferee } from "./layer-referee.ts";
import { f } from "./math.ts";

export function add(): LayerReferee {
  let inputs = 0;
  return {
    forward(values) {
      inputs = values.length;
      const [first = new Float32Array(0), ...rest] = values;
      return rest.reduce((sum, x) => sum.map((value, i) => f(value + at(x, i))), first);
    },
    backward: (d) => Array.from({ length: inputs }, () => d.slice()),
  };
}

export function concatenate({ parts }: ConcatenateLayer): LayerReferee {
  const width = parts.reduce((sum, part) => sum + part, 0);
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part, 0));
  return {
    forward(inputs) {
      const total = inputs.reduce((sum, { length }) => sum + length, 0);
      const y = new Float32Array(total);
      inputs.forEach((x, i) => {
        const part = parts[i] ?? 1;
        for (let row = 0; row * part < x.length; row++) {
          y.set(x.subarray(row * part, (row + 1) * part), row * width + (starts[i] ?? 0));
        }
      });
      return y;
    },
    backward(d) {
      return parts.map((part, i) => {
        const dx = new Float32Array((d.length / width) * part);
        for (let row = 0; row * width < d.length; row++) {
          const start = row * width + (starts[i] ?? 0);
          dx.set(d.subarray(start, start + part), row * part);
        }
        return dx;
      });
    },
  };
}
