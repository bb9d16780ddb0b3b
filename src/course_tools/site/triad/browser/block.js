// Step 5: one block of the decoder, part by part, with the numbers on the way (lesson 02, section 4).
import { ask, bars, button, choice, el, table } from "./dom.js";
import { marked, placed } from "./reading.js";
import { whole } from "./runs.js";

const STEPS = ["stream", "norm", "qkv", "scores", "weights", "mixed", "added", "ffn", "out"];

export function block(place, shared) {
  const { say } = shared, state = { layer: 0, head: 0, token: 0, step: 0 };
  const again = ask(place, say, {
    question: say("block_question"),
    options: { attention: say("block_attention"), ffn: say("block_ffn") },
    measure: (result) => show(result, shared, state),
  });
  const begin = () => { state.token = 2 + Math.max(...Object.values(shared.chosen.blanks).map(({ at }) => at)); again(); };
  shared.hear(begin);
  begin();
}

const length = (row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
const mean = (rows) => rows.reduce((sum, row) => sum + length(row), 0) / rows.length;

/** Lesson 02's table: mean length of what each part adds, and of the stream behind it: [{name, layer, added, total}]. */
export function lengths({ embedded, blocks }) {
  const parts = blocks.flatMap((both, layer) => both.map(({ name, added, after }) => ({ name, layer, added: mean(added), total: mean(after) })));
  return [{ name: "embedding", layer: 0, added: mean(embedded), total: mean(embedded) }, ...parts];
}

function show(result, shared, state) {
  const { say, reader, chosen } = shared, record = whole(shared, chosen, "decoder");
  const text = { before: reader.ids([], "decoder", chosen.lang).before, length: [...chosen.text].length }, tokens = reader.names(record.ids), names = placed(tokens, text, say);
  state.token = Math.min(state.token, names.length - 1);
  const step = el("div", { className: "step", "aria-live": "polite" }), doors = el("p", { className: "doors" });
  const last = STEPS.length - 1, where = el("span");
  const go = (by) => { state.step = Math.max(0, Math.min(last, state.step + by)); draw(); };
  const back = button(say("back"), () => go(-1)), on = button(say("on"), () => go(1), { className: "main" });
  doors.append(back, on, where);
  const draw = () => {
    back.ariaDisabled = state.step === 0; // not disabled: that would take the focus away
    on.ariaDisabled = state.step === last;
    where.textContent = ` ${state.step + 1} / ${STEPS.length}`;
    step.replaceChildren(el("h3", {}, say(`step_${STEPS[state.step]}`)), el("p", {}, say(`step_${STEPS[state.step]}_text`, { token: names[state.token] })), ...numbers(record, marked(tokens, text, say, chosen.lang), state, say));
  };
  const set = (name) => (value) => { state[name] = Number(value); draw(); };
  const count = (n, name) => Array.from({ length: n }, (_, k) => [k, say(name, { n: k + 1 })]);
  const controls = [
    choice(say("layer"), count(record.blocks.length, "layer_n"), state.layer, set("layer")),
    choice(say("head"), count(record.blocks[0][0].heads.length, "head_n"), state.head, set("head")),
    choice(say("token"), names.map((name, n) => [n, name]), state.token, set("token")),
  ];
  result.replaceChildren(el("div", { className: "controls" }, controls), doors, step, el("h3", {}, say("lengths")), el("p", { className: "note" }, say("lengths_note")), lengthsTable(record, say));
  draw();
  const total = (name) => lengths(record).filter((part) => part.name === name).reduce((sum, part) => sum + part.added, 0);
  return total("attention") > total("ffn") ? "attention" : "ffn";
}

function lengthsTable(record, say) {
  const rows = lengths(record).map(({ name, layer, added, total }) => [say(`part_${name}`, { n: layer + 1 }), added.toFixed(1), total.toFixed(1)]);
  return table([say("part"), say("added"), say("total")], rows, say("lengths"));
}

/** What a step shows for one token, in one head. */
function numbers({ blocks }, names, { layer, head, token, step }, say) {
  const [attended, ffn] = blocks[layer], one = attended.heads[head];
  const visible = names.slice(0, token + 1);
  const shown = {
    stream: () => [vector(attended.before[token], say)],
    norm: () => [vector(attended.given[token], say)],
    qkv: () => [["query", one.q[token]], ["key", one.k[token]], ["value", one.v[token]]].flatMap(([name, row]) => [el("p", {}, say(name)), vector(row, say)]),
    scores: () => [bars(visible.map((name, s) => ({ name, p: one.scores[token][s] })), say("step_scores")), el("p", { className: "note" }, say("masked", { n: names.length - visible.length }))],
    weights: () => [bars(visible.map((name, s) => ({ name, p: one.weights[token][s] })), say("step_weights"))],
    mixed: () => [vector(one.mixed[token], say)],
    added: () => [sum(attended, token, say)],
    ffn: () => [el("p", {}, say("awake", { n: ffn.up[token].filter((value) => value > 0).length, all: ffn.up[token].length })), vector(ffn.added[token], say)],
    out: () => [sum(ffn, token, say)],
  };
  return shown[STEPS[step]]();
}

/** The first numbers of a vector, and its length. */
function vector(row, say) {
  const first = row.slice(0, 8);
  return table([say("length"), ...Array.from(first, (_, n) => `${n + 1}`), "…"], [[length(row).toFixed(1), ...[...first].map((value) => value.toFixed(2)), say("of_all", { n: row.length })]], say("numbers"));
}

/** before + added = after, the first numbers of each. */
function sum({ before, added, after }, token, say) {
  const row = (name, x) => [say(name), length(x[token]).toFixed(1), ...[...x[token].slice(0, 6)].map((value) => value.toFixed(2))];
  return table(["", say("length"), ..."123456"], [row("sum_before", before), row("sum_added", added), row("sum_after", after)], say("numbers"));
}
