// Step 4: who looks where: attention by layer and head, with the mask in it.
import { ask, bars, choice, el, grid, opacity, other, refill } from "./dom.js";
import { marked, placed } from "./reading.js";
import { memory, translation, whole, writing } from "./runs.js";

const OF_T5 = ["cross", "t5_encoder", "t5_decoder"];
const SHADES = [0, 0.01, 0.1, 0.5, 1]; // weights that the legend shows

export function attention(place, shared) {
  const { say } = shared, state = { layer: 0, head: "mean", rows: {}, third: "cross" };
  const again = ask(place, say, {
    question: say("attention_question"),
    options: { yes: say("attention_yes"), no: say("attention_no") },
    measure: (result) => show(result, shared, state),
  });
  shared.hear(() => { state.rows = {}; again(); });
}

/** {name: {rows, columns, at (where their text begins, its length), layers (weights by head), sees}} of the whole sentence. */
export function seen(shared) {
  const { reader, chosen } = shared, { lang } = chosen, into = other(lang);
  const text = (name) => ({ before: reader.ids([], name, chosen.lang).before, length: [...chosen.text].length });
  const from = (rows, columns, at, langs, record, part, sees = record.sees) => {
    const layers = record.blocks.map((parts) => parts.find(({ name }) => name === part).heads.map((head) => head.weights));
    return { rows: reader.names(rows), columns: reader.names(columns), at, langs, layers, sees };
  };
  const own = (name, record) => from(record.ids, record.ids, [text(name), text(name)], [lang, lang], record, "attention");
  const told = translation(shared, chosen), record = writing(shared, chosen), read = memory(shared, chosen);
  const length = told.ids.length - 1, written = { before: 1, length };
  return {
    encoder: own("encoder", whole(shared, chosen, "encoder")), decoder: own("decoder", whole(shared, chosen, "decoder")),
    cross: from(told.ids, read.ids, [{ before: 0, length }, text("encoder_decoder")], [into, lang], record, "cross", () => true),
    t5_encoder: own("encoder_decoder", read),
    t5_decoder: from(record.given, record.given, [written, written], [into, into], record, "attention"),
  };
}

/** Weights of one head, or the mean of all. */
function weightsOf(layers, { layer, head }) {
  const heads = layers[layer];
  if (head !== "mean") return heads[head];
  return heads[0].map((row, t) => row.map((_, s) => heads.reduce((sum, one) => sum + one[t][s], 0) / heads.length));
}

/** Draw three grids; return whether the third has a square that cannot be seen. */
function show(result, shared, state) {
  const { say } = shared, found = seen(shared), heads = found.encoder.layers[0].length;
  const columns = el("div", { className: "columns maps" });
  const kinds = choice(say("of_t5"), OF_T5.map((name) => [name, say(`grid_${name}`)]), state.third, (name) => { state.third = name; draw(); });
  const fill = (section, name) => refill(section, ...column(name, found[name], say, state, (row) => { state.rows[name] = Number(row); fill(section, name); }));
  const draw = () => columns.replaceChildren(...["encoder", "decoder", state.third].map((name) => { const section = el("section"); fill(section, name); return section; }));
  const set = (name) => (value) => { state[name] = value === "mean" ? value : Number(value); draw(); };
  const layers = found.encoder.layers.map((_, n) => [n, say("layer_n", { n: n + 1 })]);
  const all = [["mean", say("mean_of_heads")], ...Array.from({ length: heads }, (_, n) => [n, say("head_n", { n: n + 1 })])];
  result.replaceChildren(el("div", { className: "controls" }, choice(say("layer"), layers, state.layer, set("layer")), choice(say("head"), all, state.head, set("head")), kinds), legend(say), columns, el("p", { className: "note" }, say("attention_note")));
  draw();
  return unseen(found.cross) ? "yes" : "no";
}

const legend = (say) => el("p", { className: "legend" }, say("shades"), SHADES.map((weight) => el("span", {}, el("i", { style: `--share:${opacity(weight)}` }), `${weight}`)), el("span", {}, "× ", say("shade_none")));

const pairs = ({ rows, columns, sees }) => rows.flatMap((_, t) => columns.map((_, s) => sees(t, s)));
const unseen = (one) => pairs(one).filter((may) => !may).length;

/** What stands in a column; hear(row) when a row is chosen. */
function column(name, one, say, state, hear) {
  const { rows, columns, at, langs, layers, sees } = one, weights = weightsOf(layers, state);
  const chosen = state.rows[name] ?? Math.min(rows.length - 1, name === "cross" ? 0 : rows.length >> 1);
  const label = say("grid_label", { name: say(`grid_${name}`), rows: rows.length, columns: columns.length, unseen: unseen(one) });
  const of = placed(rows, at[0], say), among = marked(columns, at[1], say, langs[1]);
  const top = weights[chosen].map((p, s) => ({ name: among[s], p })).sort((a, b) => b.p - a.p).slice(0, 5);
  return [el("h3", {}, say(`grid_${name}`)), el("p", { className: "note" }, say(`grid_${name}_note`)),
    grid({ rows, columns, langs, weights, sees, chosen, label, hear }), el("p", { className: "note" }, say("unseen", { unseen: unseen(one), all: rows.length * columns.length })),
    choice(say(name === "cross" ? "row_written" : "row"), of.map((name, t) => [t, name]), chosen, hear),
    bars(top, say("looks_at"))];
}
