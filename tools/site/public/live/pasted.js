// A pasted config.json as a model: what it says, and what transformers' class fills in (table).
// Families and rules: course_tools/site/live/families.py, which leaves out what it cannot predict.
import { FIELDS, fieldsUsed, LAYER_COUNTS, Refused } from "./kv-cache.js";

/** The model of a config.json's text; Refused names what is missing.  parameters: in billions. */
export function read(text, { families, wrappers }, parameters = null) {
  const outer = parse(text);
  if (!outer.model_type) throw new Refused("missing_field", { field: "model_type" });
  const inner = outer.model_type in wrappers;
  const said = inner ? { model_type: wrappers[outer.model_type], ...outer.text_config } : outer;
  const family = families[said.model_type];
  if (!family) throw new Refused("not_on_page", { family: outer.model_type });
  if (!LAYER_COUNTS.some((name) => name in said)) throw new Refused("missing_field", { field: "num_hidden_layers" });
  const { config, missing } = filled(said, family);
  return {
    name: outer.model_type, config, parameters, missing,
    isEncoderOnly: family.isEncoderOnly, isEncoderDecoder: false,
    isTied: outer.tie_word_embeddings ?? family.isTied,
    limit: said.max_position_embeddings ?? said[family.aliases.max_position_embeddings] ?? null,
    textPart: inner ? said.model_type : null,
  };
}

const ALSO = [...FIELDS, "model_type", "tie_word_embeddings", "max_position_embeddings", "use_sliding_window"];

/** Of a config.json's text what is read here and in kv-cache.js; "" where nothing can be read. */
export function carried(text, { families, wrappers }) {
  let fields;
  try {
    fields = parse(text);
  } catch {
    return "";
  }
  if (!families) return "";
  const { text_config: inner, ...outer } = fields, wrapped = wrappers[outer.model_type];
  const kept = part(outer, families[outer.model_type], families);
  return JSON.stringify(wrapped ? { ...kept, text_config: part(inner ?? {}, families[wrapped], families) } : kept);
}

function part(fields, family, families) {
  const { aliases = {}, derived = {} } = family ?? {};
  const names = new Set([...ALSO, ...Object.keys(derived), ...Object.values(derived).flat()]);
  for (const { defaults } of family ? Object.values(families) : []) Object.keys(defaults).forEach((name) => names.add(name));
  const isRead = (name) => names.has(name) || names.has(Object.keys(aliases).find((own) => aliases[own] === name));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => isRead(name)));
}

function parse(text) {
  let fields;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    throw new Refused("not_readable", { error: error.message });
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) throw new Refused("not_readable", { error: typeof fields });
  return fields;
}

// The decoder's fields under their standard names, and which of those that were read the file lacks.
function filled(said, family) {
  const own = (name) => family.aliases[name] ?? name;
  const given = (name) => own(name) in said;
  const config = { ...family.defaults, model_type: said.model_type };
  for (const name of [...Object.keys(family.aliases), ...Object.keys(said)]) {
    if (given(name)) config[name] = said[own(name)];
  }
  if (config.use_sliding_window === false) config.sliding_window = null;
  derive(config, family, given);
  const [types, depth] = [config.layer_types?.length, config.num_hidden_layers];
  if (types && types !== depth) {
    const error = `layer_types: ${types}, num_hidden_layers: ${depth}`;
    throw new Refused("invalid_config", { family: said.model_type, error });
  }
  const missing = {};
  for (const name of fieldsUsed(config)) {
    if (!given(name) && !isUsual(name, config, given)) missing[own(name)] = config[name];
  }
  return { config, missing };
}

// Fields that follow from others, by the rules that hold for this family.
function derive(config, family, given) {
  const isDefault = (name) => JSON.stringify(config[name]) === JSON.stringify(family.defaults[name]);
  const ignored = config.use_sliding_window === false ? ["sliding_window", "max_window_layers"] : [];
  for (const [name, depends] of Object.entries(family.derived)) {
    if (given(name) && config[name] !== null) continue;  // null: the class computes it
    config[name] = family.defaults[name] ?? null;
    const moved = depends.filter((other) => given(other) && !ignored.includes(other) && !isDefault(other));
    if (!moved.length) continue;
    const rule = family.rules[name];
    if (!rule) throw new Refused("missing_field", { field: name });
    if (rule === "heads") config[name] = config.num_attention_heads;
    if (rule === "split") config[name] = Math.floor(config.hidden_size / config.num_attention_heads);
    if (Array.isArray(rule)) config[name] = Array.from({ length: config.num_hidden_layers }, (_, i) => rule[i % rule.length]);
  }
}

// As helpers.kv_cache.configs says it: nothing is assumed that the file does not say.
const isUsual = (name, config, given) =>
  name === "layer_types" ? config.layer_types.every((kind) => kind === "full_attention")
    : name === "head_dim" && given("hidden_size") && given("num_attention_heads")
      && config.head_dim === Math.floor(config.hidden_size / config.num_attention_heads);
