/** Tables such as people have, as CSV, by seed: what default orders must learn. The label is the last column. */

export interface TableOptions {
  readonly rows: number;
  readonly seed?: number;
}

/** Three kinds of flower by four measures: one stands apart, two overlap a little. */
export function irisLike({ rows, seed = 1 }: TableOptions): string {
  const random = new Normal(seed);
  const kinds = [
    { name: "setosa", at: [5.0, 3.4, 1.5, 0.25], spread: [0.35, 0.38, 0.17, 0.1] },
    { name: "versicolor", at: [5.9, 2.8, 4.3, 1.3], spread: [0.5, 0.3, 0.42, 0.16] },
    { name: "virginica", at: [6.6, 3.0, 5.6, 2.05], spread: [0.55, 0.32, 0.48, 0.24] },
  ];
  const lines = ["sepal length,sepal width,petal length,petal width,species"];
  for (let row = 0; row < rows; row++) {
    const { name, at, spread } = kinds[row % kinds.length] ?? { name: "", at: [], spread: [] };
    const size = random.normal();
    const cells = at.map((mean, i) => {
      const noise = 0.6 * size + 0.8 * random.normal();
      return (mean + noise * (spread[i] ?? 0)).toFixed(1);
    });
    lines.push([...cells, name].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** Eleven chemical measures and a tasters' mark from 3 to 8: ordered, uneven, and much of it noise. */
export function wineQualityLike({ rows, seed = 1 }: TableOptions): string {
  const random = new Normal(seed);
  const names =
    "fixed acidity,volatile acidity,citric acid,residual sugar,chlorides,free sulfur,total sulfur,density,pH,sulphates,alcohol";
  const means = [8.3, 0.53, 0.27, 2.5, 0.087, 15.9, 46.5, 0.9967, 3.31, 0.66, 10.4];
  const spreads = [1.7, 0.18, 0.19, 1.4, 0.047, 10.4, 32.9, 0.0019, 0.15, 0.17, 1.07];
  const effects = [0.1, -0.32, 0.05, 0.02, -0.12, 0.06, -0.2, -0.1, -0.08, 0.28, 0.5];
  const lines = [`${names},quality`];
  for (let row = 0; row < rows; row++) {
    const measures = means.map(() => random.normal());
    const [acid = 0, , citric = 0] = measures;
    measures[2] = 0.7 * acid + 0.7 * citric;
    const taste = measures.reduce((sum, value, i) => sum + value * (effects[i] ?? 0), 0);
    const bent = taste - 0.12 * (measures[9] ?? 0) ** 2 + 0.12 + 0.55 * random.normal();
    const mark = Math.min(8, Math.max(3, Math.round(5.65 + 0.85 * bent)));
    const cells = measures.map((value, i) =>
      Math.abs((means[i] ?? 0) + value * (spreads[i] ?? 0)).toPrecision(4),
    );
    lines.push([...cells, mark].join(","));
  }
  return `${lines.join("\n")}\n`;
}

/** Passengers with class, sex, age (a fifth missing), family, fare and port; who survived. */
export function titanicLike({ rows, seed = 1 }: TableOptions): string {
  const random = new Normal(seed);
  const lines = ["pclass,sex,age,sibsp,parch,fare,embarked,survived"];
  for (let row = 0; row < rows; row++) {
    const at = random.uniform();
    const pclass = at < 0.24 ? 1 : at < 0.45 ? 2 : 3;
    const sex = random.uniform() < 0.65 ? "male" : "female";
    const age = Math.max(0.5, 30 + 5 * (2 - pclass) + 13 * random.normal());
    const sibsp = Math.floor(Math.max(0, 0.7 * random.normal() + 0.4));
    const parch = Math.floor(Math.max(0, 0.7 * random.normal() + 0.3));
    const fare =
      Math.exp(4.6 - 0.75 * pclass + 0.5 * random.normal()) * (1 + 0.2 * (sibsp + parch));
    const port = random.uniform();
    const embarked = port < 0.7 ? "S" : port < 0.9 ? "C" : "Q";
    const logit =
      (sex === "female" ? 1.6 : -1.5) +
      (2 - pclass) * (sex === "female" ? 1.1 : 0.5) +
      (age < 12 ? 1.6 : -0.01 * (age - 30)) -
      (sibsp + parch > 3 ? 1.5 : 0) +
      (embarked === "C" ? 0.3 : 0);
    const survived = random.uniform() < 1 / (1 + Math.exp(-1.2 * logit)) ? "yes" : "no";
    const cells = [
      pclass,
      sex,
      random.uniform() < 0.2 ? "" : age.toFixed(age < 1 ? 2 : 0),
      sibsp,
      parch,
      fare.toFixed(4),
      random.uniform() < 0.003 ? "" : embarked,
    ];
    lines.push([...cells, survived].join(","));
  }
  return `${lines.join("\n")}\n`;
}

export interface ClustersOptions extends TableOptions {
  readonly features: number;
  readonly classes: number;
  /** Distance of the centres in deviations; 1.5 overlaps, 4 does not. */
  readonly apart: number;
  /** Centres of each class; more than one is no longer linear. */
  readonly centres?: number;
  /** Share of the rows of the first class, the others being even; default even. */
  readonly largest?: number;
}

/** Normal clusters in many dimensions. */
export function clusters({
  rows,
  seed = 1,
  features,
  classes,
  apart,
  centres = 1,
  largest = 1 / classes,
}: ClustersOptions): string {
  const random = new Normal(seed);
  const places = Array.from({ length: classes * centres }, () =>
    Array.from(
      { length: features },
      () => ((apart * random.normal()) / Math.sqrt(2 * features)) * 2,
    ),
  );
  const lines = [`${Array.from({ length: features }, (_, i) => `f${i}`).join(",")},kind`];
  for (let row = 0; row < rows; row++) {
    const share = random.uniform();
    const rest = Math.floor((classes - 1) * ((share - largest) / (1 - largest || 1)));
    const label = share < largest ? 0 : 1 + Math.min(classes - 2, Math.max(0, rest));
    const place = places[label * centres + Math.floor(random.uniform() * centres)] ?? [];
    const cells = place.map((mean) => (mean + random.normal()).toFixed(3));
    lines.push([...cells, `kind ${label}`].join(","));
  }
  return `${lines.join("\n")}\n`;
}

class Normal {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0;
  }

  /** mulberry32, 0 <= value < 1. */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Mean 0, deviation 1. */
  normal(): number {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += this.uniform();
    return sum;
  }
}
