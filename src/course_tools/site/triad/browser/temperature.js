// Step 6: the decoder writes on; temperature moves its probabilities.
import { best, sample } from "./reading.js";
import { ask, bars, button, el, slider, span, tag } from "./dom.js";
import { behind } from "./runs.js";

const MOST = 40; // tokens that it writes at once
const KEPT = 5; // sentences that stay in sight

export function temperature(place, shared) {
  const { say } = shared, state = { temperature: 1, text: [], past: [] };
  const again = ask(place, say, {
    question: say("temperature_question"),
    options: { up: say("temperature_up"), down: say("temperature_down"), same: say("temperature_same") },
    measure: (result) => show(result, shared, state),
  });
  const begin = () => { Object.assign(state, { text: start(shared.chosen), past: [] }); again(); };
  shared.hear(begin);
  begin();
}

/** What stands left of the first blank, and one character at least. */
const start = ({ text, blanks }) => [...text].slice(0, Math.max(1, Math.min(...Object.values(blanks).map(({ at }) => at).filter((at) => at > 1), text.length)));

/** Draw; return what a temperature of 2 does to the likeliest token. */
function show(result, shared, state) {
  const { say, reader, chosen } = shared, [begun, compared, right] = begins(shared);
  const shown = el("p", { className: "shown", role: "status", lang: tag(chosen.lang) }), list = el("div");
  const finished = () => state.text.at(-1) === "</s>" || state.text.length >= MOST;
  const draw = () => {
    shown.textContent = state.text.join("");
    list.style.minBlockSize = finished() ? `${list.offsetHeight}px` : ""; // what stands below stays where it is
    list.replaceChildren(...(finished() ? written(say, state.past) : [next(shared, state)]));
    if (finished() && writers.includes(document.activeElement)) anew.focus();
    for (const one of writers) one.disabled = finished();
  };
  const write = () => {
    state.text.push(reader.names([sample(behind(shared, state.text), state.temperature, Math.random())])[0]);
    if (finished()) state.past = [{ temperature: state.temperature.toFixed(1), text: span(chosen.lang, state.text.join("")) }, ...state.past].slice(0, KEPT);
  };
  const writers = [button(say("write_one"), () => { write(); draw(); }, { className: "main" }), button(say("write_all"), () => { while (!finished()) write(); draw(); })];
  const anew = button(say("write_anew"), () => { state.text = start(chosen); draw(); });
  const set = slider(say("temperature"), { min: 0.1, max: 3, step: 0.1, value: state.temperature, shown: (value) => value.toFixed(1) }, (value) => { state.temperature = value; draw(); });
  result.replaceChildren(compared, set, begun, shown, el("p", { className: "doors" }, writers, anew), list, el("p", { className: "note" }, say("temperature_note")));
  draw();
  return right;
}

const written = (say, past) => [el("p", { className: "note" }, say("finished")),
  el("ol", { className: "past", "aria-label": say("written") }, past.map((one) => el("li", {}, say.parts("written_at", one))))];

function next(shared, { text, temperature }) {
  const rows = best(behind(shared, text), 8, temperature);
  return bars(rows.map(({ id, p }) => ({ name: span(shared.chosen.lang, shared.reader.names([id])[0]), p })), shared.say("next_tokens"));
}

/** Where the writing begins, the likeliest token there at temperatures 1 and 2, and what becomes of its probability. */
function begins(shared) {
  const { say, reader, chosen } = shared, text = start(chosen), logits = behind(shared, text);
  const [[{ id, p: cold }], [{ p: hot }]] = [best(logits, 1, 1), best(logits, 1, 2)], token = reader.names([id])[0];
  return [
    el("p", { className: "note" }, say("begins", { n: text.length })),
    el("p", {}, say.parts("compared", { text: span(chosen.lang, text.join("")), token: span(chosen.lang, token), cold: cold.toFixed(2), hot: hot.toFixed(2) })),
    hot > cold ? "up" : hot < cold ? "down" : "same",
  ];
}
