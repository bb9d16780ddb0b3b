// The triad's forward pass: helpers/models/triad.py in JavaScript, part by part.
// A matrix is a list of rows, one a token.  Numbers are doubles.  A record keeps every number on
// the way, so that a page can show it.

// --- weights --------------------------------------------------------------------------------------

/** {name: {w, d}} from the index (models.json) and the bytes (weights.bin) that weights.py wrote. */
export function unpack(index, buffer) {
  const view = new DataView(buffer), models = {};
  for (const [name, { design, tensors }] of Object.entries(index.models)) {
    const w = {};
    for (const [path, tensor] of Object.entries(tensors)) put(w, path.split("."), read(view, tensor));
    models[name] = { w, d: design };
  }
  return models;
}

function put(tree, [first, ...rest], value) {
  if (!rest.length) tree[first] = value;
  else put((tree[first] ??= {}), rest, value);
}

/** A vector, or a list of rows. */
function read(view, { shape, at, bytes }) {
  const one = bytes === 2 ? (n) => half(view.getUint16(at + 2 * n, true)) : (n) => view.getFloat32(at + 4 * n, true);
  const row = (start, length) => Array.from({ length }, (_, n) => one(start + n));
  if (shape.length === 1) return row(0, shape[0]);
  return Array.from({ length: shape[0] }, (_, n) => row(n * shape[1], shape[1]));
}

/** The number of 16 bits: sign, 5 bits of exponent, 10 of fraction (IEEE 754; finite ones). */
export function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const size = exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
  return bits & 0x8000 ? -size : size;
}

// --- parts ----------------------------------------------------------------------------------------

/** a · b, by four sums that need not wait for each other. */
function dot(a, b) {
  const whole = a.length - (a.length % 4);
  let s = 0, t = 0, u = 0, v = 0, n = 0;
  for (; n < whole; n += 4) {
    s += a[n] * b[n], t += a[n + 1] * b[n + 1], u += a[n + 2] * b[n + 2], v += a[n + 3] * b[n + 3];
  }
  for (; n < a.length; n++) s += a[n] * b[n];
  return s + t + u + v;
}

const plus = (x, y) => x.map((row, t) => row.map((value, n) => value + y[t][n]));
const lookUp = (ids, table) => ids.map((id) => table[id]);

/** x Wᵀ + bias of x (T, columns of W). */
function linear(x, { weight, bias }) {
  return x.map((row) => {
    const made = []; // pushing, not mapping: V8 keeps such a list as plain doubles
    for (let n = 0; n < weight.length; n++) made.push(dot(weight[n], row) + (bias ? bias[n] : 0));
    return made;
  });
}

/** LayerNorm; RMSNorm neither subtracts the mean nor adds a vector. */
function norm(x, { weight, bias }, d) {
  return x.map((row) => {
    const mean = d.centred ? row.reduce((a, b) => a + b, 0) / row.length : 0;
    const moved = row.map((value) => value - mean);
    const scale = 1 / Math.sqrt(dot(moved, moved) / moved.length + d.eps);
    return moved.map((value, n) => value * scale * weight[n] + (bias ? bias[n] : 0));
  });
}

/** Weights that sum to 1; what is masked (-Infinity) gets exactly 0. */
export function softmax(scores, temperature = 1) {
  const top = Math.max(...scores), powers = scores.map((score) => Math.exp((score - top) / temperature));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** erf, within 1.5e-7 (Abramowitz and Stegun 1964, 7.1.26). */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return Math.sign(x) * (1 - tail * Math.exp(-x * x));
}

const ACTIVATIONS = {
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
  gelu_tanh: (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
  relu: (x) => Math.max(0, x),
};
const activate = (x, d) => x.map((row) => row.map(ACTIVATIONS[d.activation]));

// --- a block --------------------------------------------------------------------------------------

/** softmax(q kᵀ / √d_k + bias) v of one head; sees(t, s): may token t look at token s? */
function attention(q, k, v, d, sees, bias) {
  const divisor = d.scaled ? Math.sqrt(q[0].length) : 1;
  const score = (row, t) => k.map((key, s) => (sees(t, s) ? dot(row, key) / divisor + bias(t, s) : -Infinity));
  const scores = q.map(score), weights = scores.map((row) => softmax(row));
  return { q, k, v, scores, weights, mixed: weights.map((row) => mean(row, v)) };
}

/** Σ shares[s] · rows[s] */
function mean(shares, rows) {
  const made = [];
  for (let n = 0; n < rows[0].length; n++) {
    let sum = 0;
    for (let s = 0; s < rows.length; s++) sum += shares[s] * rows[s][n];
    made.push(sum);
  }
  return made;
}

/** Ask by x in several heads at once; memory has keys and values. */
function multiHead(x, memory, w, d, sees, bias) {
  const q = linear(x, w.q), k = linear(memory, w.k), v = linear(memory, w.v), width = q[0].length / d.heads;
  const heads = Array.from({ length: d.heads }, (_, h) => {
    const own = (rows) => rows.map((row) => row.slice(h * width, (h + 1) * width));
    return attention(own(q), own(k), own(v), d, sees, (t, s) => bias(h, t, s));
  });
  const joined = x.map((_, t) => [].concat(...heads.map((head) => head.mixed[t])));
  return { heads, added: linear(joined, w.o) };
}

function feedForward(x, w, d) {
  const up = linear(x, w.up), inner = activate(up, d);
  return { up, inner, added: linear(inner, w.down) };
}

/** Attention, cross-attention where w has one, feed-forward: each adds to x.  Records of the parts. */
function block(x, w, d, sees, bias, memory) {
  const parts = [["attention", (y) => multiHead(y, y, w.attention, d, sees, bias)]];
  if (w.cross) parts.push(["cross", (y) => multiHead(y, memory, w.cross, d, () => true, () => 0)]);
  parts.push(["ffn", (y) => feedForward(y, w.ffn, d)]);
  return parts.map(([name, part], n) => {
    const given = d.norm_first ? norm(x, w.norms[n], d) : x, made = part(given), before = x;
    x = plus(x, made.added);
    if (!d.norm_first) x = norm(x, w.norms[n], d);
    return { name, before, given, ...made, after: x };
  });
}

/** T5's number for each distance: near ones apart, far ones together.  (h, t, s) -> number */
function distanceBias(table, d, causal) {
  const side = causal ? table.length : table.length / 2, near = side / 2;
  const far = Array.from({ length: side - near - 1 }, (_, n) => near * (d.farthest / near) ** ((n + 1) / (side - near)));
  const bucket = (distance) => (distance < near ? distance : near + far.filter((start) => start <= distance).length);
  const known = Array.from({ length: Math.ceil(far.at(-1)) + 1 }, (_, distance) => bucket(distance));
  return (h, t, s) => table[known[Math.min(Math.abs(s - t), known.length - 1)] + (!causal && s > t ? side : 0)][h];
}

// --- three wirings --------------------------------------------------------------------------------

/** Embed ids and go through all blocks.  ahead: how many tokens behind its own a token sees. */
function stack(ids, w, d, { causal, ahead = causal ? 0 : Infinity, memory }) {
  const tokens = lookUp(ids, w.embedding.weight), sees = (t, s) => s <= t + ahead;
  const placed = w.positions ? plus(tokens, w.positions.weight) : tokens;
  const bias = w.distances ? distanceBias(w.distances.weight, d, causal) : () => 0;
  const embedded = d.norm_first ? placed : norm(placed, w.norm, d), blocks = [];
  let x = embedded;
  for (const layer of Object.values(w.blocks)) {
    const parts = block(x, layer, d, sees, bias, memory);
    blocks.push(parts);
    x = parts.at(-1).after;
  }
  return { embedded, blocks, sees, vectors: d.norm_first ? norm(x, w.norm, d) : x };
}

/** BERT, where a token sees all. */
export function encoder(ids, { w, d }) {
  const record = stack(ids, w, d, { causal: false });
  const x = norm(activate(linear(record.vectors, w.transform), d), w.last, d);
  return { ...record, logits: linear(x, w.logits) };
}

/** GPT-2, where a token sees none behind it; with another mask than it was trained with: ahead. */
export function decoder(ids, { w, d }, ahead = 0) {
  const record = stack(ids, w, d, { causal: true, ahead });
  return { ...record, logits: linear(record.vectors, w.logits) };
}

/** T5's first half: a record whose vectors the second half asks. */
export function encode(ids, { w, d }) {
  return stack(ids, w.encoder, d, { causal: false });
}

/** T5's second half, a decoder that also sees all vectors of memory. */
export function decode(written, memory, { w, d }) {
  const record = stack(written, w.decoder, d, { causal: true, memory });
  const scale = 1 / Math.sqrt(memory[0].length);
  return { ...record, logits: linear(record.vectors.map((row) => row.map((value) => value * scale)), w.logits) };
}
