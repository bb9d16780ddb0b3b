// The bytes of a KV cache and what fits a card: helpers/kv_cache, rule by rule, from a table that
// the site's build writes (course_tools/site/live/calculator.py).  A test compares every number.

/** No number can be given, and none is guessed.  reason: a message's name; values: what it names. */
export class Refused extends Error {
  constructor(reason, values = {}) {
    super(reason);
    Object.assign(this, { reason, values });
  }
}

// --- a decoder's config: {name: value}; null and missing mean the same -------------------------

// What families call one and the same field; the first name that is set is read.
const NAMES = {
  layers: ["num_decoder_layers", "num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers"],
  heads: ["num_attention_heads", "n_head", "n_heads", "num_heads"],
  kvHeads: ["num_key_value_heads", "num_kv_heads"],
  headSize: ["head_dim", "d_kv", "kv_channels", "dim_head"],
  width: ["hidden_size", "d_model", "n_embd"],
  mambaHeads: ["mamba_n_heads", "mamba_num_heads", "n_mamba_heads", "num_heads"],
  mambaHeadSize: ["mamba_d_head", "mamba_head_dim", "mamba_headdim", "head_dim"],
  mambaState: ["mamba_d_state", "ssm_state_size", "state_size"],
  mambaGroups: ["mamba_n_groups", "mamba_ngroups", "n_groups"],
  mambaKernel: ["mamba_d_conv", "conv_kernel"],
};
export const LAYER_COUNTS = NAMES.layers;

/** Fields that are read here, though no class may have a default for them. */
export const FIELDS = [...Object.values(NAMES).flat(), "cross_attention_layers", "d_ff"];

/** The first of these fields that is set, else what otherwise says; without that, Refused. */
const field = (config, names, otherwise) => {
  for (const name of names) if ((config[name] ?? null) !== null) return config[name];
  if (otherwise === undefined) throw new Refused("missing_field", { field: names[0] });
  return otherwise;
};

const queryHeads = (config) => field(config, NAMES.heads);

const kvHeads = (config) => {
  if ((config.multi_query ?? null) !== null) {
    const repeats = config.new_decoder_architecture;
    return config.multi_query && !repeats ? 1 : queryHeads(config);
  }
  return field(config, NAMES.kvHeads, queryHeads(config));
};

const headSize = (config) => field(config, NAMES.headSize, 0)
  || Math.floor(field(config, NAMES.width) / queryHeads(config));

// --- layers: how many numbers one token adds (helpers/kv_cache/layers.py) ----------------------

const layer = (kind, more = {}) => ({ kind, keys: 0, values: 0, indexer: 0, window: null, states: [], ...more });
const state = (name, shape, isFloat32 = false) => ({ name, numbers: shape.reduce((a, b) => a * b, 1), isFloat32 });

const attention = (config) => {
  if (field(config, ["kv_lora_rank"], 0)) {
    return layer("latent", { keys: config.kv_lora_rank, values: field(config, ["qk_rope_head_dim"]) });
  }
  const heads = kvHeads(config), size = headSize(config);
  return layer("full", { keys: heads * size, values: heads * field(config, ["v_head_dim"], size) });
};

const indexed = (config, index) => {
  const owns = field(config, ["indexer_types"], null);
  const indexer = owns === null || owns[index] === "full" ? config.index_head_dim : 0;
  return { ...attention(config), kind: "indexed", indexer };
};

const mamba = (config) => {
  const isJamba = config.model_type === "jamba";
  const [channels, kernel, n] = isJamba
    ? [config.mamba_expand * config.hidden_size, config.mamba_d_conv, config.mamba_d_state]
    : [config.intermediate_size, config.conv_kernel, config.state_size];
  return [state("conv", [channels, kernel]), state("recurrent", [channels, n], true)];
};

const mamba2 = (config) => {
  const heads = field(config, NAMES.mambaHeads);
  const p = field(config, NAMES.mambaHeadSize);
  const n = field(config, NAMES.mambaState);
  const groups = field(config, NAMES.mambaGroups);
  const kernel = field(config, NAMES.mambaKernel);
  return [state("conv", [heads * p + 2 * groups * n, kernel]), state("recurrent", [heads, p, n], true)];
};

const gatedDelta = (config) => {
  const qk = config.linear_num_key_heads * config.linear_key_head_dim;
  const heads = config.linear_num_value_heads, v = config.linear_value_head_dim;
  const conv = state("conv", [2 * qk + heads * v, config.linear_conv_kernel_dim]);
  return [conv, state("recurrent", [heads, config.linear_key_head_dim, v], true)];
};

const kimiDelta = (config) => {
  const heads = config.linear_num_heads, d = config.linear_head_dim;
  const conv = state("conv", [3 * heads * d, config.linear_conv_kernel_dim]);
  return [conv, state("recurrent", [heads, d, d], true)];
};

const shortConvolution = (config) => [state("conv", [config.hidden_size, config.conv_L_cache])];

const zaya = (config) => {
  const width = (config.num_attention_heads + config.num_key_value_heads) * config.head_dim;
  const conv = state("conv", [width, config.cca_time0 + config.cca_time1 - 2]);
  return [conv, state("recurrent", [Math.floor((config.num_key_value_heads * config.head_dim) / 2)])];
};

const each = (rule, names) => Object.fromEntries(names.map((name) => [name, rule]));
const STATES = {
  ...each(mamba, ["mamba", "falcon_mamba", "jamba"]),
  ...each(mamba2, ["mamba2", "bamba", "falcon_h1", "granitemoehybrid", "nemotron_h"]),
  ...each(gatedDelta, ["qwen3_next", "qwen3_5_text", "qwen3_5_moe_text", "olmo_hybrid"]),
  ...each(kimiDelta, ["kimi_linear"]),
  ...each(shortConvolution, ["lfm2", "lfm2_moe", "lfm3"]),
  ...each(zaya, ["zaya"]),
};

const states = (config) => {
  const rule = STATES[config.model_type];
  if (!rule) throw new Refused("unknown_state", { family: config.model_type });
  return rule(config);
};

const KINDS = {
  full_attention: (config, index) =>
    field(config, ["cross_attention_layers"], []).includes(index) ? layer("none") : attention(config),
  sliding_attention: (config) => ({ ...attention(config), kind: "window", window: config.sliding_window ?? null }),
  chunked_attention: (config) => ({ ...attention(config), kind: "window", window: config.attention_chunk_size ?? null }),
  indexed_attention: indexed,
  linear_attention: (config) => layer("state", { states: states(config) }),
  conv: (config) => layer("state", { states: states(config) }),
  hybrid: (config) => ({ ...attention(config), kind: "hybrid", states: states(config) }),
  hybrid_sliding: (config) => ({ ...KINDS.hybrid(config), window: config.sliding_window ?? null }),
  moe: () => layer("none"),
  mlp: () => layer("none"),
};

const layerTypes = (config) => {
  const types = config.layer_types ?? null;
  if (types !== null) return types;
  const kind = (config.sliding_window ?? null) !== null ? "sliding_attention"
    : (config.attention_chunk_size ?? null) !== null ? "chunked_attention" : "full_attention";
  return Array(field(config, NAMES.layers)).fill(kind);
};

const layers = (config) => layerTypes(config).map((kind, index) => {
  if (config.kv_sharing_modes?.[index] === "reuse") return layer("none");
  const rule = KINDS[kind];
  if (!rule) throw new Refused("unknown_layer", { kind, family: config.model_type });
  return rule(config, index);
});

/** The names of the fields that a decoder's cache depends on, by the rules here. */
export function fieldsUsed(config) {
  const names = new Set();
  const notCounted = ["model_type", "kv_sharing_modes"];
  const get = (target, name) => {
    if ((target[name] ?? null) !== null && !notCounted.includes(name)) names.add(name);
    return target[name];
  };
  layers(new Proxy(config, { get }));
  return [...names];
}

const kept = (rule, length) => (rule.window === null ? length : Math.min(length, rule.window - 1));

// --- the cache (helpers/kv_cache/by_formula.py) ------------------------------------------------

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);

const own = (rule, length, batch, number) => {
  const tokens = kept(rule, length), one = batch * number;
  const growing = { keys: rule.keys, values: rule.values, indexer: rule.indexer };
  const parts = {};
  for (const [name, size] of Object.entries(growing)) if (size) parts[name] = tokens * size * one;
  for (const { name, numbers, isFloat32 } of rule.states) {
    parts[name] = (parts[name] ?? 0) + batch * numbers * (isFloat32 ? 4 : Math.max(2, number));
  }
  const isFull = rule.window !== null && tokens >= rule.window - 1;
  const perToken = isFull ? 0 : sum(Object.values(growing)) * one;
  return { kind: rule.kind, tokens: rule.keys ? tokens : 0, parts, bytes: sum(Object.values(parts)), perToken };
};

const cross = (rule, source, batch, number) => {
  const one = source * batch * number, parts = { keys: rule.keys * one, values: rule.values * one };
  return { kind: "cross", tokens: source, parts, bytes: parts.keys + parts.values, perToken: 0 };
};

/** {layers, bytes, perToken} of a cache.  model: {config, isEncoderOnly, isEncoderDecoder}. */
export function cache(model, { length, batch = 1, source = null, number = 2 }) {
  const rules = model.isEncoderOnly ? [] : layers(model.config);
  const sizes = rules.map((rule) => own(rule, length, batch, number));
  if (model.isEncoderDecoder) sizes.push(...rules.map((rule) => cross(rule, source, batch, number)));
  return { layers: sizes, bytes: sum(sizes.map((one) => one.bytes)), perToken: sum(sizes.map((one) => one.perToken)) };
}

// --- what fits (helpers/kv_cache/fitting.py) ---------------------------------------------------

/** What one number takes in fact: below 16 bits also its share of a scale and a zero point. */
const storedBits = (bits, group) => (bits === "fp8" ? 8 : bits >= 16 ? bits : bits + (2 * 16) / group);

const weights = ({ config, parameters, isTied }, bits, group) => {
  const everything = parameters * 1e9, stored = storedBits(bits, group);
  if (stored >= 16) return (everything * stored) / 8;
  const tables = (isTied ? 1 : 2) * config.vocab_size * config.hidden_size;
  return ((everything - tables) * stored) / 8 + tables * 2;
};

const behindWindows = (model, length, atOnce) => 2 * sum(
  (model.isEncoderOnly ? [] : layers(model.config)).filter((rule) => rule.window !== null)
    .map((rule) => (Math.min(length, rule.window - 1 + atOnce) - kept(rule, length)) * (rule.keys + rule.values)),
);

const activations = ({ config }, tokens, sequences) => {
  const width = config.hidden_size, wide = config.intermediate_size || (config.d_ff ?? 4 * width);
  return tokens * (4 * width + 3 * wide) * 2 + sequences * config.vocab_size * 4;
};

/** {name: bytes} of weights, cache, what windows still hold, activations, overhead; and the chunk. */
export function need(model, asked, { overhead, group }) {
  const { length, batch = 1, source = null, weightBits = 16, cacheBits = 16 } = asked;
  const bits = storedBits(cacheBits, group), read = source || length;
  const chunk = model.isEncoderDecoder || model.isEncoderOnly ? null : asked.chunk;
  const most = chunk ?? batch * read;
  const hidden = model.isEncoderDecoder ? 0 : behindWindows(model, length, Math.min(read, most)) * batch;
  const lines = {
    weights: weights(model, weightBits, group),
    cache: (cache(model, { length, batch, source }).bytes * bits) / 16,
    ...(hidden ? { hidden: (hidden * bits) / 16 } : {}),
    activations: activations(model, Math.min(batch * read, most), batch),
    overhead,
  };
  return { lines, chunk, bytes: sum(Object.values(lines)) };
}

/** The bytes of a card that an engine uses. */
export const usable = (card, { utilization }) => utilization * card.mib * 2 ** 20;

export const fits = (needed, card, table) => needed.bytes <= usable(card, table);
