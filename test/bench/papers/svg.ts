/** Figures as plain SVG: lines or bars over a few named places, with bars of error. No scripts, no fonts of its own. */

export interface Series {
  readonly name: string;
  /** One for each place; null where nothing was measured. */
  readonly values: readonly (number | null)[];
  /** Half the width of the interval around each value. */
  readonly spreads?: readonly (number | null)[];
  /** For what is computed and not measured. */
  readonly isDashed?: boolean;
}

export interface Figure {
  readonly title: string;
  readonly kind: "lines" | "bars";
  readonly places: { readonly label: string; readonly names: readonly string[] };
  readonly values: { readonly label: string; readonly isLogarithmic?: boolean };
  readonly series: readonly Series[];
}

const WIDTH = 760;
const HEIGHT = 440;
const PLOT = { left: 84, right: 20, top: 44, bottom: 92 };
/** Told apart by the colour-blind (Okabe and Ito), dark on white. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444"];
const TICKS = 6;
const LEGEND_ROW = 18;
const CHARACTER = 6.6;

/** @returns the file's text @throws RangeError without a value to show */
export function drawFigure(figure: Figure): string {
  const scale = scaleOf(figure);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"`,
    ` font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<title>${escaped(figure.title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(WIDTH / 2, 24, figure.title, `text-anchor="middle" font-size="15"`),
    ...axes(figure, scale),
    ...figure.series.flatMap((series, index) =>
      figure.kind === "bars" && series.isDashed !== true
        ? bars(figure, scale, series, index)
        : line(figure, scale, series, index),
    ),
    ...legend(figure),
    "</svg>\n",
  ];
  return parts.join("\n");
}

interface Scale {
  readonly ticks: readonly number[];
  readonly y: (value: number) => number;
}

function scaleOf({ series, values, kind }: Figure): Scale {
  const shown = series.flatMap((one) =>
    one.values.flatMap((value, at) => (value === null ? [] : [value, value + spreadAt(one, at)])),
  );
  if (shown.length === 0) throw new RangeError("a figure without values");
  const height = HEIGHT - PLOT.top - PLOT.bottom;
  const top = Math.max(...shown);
  if (values.isLogarithmic === true) {
    const least = Math.min(...shown.filter((value) => value > 0));
    const low = Math.floor(Math.log10(least) - (kind === "bars" ? 0.3 : 0));
    const high = Math.max(low + 1, Math.ceil(Math.log10(top)));
    const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
    const part = (value: number): number => (Math.log10(value) - low) / (high - low);
    return { ticks, y: (value) => PLOT.top + height * (1 - Math.max(0, part(value))) };
  }
  const step = niceStep(top / TICKS);
  const count = Math.max(1, Math.ceil(top / step));
  const ticks = Array.from({ length: count + 1 }, (_, index) => index * step);
  return { ticks, y: (value) => PLOT.top + height * (1 - value / (count * step)) };
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function axes({ places, values }: Figure, { ticks, y }: Scale): string[] {
  const right = WIDTH - PLOT.right;
  const bottom = HEIGHT - PLOT.bottom;
  const across = ticks.flatMap((tick) => [
    `<path d="M${PLOT.left} ${at(y(tick))}H${right}" stroke="#ddd"/>`,
    text(PLOT.left - 8, y(tick) + 4, tickText(tick), `text-anchor="end"`),
  ]);
  const names = places.names.map((name, index) =>
    text(placeAt(places.names.length, index), bottom + 18, name, `text-anchor="middle"`),
  );
  const middle = (PLOT.top + bottom) / 2;
  const turned = `text-anchor="middle" transform="rotate(-90 18 ${at(middle)})"`;
  return [
    ...across,
    `<path d="M${PLOT.left} ${PLOT.top}V${bottom}H${right}" fill="none" stroke="#222"/>`,
    ...names,
    text((PLOT.left + right) / 2, bottom + 38, places.label, `text-anchor="middle"`),
    text(18, middle, values.label, turned),
  ];
}

function placeAt(count: number, index: number): number {
  return PLOT.left + ((WIDTH - PLOT.left - PLOT.right) * (index + 0.5)) / count;
}

function line({ places }: Figure, scale: Scale, series: Series, index: number): string[] {
  const colour = colourOf(index);
  const points = series.values.flatMap((value, place) =>
    value === null ? [] : [{ x: placeAt(places.names.length, place), place, value }],
  );
  const path = points.map(
    ({ x, value }, step) => `${step === 0 ? "M" : "L"}${at(x)} ${at(scale.y(value))}`,
  );
  const dashes = series.isDashed === true ? ` stroke-dasharray="6 5"` : "";
  const curve = `<path d="${path.join("")}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`;
  if (series.isDashed === true) return [curve];
  const dots = points.flatMap(({ x, value, place }) => [
    `<circle cx="${at(x)}" cy="${at(scale.y(value))}" r="3.5" fill="${colour}"/>`,
    ...whisker(scale, x, value, spreadAt(series, place), colour),
  ]);
  return [curve, ...dots];
}

function bars(
  { places, series: all }: Figure,
  scale: Scale,
  series: Series,
  index: number,
): string[] {
  const among = all.filter((one) => one.isDashed !== true);
  const room = ((WIDTH - PLOT.left - PLOT.right) / places.names.length) * 0.8;
  const width = room / among.length;
  const bottom = HEIGHT - PLOT.bottom;
  return series.values.flatMap((value, place) => {
    if (value === null) return [];
    const x = placeAt(places.names.length, place) - room / 2 + among.indexOf(series) * width;
    const y = scale.y(value);
    const box = `x="${at(x)}" y="${at(y)}" width="${at(width * 0.92)}" height="${at(bottom - y)}"`;
    return [
      `<rect ${box} fill="${colourOf(index)}"/>`,
      ...whisker(scale, x + width * 0.46, value, spreadAt(series, place), "#222"),
    ];
  });
}

function whisker(scale: Scale, x: number, value: number, spread: number, colour: string): string[] {
  if (spread === 0) return [];
  const [high, low] = [scale.y(value + spread), scale.y(Math.max(value - spread, value / 100))];
  const cap = (y: number): string => `M${at(x - 3)} ${at(y)}h6`;
  const d = `M${at(x)} ${at(high)}V${at(low)}${cap(high)}${cap(low)}`;
  return [`<path d="${d}" stroke="${colour}" fill="none"/>`];
}

/** In rows below the axis, as many in a row as fit. */
function legend({ series }: Figure): string[] {
  let x = PLOT.left;
  let y = HEIGHT - PLOT.bottom + 62;
  return series.flatMap(({ name, isDashed }, index) => {
    const width = 30 + CHARACTER * name.length + 18;
    if (x + width > WIDTH && x > PLOT.left) [x, y] = [PLOT.left, y + LEGEND_ROW];
    const dashes = isDashed === true ? ` stroke-dasharray="6 5"` : "";
    const mark = `<path d="M${at(x)} ${y - 4}h22" stroke="${colourOf(index)}" stroke-width="4"${dashes}/>`;
    const label = text(x + 28, y, name, "");
    x += width;
    return [mark, label];
  });
}

function spreadAt({ spreads }: Series, at: number): number {
  return spreads?.[at] ?? 0;
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#222";
}

function tickText(value: number): string {
  const units = [
    [1e9, " G"],
    [1e6, " M"],
    [1e3, " k"],
  ] as const;
  const [by, unit] = units.find(([size]) => value >= size) ?? [1, ""];
  return `${Number((value / by).toPrecision(3))}${unit}`;
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${at(x)}" y="${at(y)}" ${attributes}>${escaped(content)}</text>`;
}

function at(value: number): string {
  return String(Math.round(10 * value) / 10);
}

function escaped(content: string): string {
  return content.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
