// Embedding: rows of a table (vocabulary x width, in panels of eight columns) by whole-number inputs.

/** The input as a row number: rounded towards zero, then into the table; NaN counts as 0. */
// @ts-expect-error: decorator
@inline
function rowOf(value: f32, vocabulary: i32): i32 {
  if (!(value >= 1)) return 0;
  return value >= <f32>vocabulary ? vocabulary - 1 : <i32>value;
}

// @ts-expect-error: decorator
@inline
function valueAt(table: usize, vocabulary: i32, row: i32, column: i32): usize {
  return table + (<usize>((column >> 3) * vocabulary + row) << 5) + (<usize>(column & 7) << 2);
}

export function embeddingForward(
  x: usize,
  n: i32,
  table: usize,
  vocabulary: i32,
  width: i32,
  y: usize,
): void {
  let to: usize = y;
  for (let i: i32 = 0; i < n; i++) {
    const row: i32 = rowOf(load<f32>(x + (<usize>i << 2)), vocabulary);
    for (let j: i32 = 0; j < width; j++) {
      store<f32>(to, load<f32>(valueAt(table, vocabulary, row, j)));
      to += 4;
    }
  }
}

/** g[row] = sum over the inputs that name the row, in input order. `size`: values of g. */
export function embeddingBackward(
  x: usize,
  n: i32,
  d: usize,
  vocabulary: i32,
  width: i32,
  g: usize,
  size: i32,
): void {
  memory.fill(g, 0, <usize>size << 2);
  let from: usize = d;
  for (let i: i32 = 0; i < n; i++) {
    const row: i32 = rowOf(load<f32>(x + (<usize>i << 2)), vocabulary);
    for (let j: i32 = 0; j < width; j++) {
      const at: usize = valueAt(g, vocabulary, row, j);
      store<f32>(at, load<f32>(at) + load<f32>(from));
      from += 4;
    }
  }
}
